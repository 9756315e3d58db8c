"""Reading words: pairs such as `stress=0.9`, whom to stand in for, and whom to refuse."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from inhabit.learning.people import People
    from inhabit.learning.standing import Intervention


def numbers(pairs: Iterable[str], option: str) -> dict[str, float]:
    """Read `name=number` pairs; several may stand in one word, parted by commas.

    Raises:
        typer.BadParameter: A part is not a name, an equals sign and a number.
    """
    read: dict[str, float] = {}
    for part in (one for pair in pairs for one in pair.split(",") if one.strip()):
        name, equals, number = part.partition("=")
        try:
            read[name.strip()] = float(number)
        except ValueError:
            equals = ""
        if not equals or not name.strip():
            raise typer.BadParameter(f"expected name=number, such as {option} {_EXAMPLES[option]}; got {part!r}")
    return read


_EXAMPLES = {"--set": "stress=0.9", "--value": "food=5", "--reward": "food=2"}


def intervention(people: "People", moods: Iterable[str], values: Iterable[str]) -> "Intervention":
    """What is set from outside.

    Raises:
        typer.BadParameter: No such mood or good, or a level out of bounds.
    """
    from inhabit.learning.standing import Intervention

    worth = numbers(values, "--value")
    goods = people.codebook.goods
    for good in worth:
        if good not in goods:
            raise typer.BadParameter(f"no good is called {good!r}; these people know {', '.join(goods) or 'no goods'}")
    try:
        return Intervention(numbers(moods, "--set"), worth)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def chosen_maker(people: "People", name: str | None) -> str | None:
    """Whom to stand in for; `None` is a stranger drawn from the population.

    Raises:
        typer.BadParameter: Nobody of that name was in the log.
    """
    if name is None or name in people.makers:
        return name
    some = ", ".join(people.makers[:5]) + (", ..." if len(people.makers) > 5 else "")
    raise typer.BadParameter(f"nobody called {name!r} is in this file; it has {some}")
