"""`inhabit live village`: a mind grows up in a world; watch it, and keep its life."""

import pathlib
from typing import TYPE_CHECKING, Annotated, Any

import typer

from inhabit.cli.engine import start_engine
from inhabit.cli.screen import busy, out, progress, say_json, spark, table

if TYPE_CHECKING:
    from inhabit.learning.growing import Growth

WORLDS = ("village",)


def command(
    world: Annotated[str, typer.Argument(help=f"Where: {', '.join(WORLDS)}.", show_default=False)],
    output: Annotated[pathlib.Path, typer.Option("-o", "--out", help="The file that holds the mind.")] = pathlib.Path(
        "grown.mind"
    ),
    minutes: Annotated[float, typer.Option(min=0, help="How long it grows.")] = 15.0,
    lessons: Annotated[
        int | None, typer.Option(min=0, help="How many lessons it has, instead of minutes: the same on any machine.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the mind in the file.")] = False,
    seed: Annotated[int, typer.Option(min=0, max=2**31 - 1, help="Same seed and lessons, same mind.")] = 0,
    watch: Annotated[bool, typer.Option("--watch", help="Then show a life of it, step by step.")] = False,
    steps: Annotated[int, typer.Option(min=1, max=10_000, help="Steps of the life that is lived and logged.")] = 384,
    log: Annotated[pathlib.Path | None, typer.Option("--log", help="Write that life as a log (JSONL).")] = None,
    page: Annotated[
        pathlib.Path | None, typer.Option("--page", help="Write that life as a page that plays it (HTML).")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")] = False,
) -> None:
    """Grow a mind in a world, then let it live a life there."""
    if world not in WORLDS:
        raise typer.BadParameter(f"no world is called {world!r}; there is {', '.join(WORLDS)}")
    for path in (output, log, page):
        if path is not None and not path.parent.is_dir():
            raise typer.BadParameter(f"{path.parent}: no such folder to write {path.name} in")
    start_engine()
    with busy("waking up", json):
        growth = _begun(output, resume, seed)
    growth = _grown(growth, minutes, lessons, output, json)
    fared = _fared(growth, json)
    say_json({"file": str(output), "lessons": growth.lessons, "steps": growth.steps, **fared}) if json else _show(
        growth, fared, output
    )
    if watch or log is not None or page is not None:
        _lives_on(growth, steps, seed, watch and not json, log, page)


def _begun(path: pathlib.Path, resume: bool, seed: int) -> "Growth":
    from inhabit.learning.growing import Growth

    return Growth.open(path) if resume else Growth.begin(seed=seed)


def _grown(growth: "Growth", minutes: float, lessons: int | None, path: pathlib.Path, quiet: bool) -> "Growth":
    """Let it grow, and keep it after every tenth of the way, so that an interruption costs little."""
    from inhabit.learning.growing import grow

    limit: dict[str, float] = {"minutes": minutes} if lessons is None else {"lessons": lessons}
    kept = 0.0
    with progress(quiet) as shown:
        task = shown.add_task("growing up (compiling)", total=1.0)

        def tell(growth: "Growth", share: float) -> None:
            nonlocal kept
            last = growth.curve[-1]
            shown.update(
                task,
                completed=share,
                description=f"lesson {growth.lessons}, {growth.steps / 1e6:.2f}M steps, wellbeing {last['reward']:.2f}",
            )
            if share >= kept + 0.1:
                growth.save(path)
                kept = share

        growth = grow(growth, **limit, shown=tell)
    growth.save(path)
    return growth


def _fared(growth: "Growth", quiet: bool) -> dict[str, Any]:
    """What held-out lives of it come to, beside scripted ones in the same villages."""
    import jax

    from inhabit.learning import standards

    key = jax.random.key(standards.HELD_OUT)
    with busy("living in villages that it has never seen", quiet):
        found = {"grown": standards.spent(growth.mind, growth.home, lives=standards.BATCH, key=key)}
        for name in standards.STANDARDS:
            found[name] = standards.standard(name, growth.home, lives=standards.BATCH, key=key)
    return {
        name: {
            "return": float(one.total.mean()),
            "error": float(one.total.std() / one.total.size**0.5),
            "steps": float(one.age.mean()),
        }
        for name, one in found.items()
    }


def _show(growth: "Growth", fared: dict[str, Any], path: pathlib.Path) -> None:
    console = out()
    if growth.curve:
        console.print(f"wellbeing a step  {spark([row['reward'] for row in growth.curve][-60:])}", style="dim")
    shown = table(
        "who", "return of a life", "±", "steps lived", title="In 128 villages never seen", right=("return of a life",)
    )
    for name, one in fared.items():
        shown.add_row(name, f"{one['return']:.1f}", f"{one['error']:.1f}", f"{one['steps']:.0f}")
    console.print(shown)
    console.print(f"{path}: {growth.lessons} lessons, {growth.steps:,} steps; talk to it with: inhabit talk {path}")


def _lives_on(
    growth: "Growth", steps: int, seed: int, watch: bool, log: pathlib.Path | None, html: pathlib.Path | None
) -> None:
    """Let the mind live a life, shown step by step or not, and write it down."""
    import jax

    from inhabit.learning import biography

    pages = []
    with _screen(watch) as show:
        for page in biography.pages(growth.mind, growth.home, lives=1, steps=steps, key=jax.random.key(seed + 1)):
            pages.append(jax.device_get(page))
            show(growth, pages[-1])
            if page.turn.terminated[0]:
                break
    if log is not None:
        from inhabit.records.writing import write

        write(log, [biography.told(growth.mind, pages, id=f"village-{seed + 1}")])
    if html is not None:
        _paged(html, growth, pages)


class _screen:
    """Show page after page in the terminal; silent when nobody watches."""

    def __init__(self, watch: bool):
        from rich.live import Live

        self.live = Live(console=out(), auto_refresh=False, screen=False) if watch else None

    def __enter__(self):
        if self.live is None:
            return lambda growth, page: None
        self.live.__enter__()
        return self._show

    def __exit__(self, *raised):
        if self.live is not None:
            self.live.__exit__(*raised)

    def _show(self, growth: "Growth", page: Any) -> None:
        import time

        from rich.text import Text

        from inhabit.cli.view import above, beside, inside

        assert self.live is not None
        self.live.update(Text(beside(above(page), inside(page, growth.mind))), refresh=True)
        time.sleep(0.08)


def _paged(path: pathlib.Path, growth: "Growth", pages: list[Any]) -> None:
    from inhabit.cli.frames import recorded
    from inhabit.records.atomic import replaced
    from inhabit.web.life import life_page

    with replaced(path) as new:
        new.write_text(life_page(recorded(growth.mind, pages)), "utf-8")
