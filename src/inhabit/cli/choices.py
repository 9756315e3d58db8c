"""`inhabit fit` and `inhabit check` on a long choice table: what people value, and what a design can tell of it."""

import dataclasses
import pathlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from inhabit.cli.screen import busy, out, progress, say_json, table
from inhabit.cli.tables import ChoiceMap, read_choices
from inhabit.cli.values import show

if TYPE_CHECKING:
    from inhabit.learning.choices.recovering import Recovery
    from inhabit.learning.choices.table import ChoiceTable


def fit_choices(path: pathlib.Path, map: str, output: pathlib.Path, *, seed: int, json: bool) -> None:
    """Fit people from a choice table, write a .mind file.

    Args:
        path: A CSV or Parquet file.
        map: `chosen=choice,person=id,occasion=chid,alternative=alt,values=price+sugar+sugar:stress`; `said=words` for
            what was said; `unbalanced=yes` where not every alternative is open on every occasion;
            `tastes=price:fixed+sugar:lognormal`, `correlated=yes`, `draws=600`, `sequence=halton` for how tastes vary.
        output: The file to write.
        seed: Same seed, same people.
        json: Print JSON.

    Raises:
        typer.BadParameter: The map is not understood.
    """
    told = ChoiceMap.parse(map)
    with busy(f"reading {path.name}", json):
        choices = read_choices(path, told)
    from inhabit.learning.choices.fitting import fit_valuers

    with busy("fitting what people value", json):
        valuers = fit_valuers(choices, seed=seed, **told.settings)
    valuers = dataclasses.replace(valuers, card={**valuers.card, "map": map})
    valuers.save(output)
    if json:
        say_json({"file": str(output), **valuers.card})
        return
    show(valuers, None, str(output))
    _show_card(valuers.card)


def check_choices(path: pathlib.Path, map: str, *, repeats: int, seed: int, json: bool) -> None:
    """Count a choice table, say what it can identify, and, asked to, whether its design recovers a known truth.

    Args:
        path: A CSV or Parquet file.
        map: As for `fit_choices`.
        repeats: Synthetic populations to recover; 0 for none.
        seed: Of them.
        json: Print JSON.
    """
    told = ChoiceMap.parse(map)
    with busy(f"reading {path.name}", json):
        choices = read_choices(path, told)
    from inhabit.learning.choices.identifying import identified

    findings, counts = identified(choices), _counts(choices)
    recovery = _recovered(choices, told, repeats, seed, json) if repeats else None
    if json:
        recovered = {"recovery": _recovery_json(recovery)} if recovery else {}
        say_json({**counts, "identified": [dataclasses.asdict(one) for one in findings], **recovered})
        return
    shown = table("", "", title=f"{path.name}: choices")
    shown.show_header = False
    for name, value in counts.items():
        shown.add_row(name, str(value) if not isinstance(value, int) else f"{value:,}")
    out().print(shown)
    shown = table("", "what", "why", "to mend", title="What these choices can tell")
    for one in findings:
        shown.add_row("yes" if one.yes else "no", one.what, one.why, one.mend)
    out().print(shown)
    if recovery:
        _show_recovery(recovery)


def _show_card(card: Mapping[str, Any]) -> None:
    console = out()
    console.print(card["status"], style="dim" if card["converged"] else "bold red")
    for draws, value in card["beside"].items():
        console.print(
            f"log-likelihood {value:.2f} with {draws} draws from the population, to hold beside other packages",
            style="dim",
        )
    if "said" in card:
        console.print(", ".join(f"{name} {value:.3g}" for name, value in card["said"].items()), style="dim")
    if card["unidentified"]:
        console.print(f"not identified by these choices: {', '.join(card['unidentified'])}", style="bold red")


def _counts(choices: "ChoiceTable") -> dict[str, Any]:
    import numpy as np

    _, each = np.unique(choices.person, return_counts=True)
    share = np.bincount(choices.chosen, minlength=len(choices.alternatives)) / len(choices)
    most = sorted(zip(share, choices.alternatives), reverse=True)[:6]
    return {
        "choices": len(choices),
        "people": len(each),
        "choices of a person": f"{each.min()} to {each.max()}, median {np.median(each):g}",
        "alternatives": len(choices.alternatives),
        "chosen": ", ".join(f"{name} {part:.0%}" for part, name in most),
        "sets that lack an alternative": int((~choices.open).any(axis=1).sum()),
        "attributes": ", ".join(choices.names),
        "occasions with words": sum(map(bool, choices.said or ())),
    }


def _recovered(choices: "ChoiceTable", told: ChoiceMap, repeats: int, seed: int, quiet: bool) -> "Recovery":
    from inhabit.learning.choices.fitting import varying
    from inhabit.learning.choices.recovering import recover

    with progress(quiet) as shown:
        task = shown.add_task("recovering a known truth", total=repeats)
        return recover(
            choices,
            varying(choices, told.tastes),
            repeats=repeats,
            correlated=told.correlated,
            seed=seed,
            watch=lambda number: shown.update(task, completed=number + 1),
        )


def _recovery_json(recovery: "Recovery") -> dict[str, Any]:
    return {
        "parameters": recovery.rows(),
        "populations": len(recovery.estimates),
        "people covered": float(recovery.covered.mean()),
        "error, own posterior": float(recovery.own.mean()),
        "error, everyone alike": float(recovery.alike.mean()),
        "not converged": list(recovery.failed),
    }


def _show_recovery(recovery: "Recovery") -> None:
    columns = ("truth", "mean", "bias", "spread", "error", "cover")
    title = f"{len(recovery.estimates)} synthetic populations on this design, {recovery.level:.0%} intervals"
    shown = table("", *columns, title=title, right=columns)
    for name, row in recovery.rows().items():
        shown.add_row(name, *(f"{row[c]:.0%}" if c == "cover" else f"{row[c]:.3f}" for c in columns))
    out().print(shown)
    told = _recovery_json(recovery)
    out().print(
        f"each person's own weights: {told['people covered']:.0%} inside their intervals, error "
        f"{told['error, own posterior']:.3f} (everyone alike {told['error, everyone alike']:.3f})"
    )
    for failure in dict.fromkeys(recovery.failed):
        out().print(failure, style="bold red")
