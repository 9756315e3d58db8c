"""Understanding: fit a speaker to what people with known values said, and hear others through it."""

import dataclasses
import functools
from collections.abc import Callable, Iterable, Mapping, Sequence

import jax.numpy as jnp
import numpy as np
from scipy import sparse
from scipy.optimize import minimize
from scipy.special import logsumexp

from inhabit.speech.lexicon import Lexicon
from inhabit.speech.relative import BUCKETS, Ear, Heard, bucket
from inhabit.speech.speaker import Speaker, orders, ranks
from inhabit.types import Life

STRENGTHS = {"L": 0.4, "P": 2.0, "H": 2.0}
"""How freely kinds of features may weigh, the others 1. Chosen by cross-validation on one fold's training talk."""

OTHERS = 0.4
"""The same for what the listener said himself."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Fitting:
    """How a speaker is fitted.

    Attributes:
        penalty: Half of this times the squared weights is added to the weighted nats of all lives.
        least: A feature must be heard in so many lives.
        iterations: Most steps of L-BFGS.
    """

    penalty: float = 50.0
    least: int = 3
    iterations: int = 40

    def __post_init__(self) -> None:
        if self.penalty <= 0:
            raise ValueError(f"penalty {self.penalty} must be above zero: rare words would weigh without bound")


def falling(turns: int) -> np.ndarray:
    """Weight of the belief after turn k of so many, `(turns + 1 - k) / sum`: the sooner it is right, the better."""
    weights = np.arange(turns, 0, -1.0)
    return weights / weights.sum()


@dataclasses.dataclass(frozen=True)
class Acquaintance:
    """What one's own values tell of a partner's before a word is said; the same for all goods.

    Attributes:
        log_patterns: Log probability of each order of the partner, written in terms of one's own order: the first is
            "the same order as mine".
    """

    log_patterns: np.ndarray

    @classmethod
    def learn(
        cls, pairs: Iterable[tuple[Mapping[str, float], Mapping[str, float]]], goods: Sequence[str]
    ) -> "Acquaintance":
        """Count patterns in pairs of (own values, partner's values), each pattern counted once more than seen."""
        known = [tuple(order) for order in orders(len(goods)).tolist()]
        counts = np.ones(len(known))
        for own, other in pairs:
            mine, rank = np.argsort(ranks(own, goods)), ranks(other, goods)
            counts[known.index(tuple(int(place) for place in np.argsort([rank[good] for good in mine])))] += 1
        return cls(np.log(counts / counts.sum()))

    def __call__(self, own: Mapping[str, float], goods: Sequence[str]) -> np.ndarray:
        """Log belief over the partner's orders, in the order of `orders`."""
        known = [tuple(order) for order in orders(len(goods)).tolist()]
        mine = np.argsort(ranks(own, goods))
        log_prior = np.empty(len(known))
        for pattern, log_probability in zip(known, self.log_patterns):
            log_prior[known.index(tuple(int(mine[place]) for place in pattern))] = log_probability
        return log_prior


LogPrior = Callable[[Life], np.ndarray]
"""Log belief over the orders of the maker of a life, before anything is heard."""


def uniform(life: Life) -> np.ndarray:
    """Know nothing before the talk."""
    return np.zeros(len(orders(len(life.values))))


def turns_heard(life: Life, lexicon: Lexicon, turns: int) -> list[Heard]:
    """What has been heard after each of the maker's first `turns` messages with words; the last is repeated."""
    found: list[Heard] = []
    ear, last = Ear(lexicon), tuple(frozenset[str]() for _ in lexicon.goods)
    for message in life.messages:
        if len(found) == turns:
            break
        if message.content:
            last = ear.hear(message)
            found += [last] if message.role == "user" else []
    return found + [found[-1] if found else last] * (turns - len(found))


@functools.lru_cache(maxsize=1 << 20)
def _weigh(feature: str) -> tuple[int, float]:
    """Bucket and strength of a feature."""
    kind = feature[2:3] if feature[3:4] in "|0123456789" else ""
    return bucket(feature), STRENGTHS.get(kind, 1.0) * (1.0 if feature.startswith("p:") else OTHERS)


def _matrix(rows: Sequence[Heard]) -> sparse.csr_matrix:
    """Strengths of what was heard, one row a conversation and good, one column a bucket."""
    said = [dict(map(_weigh, features)) for heard in rows for features in heard]
    ends = np.cumsum([0, *map(len, said)])
    columns = np.fromiter((column for row in said for column in row), np.int32, ends[-1])
    values = np.fromiter((value for row in said for value in row.values()), np.float32, ends[-1])
    return sparse.csr_matrix((values, columns, ends), shape=(len(said), BUCKETS))


def _assignment(goods: int) -> np.ndarray:
    """Which (good, rank) pairs each order has, `[goods * goods, orders]`."""
    rank = np.argsort(orders(goods), axis=1)
    return np.eye(goods)[rank].transpose(1, 2, 0).reshape(goods * goods, -1)


@dataclasses.dataclass(frozen=True)
class Attended:
    """Lives as a listener heard them, so that several speakers can be fitted to, or heard in, one hearing.

    Attributes:
        lives: What was lived; role `user` is the one whose values are asked.
        lexicon: Names of the goods.
        turns: How many of each maker's messages were heard.
        matrix: What was heard, one row a life, turn and good, one column a bucket; entries are strengths.
    """

    lives: Sequence[Life]
    lexicon: Lexicon
    turns: int
    matrix: sparse.csr_matrix


def attend(lives: Sequence[Life], lexicon: Lexicon, *, turns: int = 5) -> Attended:
    """Hear each life up to its maker's first `turns` messages with words."""
    said = [heard for life in lives for heard in turns_heard(life, lexicon, turns)]
    return Attended(lives, lexicon, turns, _matrix(said))


def fit_speaker(attended: Attended, *, log_prior: LogPrior = uniform, fitting: Fitting | None = None) -> Speaker:
    """Fit a speaker by the likelihood of the makers' true orders, given their talk: exact gradients, L-BFGS.

    Args:
        attended: Conversations of makers whose `values` are known, one of each good of the lexicon.
        log_prior: What a listener believes of a maker before the talk, so that words are not made to say it again.
        fitting: How.

    Raises:
        ValueError: A life lacks the value of a good.
    """
    fitting, lives, goods = fitting or Fitting(), attended.lives, attended.lexicon.goods
    for life in lives:
        if missing := set(goods) - set(life.values):
            raise ValueError(f"life {life.id} has no value of {sorted(missing)}; fit on lives whose values are known")
    known, turns = orders(len(goods)).tolist(), attended.turns
    truth = [known.index(np.argsort(ranks(life.values, goods)).tolist()) for life in lives]
    whole = attended.matrix[_last_rows(len(lives), turns, len(goods))]
    columns = np.flatnonzero(_lives_with(whole, len(goods)) >= fitting.least)
    matrix = attended.matrix[:, columns]
    prior = np.repeat([log_prior(life) for life in lives], turns, axis=0)
    weights = _maximise(matrix, np.repeat(truth, turns), np.tile(falling(turns), len(lives)), prior, fitting)
    strength = matrix.max(axis=0).toarray()[0]  # one bucket, one strength, but for rare collisions
    full = np.zeros((BUCKETS, len(goods)), np.float32)
    full[columns] = weights * strength[:, None]
    return Speaker(weights=jnp.asarray(full), lexicon=attended.lexicon)


def _last_rows(lives: int, turns: int, goods: int) -> np.ndarray:
    """Rows of the matrix after each life's last turn."""
    return (np.arange(lives)[:, None] * turns * goods + (turns - 1) * goods + np.arange(goods)).ravel()


def _lives_with(matrix: sparse.csr_matrix, goods: int) -> np.ndarray:
    """In how many lives each bucket is heard of any good."""
    lives = sparse.kron(sparse.eye(matrix.shape[0] // goods), np.ones((1, goods)), format="csr")
    return np.asarray(((lives @ matrix) > 0).sum(axis=0)).ravel()


def _maximise(
    matrix: sparse.csr_matrix, truth: np.ndarray, weight: np.ndarray, prior: np.ndarray, fitting: Fitting
) -> np.ndarray:
    """Weights, `[columns, ranks]`, that make the true orders most likely."""
    rows, goods = len(truth), matrix.shape[0] // len(truth)
    assignment, transposed = _assignment(goods), matrix.T.tocsr()

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        weights = flat.reshape(-1, goods)
        energy = (matrix @ weights).reshape(rows, -1) @ assignment + prior
        log_belief = energy - logsumexp(energy, axis=1, keepdims=True)
        error = np.exp(log_belief)
        error[np.arange(rows), truth] -= 1
        slope = transposed @ ((weight[:, None] * error) @ assignment.T).reshape(-1, goods)
        nats = -np.sum(weight * log_belief[np.arange(rows), truth])
        penalised = nats + fitting.penalty / 2 * np.sum(weights**2)
        return penalised, (slope + fitting.penalty * weights).ravel()

    start = np.zeros(matrix.shape[1] * goods)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": fitting.iterations})
    return found.x.reshape(-1, goods)


def beliefs(speaker: Speaker, attended: Attended, *, log_prior: LogPrior = uniform) -> np.ndarray:
    """Beliefs over the orders of each life's maker after each of the turns heard, `[lives, turns, orders]`."""
    said = attended.matrix.copy()
    said.data[:] = 1.0  # strengths are part of the fitted weights
    energy = (said @ np.asarray(speaker.weights)).reshape(len(attended.lives), attended.turns, -1)
    energy = energy @ _assignment(len(attended.lexicon.goods))
    energy += np.stack([log_prior(life) for life in attended.lives])[:, None]
    return np.exp(energy - logsumexp(energy, axis=-1, keepdims=True))
