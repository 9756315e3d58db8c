"""Tokens: a small byte-pair encoding learned from a log's own words, with special tokens that no words can forge."""

import dataclasses
import functools
import json
from collections.abc import Iterable, Sequence

import tokenizers
from tokenizers import decoders, models, pre_tokenizers, trainers

PAD = "<pad>"
"""Always token 0: fills rows, is never predicted."""


@dataclasses.dataclass(frozen=True)
class Tokens:
    """Words to ids and back, without loss.

    Special tokens take the first ids and are reached by name only: `encode` never makes one, whatever the words are.
    Every byte has a token, so any Unicode text can be encoded. Upper and lower case are kept:
    what is scored in bits is what was written.

    Attributes:
        specials: Names of the special tokens; the first is `<pad>`.
        model: The trained byte-pair encoding, as the `tokenizers` package writes it (JSON).
    """

    specials: tuple[str, ...]
    model: str

    def __post_init__(self):
        if self.specials[:1] != (PAD,) or len(set(self.specials)) != len(self.specials):
            raise ValueError(f"special tokens must be distinct and begin with {PAD}; got {self.specials[:5]}")

    @functools.cached_property
    def _coder(self) -> tokenizers.Tokenizer:
        return tokenizers.Tokenizer.from_str(self.model)

    @functools.cached_property
    def _ids(self) -> dict[str, int]:
        return {name: index for index, name in enumerate(self.specials)}

    def __len__(self) -> int:
        return len(self.specials) + self._coder.get_vocab_size()

    def id(self, special: str) -> int:
        """Id of a special token.

        Raises:
            ValueError: There is no such token.
        """
        if special not in self._ids:
            raise ValueError(
                f"no special token {special!r}; these were given when the tokens were learned: {self._ids}"
            )
        return self._ids[special]

    def __contains__(self, special: str) -> bool:
        return special in self._ids

    def encode(self, text: str) -> list[int]:
        """Ids of some words; a first word is coded like one inside a sentence."""
        return [index + len(self.specials) for index in self._coder.encode(" " + text).ids] if text else []

    def decode(self, ids: Sequence[int]) -> str:
        """Words of some ids; special tokens are left out."""
        first = len(self.specials)
        return self._coder.decode([int(index) - first for index in ids if index >= first]).removeprefix(" ")

    def to_json(self) -> str:
        """One string from which `from_json` makes the same tokens."""
        return json.dumps({"specials": self.specials, "model": self.model})

    @classmethod
    def from_json(cls, text: str) -> "Tokens":
        """Read what `to_json` wrote."""
        read = json.loads(text)
        return cls(tuple(read["specials"]), read["model"])

    @classmethod
    def learn(cls, texts: Iterable[str], *, specials: Sequence[str] = (), size: int = 1024) -> "Tokens":
        """Learn byte pairs from texts.

        Args:
            texts: What was written, one message each.
            specials: Names of special tokens to put first, after `<pad>`.
            size: Largest number of tokens learned, at least 256; pairs met only once are not joined.
        """
        coder = tokenizers.Tokenizer(models.BPE())
        coder.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)  # type: ignore[assignment]
        coder.decoder = decoders.ByteLevel()  # type: ignore[assignment]
        trainer = trainers.BpeTrainer(
            vocab_size=max(size, 256),
            min_frequency=2,
            initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
            show_progress=False,
        )
        coder.train_from_iterator((" " + text for text in texts), trainer)
        names = (PAD, *(name for name in specials if name != PAD))
        return cls(names, coder.to_str())
