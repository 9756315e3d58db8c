"""Bargaining: what a mind says of goods, which split it proposes, and how it answers a deal, all caused by its values."""

import dataclasses
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from inhabit.mind.bargainer.regard import Regard, heard, relative, sayings, shapes
from inhabit.mind.bargainer.table import ACCEPT, KINDS, REJECT, SELECT, SPEAK, SUBMIT, WALK, Move, View, splits

ANSWERS = (ACCEPT, REJECT, WALK)
"""What can be done about a deal that stands."""

OPEN = tuple(kind for kind in KINDS if kind not in (ACCEPT, REJECT))
"""What can be done while none stands."""


@dataclasses.dataclass(frozen=True)
class Noise:
    """Standard Gumbel noise of every choice of one turn; the same noise under other values answers "what if"."""

    kinds: Float[np.ndarray, " kinds"]
    sayings: Float[np.ndarray, " sayings"]
    amounts: Float[np.ndarray, " two"]
    splits: Float[np.ndarray, " splits"]

    @classmethod
    def drawn(cls, counts: tuple[int, ...], rng: np.random.Generator) -> "Noise":
        """Draw it."""
        sizes = (len(KINDS), len(sayings(len(counts))), 2, len(splits(counts)))
        return cls(*(rng.gumbel(size=size) for size in sizes))

    @classmethod
    def none(cls, counts: tuple[int, ...]) -> "Noise":
        """Do what is likeliest at every step."""
        sizes = (len(KINDS), len(sayings(len(counts))), 2, len(splits(counts)))
        return cls(*(np.zeros(size) for size in sizes))


@dataclasses.dataclass(frozen=True)
class Bargainer:
    """How makers of a log bargain: conditional logits over moves, shared by all makers and all goods.

    What is one's own enters through the values alone; goods are told apart only by what they are worth and by what was
    said of them.

    Attributes:
        listen: From what was heard of a good to the relative worth that the other side is believed to put on it.
        kinds: Weights of the kind of move, over `OPEN`.
        answers: Of the answer to a deal, over `ANSWERS`.
        goods: Of the stance on each good, over ask, offer, refuse.
        shapes: Of how many goods are asked for, offered, refused.
        implied: Of what a saying leaves to either side.
        amounts: Of naming amounts.
        talk: Of the split spoken of.
        deal: Of the split submitted.
        moves: Which kinds the log has at all.
    """

    listen: Float[np.ndarray, " heard"]
    kinds: Float[np.ndarray, "features open"]
    answers: Float[np.ndarray, "features answers"]
    goods: Float[np.ndarray, "features stances"]
    shapes: Float[np.ndarray, "features shapes"]
    implied: Float[np.ndarray, " features"]
    amounts: Float[np.ndarray, " features"]
    talk: Float[np.ndarray, " features"]
    deal: Float[np.ndarray, " features"]
    moves: frozenset[str] = frozenset(KINDS)

    def believed(self, view: View) -> Float[np.ndarray, " goods"]:
        """What each good is believed to be worth to the other side, relative to the mean."""
        return np.maximum(heard(view) @ self.listen, -0.95)

    def regard(self, view: View, worth: Sequence[float]) -> Regard:
        """The table in the eyes of someone to whom each good is worth so much."""
        return Regard(view, relative(worth), self.believed(view))

    def act(self, view: View, worth: Sequence[float], noise: Noise) -> Move:
        """Make a move."""
        regard = self.regard(view, worth)
        kind = self.kind(regard, noise)
        if kind in (SUBMIT, SELECT):
            score = regard.splits(None) @ self.deal + noise.splits
            return Move(kind=kind, share=tuple(splits(view.table.counts)[np.argmax(score)].astype(float).tolist()))
        return self.saying(regard, noise) if kind == SPEAK else Move(kind=kind)

    def kind(self, regard: Regard, noise: Noise) -> str:
        """Choose the kind of move."""
        among: tuple[str, ...]
        if regard.view.standing is not None:
            logits, among = regard.answer() @ self.answers, ANSWERS
        else:
            logits, among = regard.kinds() @ self.kinds, OPEN
        score = logits + noise.kinds[[KINDS.index(kind) for kind in among]]
        allowed = np.array([kind in self.moves for kind in among])
        return among[int(np.argmax(np.where(allowed, score, -np.inf)))]

    def sayings(self, regard: Regard) -> Float[np.ndarray, " sayings"]:
        """Logits of every way to take stances."""
        pairs, kinds = shapes(len(regard.own))
        of_goods, of_shape = regard.goods() @ self.goods, regard.shape() @ self.shapes
        return pairs @ of_goods.ravel() + kinds @ of_shape + regard.implied() @ self.implied

    def saying(self, regard: Regard, noise: Noise) -> Move:
        """Choose what to say of the goods, and how many of each."""
        counts = regard.view.table.counts
        stances = sayings(len(counts))[np.argmax(self.sayings(regard) + noise.sayings)]
        move = Move(kind=SPEAK, stances=tuple(stances.tolist()))
        if not self.talk.size or regard.amounts(stances) @ self.amounts + noise.amounts[1] < noise.amounts[0]:
            return move
        share = splits(counts)[np.argmax(regard.splits(stances) @ self.talk + noise.splits)]
        named = np.where(stances > 0, share, np.nan)
        return dataclasses.replace(move, share=tuple(named.tolist()))
