"""A life as a page of its own: one file that asks nobody for anything, to be opened in a browser."""

import json
import pathlib
from collections.abc import Mapping
from typing import Any

TEMPLATE = pathlib.Path(__file__).with_name("life.html")
PLACE = '"LIFE"'
"""What the life stands in for in the template."""


def life_page(life: Mapping[str, Any]) -> str:
    """The page that plays a life, as `cli.frames.recorded` gives it."""
    told = json.dumps(life, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return TEMPLATE.read_text("utf-8").replace(PLACE, told.replace("<", "\\u003c"), 1)
