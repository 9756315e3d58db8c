"""`inhabit demo`: no data needed. People with known hidden values live and talk; who can stand in for them?"""

import pathlib
from typing import Annotated

import typer

from inhabit.cli.engine import start_engine


def command(
    json: Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")] = False,
    output: Annotated[
        pathlib.Path, typer.Option("--out", help="Folder for the record and the picture.")
    ] = pathlib.Path("demo"),
    seed: Annotated[int, typer.Option(min=0, max=2**31 - 1, help="Same seed, same figures.")] = 0,
) -> None:
    """Live a market, fit mind and twin, see who stands in better."""
    start_engine()
    from inhabit.lab.demo import demo

    demo(json=json, out=output, seed=seed)
