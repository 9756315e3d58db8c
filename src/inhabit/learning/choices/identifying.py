"""What a table of choices can and cannot identify: said before anything is fitted, from the design alone."""

import dataclasses

import numpy as np

from inhabit.learning.choices.table import ChoiceTable


@dataclasses.dataclass(frozen=True)
class Finding:
    """One thing that a table can or cannot tell.

    Attributes:
        what: Could be learned.
        yes: Whether it can.
        why: Or why not.
        mend: What would help, where it cannot.
    """

    what: str
    yes: bool
    why: str
    mend: str = ""


def identified(table: ChoiceTable) -> list[Finding]:
    """What a table's design identifies: each weight alone, how weights vary, each person's own."""
    return [*(_weight(table, k) for k in range(len(table.names))), _variation(table), _own(table)]


def confounded(table: ChoiceTable, *, above: float = 0.98) -> dict[str, tuple[str, float]]:
    """Attributes that the others nearly give away: the most alike, and the share of variance that all explain."""
    less = table.differences()
    rows = less[~np.isnan(less[..., 0])]
    rows = rows / np.maximum(rows.std(axis=0), 1e-12)
    found = {}
    for k, name in enumerate(table.names if rows.shape[1] > 1 else ()):
        others = np.delete(rows, k, axis=1)
        fitted = others @ np.linalg.lstsq(others, rows[:, k], rcond=None)[0]
        explained = 1 - ((rows[:, k] - fitted) ** 2).sum() / (rows[:, k] ** 2).sum()
        if explained > above:
            alike = np.abs(others.T @ rows[:, k])
            found[name] = (np.delete(np.array(table.names), k)[alike.argmax()], float(explained))
    return found


def _weight(table: ChoiceTable, k: int) -> Finding:
    name, less = table.names[k], table.differences()[..., k]
    alike = confounded(table).get(name)
    if alike:
        why = f"{alike[1]:.1%} of its differences follow from other attributes, most of all {alike[0]}"
        return Finding(f"weight of {name}", False, why, f"leave out {name} or {alike[0]}, or vary them apart")
    varied = float((np.nanmax(np.abs(less), axis=1) > 0).mean())
    return Finding(f"weight of {name}", True, f"differs in {varied:.0%} of the sets")


def _variation(table: ChoiceTable) -> Finding:
    _, counts = np.unique(table.person, return_counts=True)
    people, what = len(counts), "how weights vary among people"
    if (counts == 1).all():
        return Finding(what, False, "everyone chose once", "gather several choices of each person")
    if people < 10 * len(table.names):
        why = f"{people} people for {len(table.names)} attributes"
        return Finding(
            what, False, why, f"gather {10 * len(table.names)} people, or fix some tastes (tastes=name:fixed)"
        )
    return Finding(what, True, f"{people:,} people, {np.median(counts):g} choices each at the median")


def _own(table: ChoiceTable) -> Finding:
    _, counts = np.unique(table.person, return_counts=True)
    middle, size = float(np.median(counts)), len(table.names)
    if middle < size:
        why = f"{middle:g} choices each for {size} attributes: a person is mostly taken for the population"
        return Finding("each person's own weights", False, why, f"gather {2 * size} choices of each")
    return Finding("each person's own weights", True, f"{middle:g} choices each for {size} attributes")
