"""Doubting: every transition of a machine that was heard is weighed anew, by all that was said after it, all at once.

Who decides one transition after another decides too early, and what is wrong early is patched ever after. So the machine
that was merged is made soft: each transition leads somewhere by degrees. What was heard is walked through it forwards and
backwards, which says of every transition how well each target would explain all that followed, whichever session passed it;
for a transition leads to one state, and one session that contradicts it counts. Trust in this evidence grows from a tenth to
the whole, and a transition that was hardly heard leads where such transitions mostly lead.

A state that stands for two is found by copying states: the copies begin alike, and part where what comes after differs.
The machine with which all that was heard is told in the fewest words is kept, and doubted again, until nothing is gained; what
is no gain is doubted once more, since patches must be given up before what they hid is found.

Source:
    Baum et al. (1970), forwards and backwards; Ueda & Nakano (1998), annealing; Beal (2003), beliefs about what is shared;
    Ueda et al. (2000), splitting and merging; Rissanen (1978), the shortest description.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from inhabit.learning.joining.belief import CONTRADICTED, OVER, Belief, Heard

Leads = Float[np.ndarray, "inputs states states"]
Says = Float[np.ndarray, "inputs states outputs"]

PLAN = ((0.7, 0.0), (0.3, 1.0), (0.2, 1 / 3), (0.3, 0.0), (0.2, 1.0), (0.3, 1 / 3))
"""Rounds, one after another and again from the first: how much is doubted, and the share of states that are copied."""
ROUNDS, IDLE = 18, 6
"""Rounds at most, and rounds without a gain after which no more follows."""
STEPS = 16
"""Times that what was heard is weighed in a round."""
BEGIN = 0.1
"""How much evidence is trusted at first."""
OPEN = 1e-3
"""What every transition keeps for where such transitions mostly lead, so that nothing is ever ruled out."""
CLIP = 7.0
"""Nats at most by which what follows speaks for one state rather than another."""
SURE, AT_LEAST, FAILED = 1 / 320, 100, 0.01
"""Share of all pairs, and pairs, from which on a transition is not doubted, if no greater share of them is in sessions that fail."""
HEARD, COMMON = 20, 1 / 4
"""Pairs from which on, and share of all pairs up to which, a state is copied."""
LARGEST = 300
"""States at most, copies included, of a machine that is doubted; a larger one is left as it is."""


class Soft(NamedTuple):
    """A machine that is believed by degrees.

    Attributes:
        leads: Probability of each target.
        says: Probability of each answer.
    """

    leads: Leads
    says: Says


class Weighed(NamedTuple):
    """What was heard, weighed with a soft machine.

    Attributes:
        nats: Log-likelihood of what was heard from the first doubted transition on.
        evidence: Of each transition and target: log-likelihood of what followed, up to a constant of the transition.
        answers: How often each answer was given, as far as the states are known.
    """

    nats: float
    evidence: Leads
    answers: Says


def doubted(belief: Belief, *, seed: int = 0) -> Belief:
    """The machine that tells in the fewest words what was heard, beginning with the one that is believed.

    Args:
        belief: A machine in which no session waits.
        seed: Of what is doubted, and how.
    """
    generator = np.random.default_rng(seed)
    best = start = _bare(belief.heard, belief.next[: belief.states])
    shortest, idle = told_in(best), 0
    for number in range(ROUNDS):
        if idle == IDLE or start.states > LARGEST:
            break
        again = _round(start, *PLAN[number % len(PLAN)], generator)
        words = told_in(again)
        best, shortest, idle = (again, words, 0) if words < shortest else (best, shortest, idle + 1)
        start = again if idle % 2 else best
    return best


def told_in(belief: Belief) -> float:
    """Nats in which a machine and what it does not foretell are told.

    A transition costs the less the more it leads where such transitions mostly lead, an answer the less the more usual it
    is; a session that the machine does not follow to its end costs its place and all that is said from there on.
    """
    heard = belief.heard
    soft = softened(belief)
    chance = usual_targets(soft, _known(belief.passed().sum(axis=1)))
    state, symbol = np.nonzero(belief.next[: belief.states] >= 0)
    table = -np.log(chance[symbol, state, belief.next[state, symbol]] + 1e-9).sum()
    state, symbol = np.nonzero(belief.out[: belief.states] >= 0)
    table += heard.surprisal[symbol, belief.out[state, symbol]].sum()
    failed = np.flatnonzero(belief.why != OVER)
    return float(table + (np.log(heard.inputs.size) + heard.rest[belief.time[failed], failed]).sum())


def softened(belief: Belief) -> Soft:
    """The belief as probabilities; what was not heard is anything, answered as usual."""
    states, outputs = belief.states, belief.heard.surprisal.shape[1]
    following, out = belief.next[:states].T, belief.out[:states].T
    leads = np.where((following < 0)[..., None], 1 / states, following[..., None] == np.arange(states))
    says = np.where((out < 0)[..., None], _usual(belief.heard)[:, None], out[..., None] == np.arange(outputs))
    return Soft(leads.astype(np.float32), says.astype(np.float32))


def usual_targets(soft: Soft, known: Float[np.ndarray, " states"]) -> Leads:
    """Where transitions lead beforehand, from where others lead.

    An input with this answer changes nothing, leads where it leads from other states, or somewhere.

    Args:
        soft: The machine.
        known: How much each state is relied on, from 0 to 1.
    """
    leads, (width, states, _) = soft.leads, soft.leads.shape
    own = np.arange(states)
    still = leads[:, own, own]
    usual = ((still * known).sum() + 1) / (width * known.sum() + 2)
    counted = soft.says * known[:, None]
    stays = (np.einsum("aso,as->ao", counted, still) + 3 * usual) / (counted.sum(axis=1) + 3)
    anywhere = (leads * known[:, None]).sum(axis=(0, 1)) + 0.5
    moved = leads.copy()
    moved[:, own, own] = 0
    to = np.matmul(counted.transpose(0, 2, 1), moved) + 2 * anywhere / anywhere.sum()
    chance = np.matmul(soft.says, to / to.sum(axis=2, keepdims=True))
    chance[:, own, own] = 0
    remain = np.einsum("aso,ao->as", soft.says, stays)
    chance *= ((1 - remain) / np.maximum(chance.sum(axis=2), 1e-9))[..., None]
    chance[:, own, own] = remain
    return chance.astype(np.float32)


class Doubts:
    """What was said from each session's first doubted transition on; a session without one has nothing to say.

    Args:
        belief: The machine through which sessions come to that transition.
        certain: The transitions of it that are not doubted.
    """

    def __init__(self, belief: Belief, certain: Bool[np.ndarray, "states inputs"]):
        heard, length = belief.heard, len(belief.heard.inputs)
        known = certain[belief.path[:-1], heard.inputs] & (np.arange(length)[:, None] < belief.time)
        first = np.where(known.all(axis=0), length, known.argmin(axis=0))
        who = np.argsort(first, kind="stable")
        who = who[first[who] < length]
        self.begin = belief.path[first[who], who].astype(np.intp)
        self.present = np.searchsorted(first[who], np.arange(length), side="right")
        self.said, self.told = heard.inputs[:, who], heard.outputs[:, who].astype(np.intp)
        self.one_hot = np.eye(heard.surprisal.shape[1], dtype=np.float32)
        self.groups = [_groups(said[:many], len(heard.surprisal)) for said, many in zip(self.said, self.present)]

    def weigh(self, soft: Soft) -> Weighed:
        """Walk forwards and backwards, and weigh each target of each transition by what follows."""
        forwards, nats = self._forwards(soft)
        evidence, answers = np.zeros_like(soft.leads), np.zeros_like(soft.says)
        after = np.ones((len(self.begin), soft.leads.shape[1]), np.float32)
        for time in reversed(range(len(self.said))):
            for symbol, who in self.groups[time]:
                ahead, here, told = after[who], forwards[time][who], self.told[time, who]
                back = ahead @ soft.leads[symbol].T
                chance = here * back
                chance /= np.maximum(chance.sum(axis=1, keepdims=True), 1e-30)
                evidence[symbol] += chance.T @ np.log(ahead)
                answers[symbol] += chance.T @ self.one_hot[told]
                back *= soft.says[symbol].T[told]
                back /= np.maximum(back.max(axis=1, keepdims=True), 1e-30)
                after[who] = np.maximum(back, np.exp(-CLIP))
        return Weighed(nats, evidence, answers)

    def _forwards(self, soft: Soft) -> tuple[list[np.ndarray], float]:
        """At each time, by session, the probability of each state and of the answer that it gives; and the log-likelihood."""
        where, nats, came, kept = np.zeros((len(self.begin), soft.leads.shape[1]), np.float32), 0.0, 0, []
        for time, present in enumerate(self.present):
            where[np.arange(came, present), self.begin[came:present]] = 1
            came, answered = present, np.empty_like(where[:present])
            for symbol, who in self.groups[time]:
                answered[who] = where[who] * soft.says[symbol].T[self.told[time, who]]
                total = np.maximum(answered[who].sum(axis=1, keepdims=True), 1e-30)
                where[who] = (answered[who] / total) @ soft.leads[symbol]
                nats += float(np.log(total).sum())
            kept.append(answered)
        return kept, nats


def settled(doubts: Doubts, soft: Soft, heard: Heard) -> Soft:
    """Weigh what was heard again and again, with more and more trust in what follows."""
    usual = _usual(heard)[:, None]
    for trust in np.geomspace(BEGIN, 1.0, STEPS):
        weighed = doubts.weigh(soft)
        chance = usual_targets(soft, _known(weighed.answers.sum(axis=(0, 2))))
        score = np.log(chance + 1e-12) + trust * (weighed.evidence - weighed.evidence.max(axis=2, keepdims=True))
        leads = np.exp(score - score.max(axis=2, keepdims=True))
        leads /= leads.sum(axis=2, keepdims=True)
        says = weighed.answers + 0.02 * usual + 1e-4
        soft = Soft((1 - OPEN) * leads + OPEN * chance, says / says.sum(axis=2, keepdims=True))
    return soft


def _round(belief: Belief, doubt: float, copied: float, generator: np.random.Generator) -> Belief:
    """Doubt a machine once."""
    passed, states = belief.passed(), belief.states
    visits, pairs = passed.sum(axis=1), belief.heard.inputs.size
    failed = belief.passed(belief.why == CONTRADICTED) > FAILED * passed
    certain = (passed >= max(SURE * pairs, AT_LEAST)) & ~failed & (belief.next[:states] >= 0)
    some = 1 + np.flatnonzero((visits[1:] >= HEARD) & (visits[1:] < COMMON * pairs))
    copies = generator.permutation(some)[: min(int(np.ceil(copied * len(some))), LARGEST - states)]
    soft = _copied(_shaken(belief, visits, certain, doubt, generator), copies, generator)
    state, symbol = np.nonzero(certain)
    target = belief.next[state, symbol]
    soft.leads[symbol, state] = target[:, None] == np.arange(soft.leads.shape[1])
    following = settled(Doubts(belief, certain), soft, belief.heard).leads.argmax(axis=2).T
    following[state, symbol] = target
    return _united(_bare(belief.heard, following))


def _shaken(
    belief: Belief, visits: np.ndarray, certain: np.ndarray, doubt: float, generator: np.random.Generator
) -> Soft:
    """The belief, of which a part is given up for where transitions mostly lead, with noise."""
    soft, states = softened(belief), belief.states
    chance = usual_targets(soft, _known(visits))
    noise = chance * generator.gamma(1.0, size=chance.shape) + 1e-4 * generator.gamma(0.3, size=chance.shape)
    noise /= noise.sum(axis=2, keepdims=True)
    unheard = belief.next[:states] < 0, belief.out[:states] < 0
    lost, unsaid = (np.where(never, 1.0, np.where(certain, 0.0, doubt)).T[..., None] for never in unheard)
    unsaid = np.where(unsaid < 1, unsaid / 4, 1)
    leads = (1 - lost) * soft.leads + lost * noise
    says = (1 - unsaid) * soft.says + unsaid * _usual(belief.heard)[:, None]
    return Soft(leads.astype(np.float32), says.astype(np.float32))


def _copied(soft: Soft, copies: Int[np.ndarray, " copies"], generator: np.random.Generator) -> Soft:
    """The same with copies of some states; what led to one leads to both, in parts drawn at random."""
    states = soft.leads.shape[1]
    every = np.concatenate([np.arange(states), copies])
    leads, says = soft.leads[:, every][:, :, every], soft.says[:, every]
    share = generator.beta(2.0, 2.0, size=(*leads.shape[:2], len(copies))).astype(np.float32)
    leads[:, :, states:] *= share
    leads[:, :, copies] *= 1 - share
    return Soft(leads, says)


def _bare(heard: Heard, following: Int[np.ndarray, "states inputs"]) -> Belief:
    """The machine without transitions that no session passes and states that none reaches."""
    belief = Belief.of(heard, following)
    following = np.where(belief.passed() > 0, following, -1)
    reached, found = [0], {0}
    for state in reached:
        ahead = [int(target) for target in following[state] if target >= 0]
        new = dict.fromkeys(target for target in ahead if target not in found)
        found.update(new)
        reached += new
    number = np.full(len(following) + 1, -1)
    number[reached] = np.arange(len(reached))
    return Belief.of(heard, number[following[reached]])


def _united(belief: Belief) -> Belief:
    """The machine in which states that do the same wherever both were heard are one."""
    while (pair := _alike(belief)) is not None:
        one, other = pair
        following = belief.next[: belief.states].copy()
        own = np.where(following[other] == other, one, following[other])
        following[one] = np.where(following[one] < 0, own, following[one])
        following[following == other] = one
        belief = _bare(belief.heard, following)
    return belief


def _alike(belief: Belief) -> tuple[int, int] | None:
    """Two states that do the same wherever both were heard, which is most of what was heard of the second."""
    states, own, passed = belief.states, np.arange(belief.states)[:, None], belief.passed()
    following, out, visits = belief.next[:states], belief.out[:states], passed.sum(axis=1)
    for other in np.argsort(visits, kind="stable"):
        both = (following >= 0) & (following[other] >= 0)
        swapped = ((following == other) & (following[other] == own)) | (
            (following == own) & (following[other] == other)
        )
        same = (following == following[other]) | swapped
        agrees = (~both | same).all(axis=1) & ((out < 0) | (out[other] < 0) | (out == out[other])).all(axis=1)
        enough = both.sum(axis=1) >= max(2, 0.6 * (following[other] >= 0).sum())
        fits = agrees & enough & (visits >= visits[other]) & (own[:, 0] != other)
        if other and fits.any():
            return int(np.where(fits, both.sum(axis=1), -1).argmax()), int(other)
    return None


def _known(visits: np.ndarray) -> Float[np.ndarray, " states"]:
    return np.minimum(visits / HEARD, 1).astype(np.float32)


def _usual(heard: Heard) -> Float[np.ndarray, "inputs outputs"]:
    """How each input is mostly answered."""
    chance = np.exp(-heard.surprisal)
    return (chance / chance.sum(axis=1, keepdims=True)).astype(np.float32)


def _groups(said: Int[np.ndarray, " sessions"], width: int) -> list[tuple[int, Int[np.ndarray, " some"]]]:
    """The sessions that say each input now."""
    return [(symbol, who) for symbol in range(width) if len(who := np.flatnonzero(said == symbol))]
