"""A village from above, a body, and what is heard and said, in plain characters."""

from typing import TYPE_CHECKING

import numpy as np

from inhabit.cli.screen import bar

if TYPE_CHECKING:
    from inhabit.learning.biography import Page
    from inhabit.mind.dweller.dweller import Dweller

_GROUND = ".,:~T*o#H "
"""One character a material, in the order of their codes: the uppermost of each column is drawn."""

_FACING = "^>v<"

LEGEND = (
    "@ itself  1-9 people  a-f ripe fruit",
    "~ water  H hearth  # block  : stone",
    "* leaves, or a plant without ripe fruit",
)
"""What the characters mean."""


def above(page: "Page", life: int = 0) -> list[str]:
    """The village from above, north up: `@` and where it looks, digits for people, letters for ripe fruit by look."""
    state = page.place.state
    voxels = np.asarray(state.voxels[life])
    filled = voxels != 0
    top = voxels.shape[2] - 1 - filled[:, :, ::-1].argmax(2)
    drawn = np.array(list(_GROUND))[np.take_along_axis(voxels, top[..., None], 2)[..., 0]]
    for (x, y, _), look, fruit in zip(
        *(np.asarray(leaf[life]) for leaf in (state.plants.place, state.plants.look, state.plants.fruit))
    ):
        drawn[x, y] = chr(ord("a") + look) if fruit else "*"
    for who, ((x, y, _), alive) in enumerate(
        zip(np.asarray(state.people.place[life]), np.asarray(state.people.alive[life]))
    ):
        if alive and who:
            drawn[x, y] = str(who % 10)
    x, y, _ = np.asarray(state.people.place[life, 0])
    drawn[x, y] = "@"
    dx, dy = ((0, -1), (1, 0), (0, 1), (-1, 0))[int(state.people.heading[life, 0])]
    if 0 <= x + dx < drawn.shape[0] and 0 <= y + dy < drawn.shape[1] and drawn[x + dx, y + dy] in ".,: ":
        drawn[x + dx, y + dy] = _FACING[int(state.people.heading[life, 0])]
    return ["".join(row) for row in drawn.T]


def heights(page: "Page", life: int = 0) -> list[str]:
    """How high each column of that drawing is filled, a digit each."""
    filled = np.asarray(page.place.state.voxels[life]) != 0
    return ["".join(map(str, row)) for row in filled.sum(2).T]


def inside(page: "Page", mind: "Dweller", life: int = 0) -> list[str]:
    """The body, the mood, how surprising the moment was, what was done, heard and said."""
    from inhabit.mind.dweller.expecting import MODALITIES

    innate, place, trace = mind.innate, page.place, page.trace
    body = np.asarray(place.sensed.body[life])
    time = int(place.state.time[life])
    lines = [f"day {time // 96 + 1}, {'night' if time % 96 >= 64 else 'day'}, step {time}"]
    lines += [f"{name:8} {bar(float(level))} {level:.2f}" for name, level in zip(innate.goods, body)]
    lines.append(f"{'stress':8} {bar(float(trace.mood[life, 0]))} {float(trace.mood[life, 0]):.2f}")
    nats = "  ".join(f"{name} {float(n):.1f}" for name, n in zip(MODALITIES, np.asarray(trace.surprisal[life])))
    lines.append(f"surprise {nats} nats")
    lines.append(f"does     {innate.hands[int(trace.act.hand[life])].lower()}")
    said = words(mind, np.asarray(trace.act.say[life]), 0)
    lines.append(f"says     {said}")
    heard, speaker = np.asarray(place.sensed.heard[life]), np.asarray(place.sensed.speaker[life])
    lines += [f"hears    {words(mind, one, int(who) - 1)}" for one, who in zip(heard, speaker) if one[0]]
    return lines


def words(mind: "Dweller", say: np.ndarray, who: int) -> str:
    """An utterance in words; empty for silence."""
    from inhabit.worlds.village.words import sentence

    if not say[0]:
        return ""
    names = ("you" if who else "I", *(f"person {one}" for one in range(1, 16)))
    return f"{names[who]}: {sentence(say.tolist(), names)}" if who else sentence(say.tolist(), names)


def beside(left: list[str], right: list[str]) -> str:
    """Two columns of lines."""
    width = max(map(len, left)) + 3
    height = max(len(left), len(right))
    left, right = left + [""] * (height - len(left)), right + [""] * (height - len(right))
    return "\n".join(f"{one:{width}}{other}".rstrip() for one, other in zip(left, right))
