"""Meeting: minds bargain with minds, or people's talk is read back as moves; both come out as the same record."""

import dataclasses
from collections.abc import Sequence

import jax
import numpy as np
from jaxtyping import Float
from scipy.optimize import minimize
from scipy.special import expit

from inhabit.learning.annotating import moves, plan_of
from inhabit.learning.bargaining import counts_of, worth_of
from inhabit.mind.bargainer.bargain import ANSWERS, Bargainer, Noise
from inhabit.mind.bargainer.table import ACCEPT, KINDS, REJECT, SELECT, SPEAK, SUBMIT, TALK, WALK, Move, Table
from inhabit.speech.lexicon import Lexicon
from inhabit.speech.mouths import AbstractMouth
from inhabit.types import Key, Life, Message


@dataclasses.dataclass(frozen=True)
class Meeting:
    """One negotiation as it went.

    Attributes:
        counts: How many of each good there were.
        worths: What each good was worth to either side.
        moves: Who did what, in order.
        deal: What each side got of each good, or `None` where there was no deal.
    """

    counts: tuple[int, ...]
    worths: tuple[tuple[float, ...], tuple[float, ...]]
    moves: tuple[tuple[int, Move], ...]
    deal: tuple[tuple[int, ...], tuple[int, ...]] | None

    def points(self, without: float) -> tuple[float, float]:
        """What each side got; `without` a deal, so many."""
        if self.deal is None:
            return without, without
        mine, theirs = (float(np.dot(worth, share)) for worth, share in zip(self.worths, self.deal))
        return mine, theirs

    def number(self, *kinds: str) -> int:
        """How many moves of these kinds."""
        return sum(move.kind in kinds for _, move in self.moves)

    @property
    def words(self) -> int:
        """Messages in words."""
        return self.number(*TALK, SPEAK)


def meet(
    minds: tuple[Bargainer, Bargainer],
    worths: tuple[Sequence[float], Sequence[float]],
    counts: tuple[int, ...],
    *,
    first: int = 0,
    limit: int = 40,
    rng: np.random.Generator,
) -> Meeting:
    """Let two minds bargain until a deal is made, one walks away, or `limit` moves are made (then both leave).

    They alternate; who rejects a deal goes on speaking.

    Args:
        minds: Of side 0 and side 1.
        worths: What each good is worth to either.
        counts: How many of each good there are.
        first: Who begins.
        limit: Most moves.
        rng: Draws their noise.
    """
    table, side = Table.laid(counts), first
    done: list[tuple[int, Move]] = []
    while not table.over and len(done) < limit:
        move = minds[side].act(table.view(side), worths[side], Noise.drawn(counts, rng))
        table = table.after(side, move)
        done.append((side, move))
        side = side if move.kind == REJECT else 1 - side
    told = tuple(float(x) for x in worths[0]), tuple(float(x) for x in worths[1])
    left = table.other(table.deal)
    return Meeting(counts, told, tuple(done), None if table.deal is None or left is None else (table.deal, left))


def put_into_words(meeting: Meeting, goods: tuple[str, ...], mouths: Sequence[AbstractMouth], *, key: Key) -> Life:
    """A meeting as side 0 lived it, with words for every move that has them; each side has its own mouth."""
    messages: list[Message] = []
    for (side, move), one in zip(meeting.moves, jax.random.split(key, max(len(meeting.moves), 1))):
        plan = plan_of(move, goods, meeting.counts)
        heard = tuple(messages if side == 0 else map(_turned, messages))
        context = Life(id="meeting", maker="", messages=heard)
        words = mouths[side].say(plan, context, key=one) if move.kind in (*TALK, SPEAK) else ""
        share = dict(zip(goods, move.share)) if move.kind == SUBMIT else {}
        rest = {good: count - share[good] for good, count in zip(goods, meeting.counts) if share}
        deal = {"you": share if side == 0 else rest, "they": rest if side == 0 else share} if share else {}
        role = "user" if side == 0 else "partner"
        messages.append(Message(role=role, content=words, act=plan.act, stances=plan.stances, sees=deal))
    values, other = (dict(zip(goods, worth)) for worth in meeting.worths)
    shares = None if meeting.deal is None else [dict(zip(goods, map(float, share))) for share in meeting.deal]
    deal_made = None if shares is None else {"you": shares[0], "they": shares[1]}
    outcome = {"agreed": shares is not None, "deal": deal_made, "partner_values": other}
    return Life(id="meeting", maker="", messages=tuple(messages), values=values, outcome=outcome)


def _turned(message: Message) -> Message:
    """A message as the other side perceives it."""
    return dataclasses.replace(message, role="partner" if message.role == "user" else "user")


def met(life: Life, lexicon: Lexicon) -> Meeting:
    """How people's negotiation went, read from one side's life (side 0) with both sides' values known."""
    goods, counts = lexicon.goods, counts_of(life, lexicon.goods)
    done = [
        (0 if message.role == "user" else 1, move) for message, move in zip(life.messages, moves(life, lexicon, counts))
    ]
    deal = life.outcome.get("deal")
    mine, theirs = (tuple(int(deal[who][good]) for good in goods) if deal else () for who in ("you", "they"))
    other = tuple(float(life.outcome["partner_values"][good]) for good in goods)
    return Meeting(
        counts, (tuple(worth_of(life, goods).tolist()), other), tuple(done), (mine, theirs) if deal else None
    )


def pairs_of(lives: Sequence[Life]) -> list[Life]:
    """One life of each dialogue, the first: lives of one dialogue share `outcome["dialogue"]`."""
    return list({life.outcome["dialogue"]: life for life in reversed(lives)}.values())[::-1]


def meet_as(
    mind: Bargainer, people: Sequence[Meeting], *, limit: int = 40, times: int = 1, rng: np.random.Generator
) -> list[Meeting]:
    """Let minds meet with the values of people who met, `times` over, the same side beginning."""
    return [
        meet((mind, mind), pair.worths, pair.counts, first=pair.moves[0][0], limit=limit, rng=rng)
        for _ in range(times)
        for pair in people
    ]


def as_unwilling(
    mind: Bargainer, people: Sequence[Meeting], *, steps: int = 3, least: float = 0.01, rng: np.random.Generator
) -> Bargainer:
    """The mind with its readiness to reject deals moved until minds reject as often as these people did.

    A mind fitted turn by turn meets easier partners than people did, because minds are surer of what they propose.
    One intercept is matched by simulation; rates are kept from falling under `least` a meeting.

    Args:
        mind: The mind.
        people: Meetings of the people it was fitted on; never of those it is measured against.
        steps: How often minds meet again after a correction; the corrections are halved each time after the first.
        least: See above.
        rng: Draws the meetings.

    Source:
        McFadden (1989), method of simulated moments.
    """
    wanted = max(float(np.mean([one.number(REJECT) for one in people])), least)
    for step in range(steps):
        ours = meet_as(mind, people, rng=rng)
        found = max(float(np.mean([one.number(REJECT) for one in ours])), least)
        answers = mind.answers.copy()
        answers[0, ANSWERS.index(REJECT)] += np.log(wanted / found) / 2 ** max(step - 1, 0)
        mind = dataclasses.replace(mind, answers=answers)
    return mind


def figures(meeting: Meeting, *, without: float) -> dict[str, float]:
    """What is compared between minds and people; points are the mean of the two sides."""
    mine, theirs = meeting.points(without)
    return {
        "deals": float(meeting.deal is not None),
        "points": (mine + theirs) / 2,
        "joint points": mine + theirs,
        "messages in words": float(meeting.words),
        "walk-aways": float(meeting.number(WALK) > 0),
        "submissions": float(meeting.number(SUBMIT)),
        "rejections": float(meeting.number(REJECT)),
    }


def summary(meeting: Meeting, *, without: float) -> Float[np.ndarray, " features"]:
    """A negotiation in numbers, the same whichever side is called 0: what a judge of minds and people may look at."""
    kinds = [meeting.number(kind) for kind in KINDS if kind not in (SUBMIT, ACCEPT, REJECT, WALK, SELECT)]
    spoken = [np.array(move.stances) for _, move in meeting.moves if move.kind == SPEAK]
    said = [sum((stances == code).sum() for stances in spoken) for code in (1, 2, 3)]
    amounts = [
        np.isfinite(move.share).sum()
        for _, move in meeting.moves
        if move.kind == SPEAK and np.isfinite(move.share).any()
    ]
    points = sorted(meeting.points(without))
    share = np.zeros(len(meeting.counts)) if meeting.deal is None else np.array(meeting.deal[0]) / meeting.counts
    uneven = [np.abs(share - 0.5).mean(), abs(share.mean() - 0.5), ((share == 0) | (share == 1)).sum()]
    deals = [meeting.number(kind) for kind in (SUBMIT, REJECT, WALK)]
    ranked = sum((_by_worth(meeting, side, move) for side, move in meeting.moves), np.zeros(6)).tolist()
    rest = [*ranked, meeting.words, meeting.words**2 / 10, sum(amounts), len(amounts), *points, sum(points), *uneven]
    return np.array([*kinds, *said, *deals, *rest, meeting.deal is not None], float)


def _by_worth(meeting: Meeting, side: int, move: Move) -> np.ndarray:
    """Asks, offers and refusals of a move that are for its maker's best good, then for its worst."""
    if move.kind != SPEAK:
        return np.zeros(6)
    worth, stances = np.array(meeting.worths[side]), np.array(move.stances)
    return np.array([(stances[good] == code) for good in (worth.argmax(), worth.argmin()) for code in (1, 2, 3)], float)


def told_apart(
    ours: Float[np.ndarray, "some features"],
    theirs: Float[np.ndarray, "others features"],
    *,
    groups: tuple[Sequence[str], Sequence[str]],
    folds: int = 5,
    penalty: float = 1.0,
    seed: int = 0,
) -> tuple[Float[np.ndarray, " rows"], np.ndarray]:
    """How likely each row is one of `ours` by a logistic regression that was fitted without its group.

    Args:
        ours: Summaries of one kind.
        theirs: Summaries of the other.
        groups: Which rows belong together (the same pair of makers), for ours and theirs; never parted by a fold.
        folds: Of the cross-validation.
        penalty: Half of this times the squared weights of the standardised features is added to the nats.
        seed: Of the folds.

    Returns:
        Scores, and whether each row is ours.
    """
    rows, truth = np.concatenate([ours, theirs]), np.repeat([1.0, 0.0], [len(ours), len(theirs)])
    rows = (rows - rows.mean(0)) / np.maximum(rows.std(0), 1e-9)
    rows = np.concatenate([rows, np.ones((len(rows), 1))], axis=1)
    _, code = np.unique([*groups[0], *groups[1]], return_inverse=True)
    fold = np.random.default_rng(seed).permutation(code.max() + 1)[code] % folds
    scores = np.zeros(len(rows))
    for held in range(folds):
        scores[fold == held] = rows[fold == held] @ _logistic(rows[fold != held], truth[fold != held], penalty)
    return scores, truth


def _logistic(rows: np.ndarray, truth: np.ndarray, penalty: float) -> np.ndarray:
    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        score = rows @ weights
        nats = np.logaddexp(0, score) - truth * score
        slope = rows.T @ (expit(score) - truth) + penalty * weights
        return float(nats.sum() + penalty / 2 * weights @ weights), slope

    return minimize(loss, np.zeros(rows.shape[1]), jac=True, method="L-BFGS-B").x


def auc(scores: np.ndarray, truth: np.ndarray) -> float:
    """Chance that one of ours scores above one of theirs, ties half; 0.5 is not to be told apart."""
    ours, theirs = scores[truth == 1], np.sort(scores[truth == 0])
    below = np.searchsorted(theirs, ours, "left") + np.searchsorted(theirs, ours, "right")
    return float(below.sum() / (2 * len(ours) * len(theirs)))
