"""Opening people, and giving them a mouth."""

import enum
import os
import pathlib
from typing import TYPE_CHECKING

import typer

from inhabit.cli.engine import start_engine
from inhabit.cli.screen import busy

if TYPE_CHECKING:
    from inhabit.learning.people import People
    from inhabit.speech.mouths import AbstractMouth


class MouthName(enum.StrEnum):
    """The mouths that plans can be spoken by."""

    recall = "recall"
    small = "small"
    endpoint = "endpoint"


def open_people(path: pathlib.Path, *, quiet: bool = False) -> "People":
    """Open a `.mind` file of people, starting the engine first.

    Raises:
        MindFileError: The file is no such file or is broken.
    """
    start_engine()
    with busy(f"opening {path.name}", quiet):
        from inhabit.learning.people import People

        return People.open(path)


def mouth_of(people: "People", name: MouthName, *, url: str | None = None, model: str | None = None) -> "AbstractMouth":
    """The mouth of that name.

    Raises:
        typer.BadParameter: The endpoint is not named, or the file holds no small mouth.
    """
    if name is MouthName.endpoint:
        return _endpoint(url, model)
    if name is MouthName.small:
        from inhabit.learning.mouthing import small_mouth
        from inhabit.learning.phrasebook import Phrasebook

        try:
            return small_mouth(people.mouth, Phrasebook(people.phrases, people.names))
        except ValueError as error:
            raise typer.BadParameter(f"{error}, or use --mouth recall") from None
    if not people.phrases:
        from inhabit.speech.mouths import Wordless

        return Wordless()
    from inhabit.speech.recall import RecallMouth

    return RecallMouth(people.phrases, people.called)


def _endpoint(url: str | None, model: str | None) -> "AbstractMouth":
    """Any OpenAI-compatible service; the key comes from `INHABIT_KEY` alone, never from the command line."""
    from inhabit.speech.endpoint import EndpointMouth

    url, model = url or os.environ.get("INHABIT_ENDPOINT"), model or os.environ.get("INHABIT_MODEL")
    if not url or not model:
        raise typer.BadParameter("--mouth endpoint needs --endpoint URL and --model NAME (its key: INHABIT_KEY)")
    try:
        return EndpointMouth(url=url, model=model, secret=os.environ.get("INHABIT_KEY", ""))
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
