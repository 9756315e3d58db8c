"""The sense of the conversation so far: cues that can be counted, and a recurrence over the maker's turns.

A turn's input is what was heard since the maker last spoke, what the maker itself said last, and the cues. The state
integrates them, so that being asked the same thing again is not the same event as being asked it once.
"""

from collections.abc import Sequence
from typing import Self

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from inhabit.senses.text import words
from inhabit.types import Key

CUES = (
    "first",
    "second",
    "turn",
    "late",
    "long_heard",
    "long_own",
    "heard_again",
    "said_again",
    "echoed",
    "asked",
    "have_asked",
    "silence",
    "same_words",
)
"""What `cues` counts, in order."""
_RECENT = 3


def cues(heard: Sequence[str], own: Sequence[str]) -> Float[np.ndarray, "turns cues"]:
    """Count what can be counted before each of the maker's turns.

    `first`, `second`: is this that turn? `turn`: how many came before, in tens; `late`: `log(1 + turns)`.
    `long_heard`, `long_own`: `log(1 + words) / 3` of what was just heard and of the maker's last turn. `heard_again`,
    `said_again`: the largest overlap (shared words over all words, 0 to 1) of that turn with one of the three before
    it on the same side; `echoed`: overlap of what was heard with what the maker had said. `asked`, `have_asked`: does
    it hold a `?`. `silence`: nothing was heard since the maker's last turn. `same_words`: heard the very words again.

    Args:
        heard: What was heard before each turn, in order; empty for silence.
        own: What the maker said at each turn; what it says at the last turn is not used and may be left out.
    """
    said = ["", *own][: len(heard)]
    heard_sets, said_sets = [set(words(text)) for text in heard], [set(words(text)) for text in said]
    return np.array(
        [
            _cues(turn, heard[turn], said[turn], heard_sets[: turn + 1], said_sets[: turn + 1])
            for turn in range(len(heard))
        ],
        np.float32,
    ).reshape(len(heard), len(CUES))


def _cues(turn: int, heard: str, said: str, heard_sets: list[set[str]], said_sets: list[set[str]]) -> list[float]:
    heard_again = max((_overlap(heard_sets[-1], one) for one in heard_sets[-1 - _RECENT : -1]), default=0.0)
    said_again = max((_overlap(said_sets[-1], one) for one in said_sets[-1 - _RECENT : -1]), default=0.0)
    return [
        turn == 0,
        turn == 1,
        turn / 10,
        np.log1p(turn),
        np.log1p(len(words(heard))) / 3,
        np.log1p(len(words(said))) / 3,
        heard_again,
        said_again,
        _overlap(heard_sets[-1], said_sets[-1]),
        "?" in heard,
        "?" in said,
        turn > 0 and not heard,
        heard_again == 1,
    ]


def _overlap(one: set[str], other: set[str]) -> float:
    """Words in both over words in either; 0 when there are none."""
    return len(one & other) / max(1, len(one | other))


class TurnContext(eqx.Module):
    """A recurrence over turns: `x = gelu(A input)`, `h' = GRU(h, x)`, output `gelu(B [h', x])`.

    The output sees the present turn twice, at once and through the state, so that the state is free to carry the past.
    """

    perceive: eqx.nn.Linear
    cell: eqx.nn.GRUCell
    mix: eqx.nn.Linear

    @classmethod
    def create(cls, inputs: int, size: int, *, key: Key) -> Self:
        """Start with fresh weights.

        Args:
            inputs: Length of a turn's input.
            size: Length of the state and of the output.
            key: Random key.
        """
        perceive_key, cell_key, mix_key = jax.random.split(key, 3)
        return cls(
            eqx.nn.Linear(inputs, size, key=perceive_key),
            eqx.nn.GRUCell(size, size, key=cell_key),
            eqx.nn.Linear(2 * size, size, key=mix_key),
        )

    def init(self) -> Float[Array, " size"]:
        """The state before the first turn."""
        return jnp.zeros(self.cell.hidden_size)

    def step(
        self, state: Float[Array, " size"], input: Float[Array, " inputs"]
    ) -> tuple[Float[Array, " size"], Float[Array, " size"]]:
        """Live through one turn; give the new state and the context's vector."""
        present = jax.nn.gelu(self.perceive(input))
        state = self.cell(present, state)
        return state, jax.nn.gelu(self.mix(jnp.concatenate([state, present])))
