"""Learning to bargain: fit a bargainer to what people did at every turn, each choice by its own conditional logit."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from jaxtyping import Float
from scipy.optimize import minimize
from scipy.special import logsumexp

from inhabit.learning.annotating import moves
from inhabit.mind.bargainer.bargain import ANSWERS, OPEN, Bargainer
from inhabit.mind.bargainer.regard import Regard, heard, relative, sayings, shapes
from inhabit.mind.bargainer.table import SELECT, SPEAK, SUBMIT, TALK, Move, Table, View, splits
from inhabit.speech.lexicon import Lexicon
from inhabit.types import Life

PENALTY = 1.0
"""Half of this times the squared weights is added to the nats of all choices."""

SHARPNESS = {"talk": 2.0, "deal": 2.0, "goods": 1.3}
"""How much more minds act on what speaks for a split, or for a stance on a good, than the fit says.

What is read from people's words is read with errors, which the fit takes for noise of choice; minds hear each other's
plans without. Chosen on a fifth of one fold's training dialogues among 1, 1.5, 2, 3 for splits, by points and by how
well a judge tells minds from people, and among 1, 1.3, 1.6, 2, 2.5 for goods, where it is a bargain of its own: at 1,
57 % of plans change when values are swapped and the judge's AUC is .64; at 1.3 63 % and .67; at 2 72 % and .76.
"""


WHOLE = 0.5
"""Share of sayings that must name who gets how many of every good, for sayings to be judged by what they leave to both."""


@dataclasses.dataclass(frozen=True)
class Turn:
    """One turn of a maker, as it was seen, and what was done.

    Attributes:
        life: Of whom.
        index: Which message.
        view: The table before it.
        move: What was done.
    """

    life: Life
    index: int
    view: View
    move: Move


def counts_of(life: Life, goods: Sequence[str], default: int = 3) -> tuple[int, ...]:
    """How many of each good a life was told that there are; `default` where it was told nothing."""
    told = life.messages[0].sees.get("counts", {}) if life.messages else {}
    return tuple(int(told.get(good, default)) for good in goods)


def turns_of(life: Life, lexicon: Lexicon) -> list[Turn]:
    """Every turn of the maker of a life; side 0 is the maker."""
    counts = counts_of(life, lexicon.goods)
    table, found = Table.laid(counts), []
    for index, (message, move) in enumerate(zip(life.messages, moves(life, lexicon, counts))):
        own = message.role == "user"
        if own:
            found.append(Turn(life, index, table.view(0), move))
        table = table.after(0 if own else 1, move)
    return found


def worth_of(life: Life, goods: Sequence[str]) -> Float[np.ndarray, " goods"]:
    """What each good is worth to the maker of a life."""
    return np.array([life.values[good] for good in goods], float)


def fit_bargainer(turns: Sequence[Turn], goods: Sequence[str], *, misread: float = 0.0) -> Bargainer:
    """Fit how makers with known values bargain.

    Args:
        turns: Their turns; each life's `values` are known, and `outcome["partner_values"]`, from which the way to
            guess what the other side values is learned.
        goods: Names of the goods, in the order of every array over goods.
        misread: How often words are read as something else than was meant. What was read is then a choice with the rest
            of the chance, and anything that is often read otherwise; only the choices are learned.

    Raises:
        ValueError: No turn of theirs speaks of a good, or none answers a deal: there is nothing to learn from.
    """
    if not any(turn.move.kind == SPEAK for turn in turns):
        raise ValueError("no turn speaks of a good; read the plans of the words with the log's own lexicon first")
    if not any(turn.view.standing is not None and turn.move.kind in ANSWERS for turn in turns):
        raise ValueError("no deal was ever answered; give lives of both sides, with the deals that they made")
    listen = _listen(turns, goods)
    rows = [
        (Regard(turn.view, relative(worth_of(turn.life, goods)), np.maximum(heard(turn.view) @ listen, -0.95)), turn.move)
        for turn in turns
    ]  # fmt: skip
    free = [(regard, move) for regard, move in rows if regard.view.standing is None and move.kind in OPEN]
    bound = [(regard, move) for regard, move in rows if regard.view.standing is not None and move.kind in ANSWERS]
    spoken = [(regard, move) for regard, move in free if move.kind == SPEAK]
    counted = [(regard, move) for regard, move in spoken if np.isfinite(move.share).any()]
    deals = [(regard, move) for regard, move in free if move.kind in (SUBMIT, SELECT) and move.share]
    stances, shape, implied = _sayings(spoken, misread)
    doubt = np.array([[misread * (move.kind in (*TALK, SPEAK))] for _, move in free])  # the log itself names the others
    return Bargainer(
        listen=listen,
        kinds=_softmax([r.kinds() for r, _ in free], [OPEN.index(m.kind) for _, m in free], len(OPEN), doubt),
        answers=_softmax([r.answer() for r, _ in bound], [ANSWERS.index(m.kind) for _, m in bound], len(ANSWERS)),
        goods=stances,
        shapes=shape,
        implied=implied,
        amounts=_binary(
            [r.amounts(np.array(m.stances)) for r, m in spoken], [bool(np.isfinite(m.share).any()) for _, m in spoken]
        ),
        talk=_split_weights(counted, misread),
        deal=_split_weights(deals, misread),
        moves=frozenset(move.kind for _, move in rows),
    )


def sharpened(bargainer: Bargainer, sharpness: Mapping[str, float] = SHARPNESS) -> Bargainer:
    """The same bargainer, surer in some of its choices: their weights are multiplied."""
    changed = {name: getattr(bargainer, name) * times for name, times in sharpness.items()}
    return dataclasses.replace(bargainer, **changed)


def _listen(turns: Sequence[Turn], goods: Sequence[str]) -> np.ndarray:
    """Ridge regression from what was heard of each good to what it was worth to the other side."""
    told = np.concatenate([heard(turn.view) for turn in turns])
    truth = [relative([turn.life.outcome["partner_values"][good] for good in goods]) for turn in turns]
    return np.linalg.solve(told.T @ told + PENALTY * np.eye(told.shape[1]), told.T @ np.concatenate(truth))


Scores = Callable[[np.ndarray], tuple[float, np.ndarray]]


def _maximise(loss: Scores, size: int) -> np.ndarray:
    def penalised(flat: np.ndarray) -> tuple[float, np.ndarray]:
        nats, slope = loss(flat)
        return nats + PENALTY / 2 * float(flat @ flat), slope + PENALTY * flat

    return minimize(penalised, np.zeros(size), jac=True, method="L-BFGS-B", options={"maxiter": 150}).x


def _softmax(
    features: Sequence[np.ndarray], chosen: Sequence[int], options: int, misread: float | np.ndarray = 0.0
) -> np.ndarray:
    """Weights, `[features, options]`, of a multinomial logit."""
    if not len(features):
        return np.zeros((0, options))
    design, truth = np.stack(features), np.eye(options)[np.array(chosen)]
    usual = (truth @ truth.mean(0))[:, None]

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        logits = design @ flat.reshape(-1, options)
        log_chance = logits - logsumexp(logits, axis=1, keepdims=True)
        nats, meant = _as_read((log_chance * truth).sum(1, keepdims=True), usual, misread)
        return nats, (design.T @ ((np.exp(log_chance) - truth) * meant)).ravel()

    return _maximise(loss, design.shape[1] * options).reshape(-1, options)


def _as_read(
    log_chance: Float[np.ndarray, "rows 1"], usual: Float[np.ndarray, "rows 1"], misread: float | np.ndarray
) -> tuple[float, Float[np.ndarray, "rows 1"]]:
    """Nats of what was read, and how likely each was meant so, where some of it is misread.

    Args:
        log_chance: Of what was read, had it been meant.
        usual: How often it is read at all.
        misread: How often something is read that was not meant.

    Source:
        Hausman, Abrevaya & Scott-Morton (1998), misclassification of the dependent variable.
    """
    meant = (1 - misread) * np.exp(log_chance)
    read = meant + misread * usual
    return -float(np.log(np.maximum(read, 1e-300)).sum()), meant / np.maximum(read, 1e-300)


def _binary(features: Sequence[np.ndarray], happened: Sequence[bool]) -> np.ndarray:
    """Weights of a logistic regression."""
    both = _softmax(features, np.array(happened, int).tolist(), 2)
    return both[:, 1] - both[:, 0]


def _sayings(rows: Sequence[tuple[Regard, Move]], misread: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weights of the stance on each good, of the shape of the whole, and of what it leaves to either side."""
    about = np.stack([regard.goods() for regard, _ in rows])
    context = np.stack([regard.shape() for regard, _ in rows])
    whole = np.mean([len(move.share) > 0 and np.isfinite(move.share).all() for _, move in rows]) > WHOLE
    leaves = np.stack([regard.implied() for regard, _ in rows]) * whole
    goods = about.shape[1]
    pairs, kinds = shapes(goods)
    known = {tuple(row): index for index, row in enumerate(sayings(goods).tolist())}
    truth = np.eye(len(pairs))[[known[tuple(move.stances)] for _, move in rows]]
    usual = (truth @ truth.mean(0))[:, None]
    cut, end = about.shape[2] * 3, leaves.shape[2]

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        each = (about @ flat[:cut].reshape(-1, 3)).reshape(len(rows), -1)
        shape = (context @ flat[cut:-end].reshape(context.shape[1], -1)) @ kinds.T
        logits = each @ pairs.T + shape + leaves @ flat[-end:]
        log_chance = logits - logsumexp(logits, axis=1, keepdims=True)
        nats, meant = _as_read((log_chance * truth).sum(1, keepdims=True), usual, misread)
        error = (np.exp(log_chance) - truth) * meant
        to_good = about.reshape(-1, about.shape[2]).T @ (error @ pairs).reshape(-1, 3)
        return nats, np.concatenate(
            [to_good.ravel(), (context.T @ (error @ kinds)).ravel(), np.einsum("rs,rsf->f", error, leaves)]
        )

    found = _maximise(loss, cut + context.shape[1] * kinds.shape[1] + end)
    return found[:cut].reshape(-1, 3), found[cut:-end].reshape(context.shape[1], -1), found[-end:]


def _split_weights(rows: Sequence[tuple[Regard, Move]], misread: float) -> np.ndarray:
    """Weights of what speaks for a split; where only some goods were named, every split that fits counts."""
    if not rows:
        return np.zeros(0)
    designs = [regard.splits(np.array(move.stances) if move.stances else None) for regard, move in rows]
    most = max(map(len, designs))
    design = np.stack([np.pad(one, ((0, most - len(one)), (0, 0))) for one in designs])
    open_ = np.arange(most) < np.array([len(one) for one in designs])[:, None]
    fits = np.stack([_fitting(regard, move, most) for regard, move in rows])
    usual = (fits.sum(1) / open_.sum(1))[:, None]

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        logits = np.where(open_, design @ flat, -np.inf)
        whole, some = (logsumexp(np.where(mask, logits, -np.inf), axis=1, keepdims=True) for mask in (open_, fits))
        nats, meant = _as_read(some - whole, usual, misread)
        error = (np.exp(logits - whole) - np.where(fits, np.exp(logits - some), 0.0)) * meant
        return nats, design.reshape(-1, design.shape[2]).T @ error.ravel()

    return _maximise(loss, design.shape[2])


def _fitting(regard: Regard, move: Move, most: int) -> np.ndarray:
    """Which splits are as the move says."""
    share = np.array(move.share)
    rows = splits(regard.view.table.counts)
    fits = (np.where(np.isfinite(share), share, rows) == rows).all(1)
    return np.pad(fits, (0, most - len(rows)))
