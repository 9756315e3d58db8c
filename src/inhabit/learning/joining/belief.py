"""What is believed of a machine that is only listened to: sessions walk through it, and wait where nothing is decided yet."""

import dataclasses
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from inhabit.worlds.wire import Traffic

Sessions = Int[np.ndarray, " sessions"]
States = Int[np.ndarray, " states"]
Edge = tuple[int, int]
AHEAD = 3
"""Inputs of the longest word that is compared where nothing is decided yet."""
SHOWN = 60
"""Conflicts at most that are looked at, of each length of word."""
WAITING, OVER, CONTRADICTED = 0, 1, 2


class Conflict(NamedTuple):
    """Two places, each a session and a time, that are believed to be one state and answered one word differently."""

    session: int
    time: int
    other: int
    then: int


class Words(NamedTuple):
    """The word of one length that follows each place, and the last answer to it; -1 where the session ends before.

    Attributes:
        word: Its number.
        answer: Its last answer.
        length: Its inputs.
        size: How many there are.
    """

    word: Int[np.ndarray, "length sessions"]
    answer: Int[np.ndarray, "length sessions"]
    length: int
    size: int


@dataclasses.dataclass(frozen=True, eq=False)
class Heard:
    """What was heard, by time.

    Attributes:
        inputs: Time by sessions.
        outputs: Time by sessions.
        words: Of two inputs and more, shorter than `AHEAD` if there would be too many.
        surprisal: Of each output after each input, in nats: an agreement on what is rare is worth more.
        rest: Of all outputs from each place to the end of its session, in nats.
    """

    inputs: Int[np.ndarray, "length sessions"]
    outputs: Int[np.ndarray, "length sessions"]
    words: tuple[Words, ...]
    surprisal: Float[np.ndarray, "inputs outputs"]
    rest: Float[np.ndarray, "places sessions"]

    @classmethod
    def of(cls, traffic: Traffic, width: int, outputs: int, *, most: int = 10_000) -> "Heard":
        """Sort what was heard; words of one length are left out if there are more than `most`."""
        said = np.ascontiguousarray(np.asarray(traffic.inputs).T, np.intp)
        told = np.ascontiguousarray(np.asarray(traffic.outputs).T, np.int16)
        counts = np.zeros((width, outputs))
        np.add.at(counts, (said.ravel(), told.ravel()), 1)
        share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        surprisal = -np.log(np.maximum(share, 1e-9))
        nats = surprisal[said, told][::-1].cumsum(axis=0)[::-1]
        code, words = said, []
        for length in range(2, min(AHEAD, len(said)) + 1):
            if width**length > most:
                break
            code = code[:-1] * width + said[length - 1 :]
            missing = ((0, length - 1), (0, 0))
            answer = np.pad(told[length - 1 :], missing, constant_values=-1)
            words.append(Words(np.pad(code, missing, constant_values=-1), answer, length, width**length))
        return cls(said, told, tuple(words), surprisal, np.pad(nats, ((0, 1), (0, 0))))


class Belief:
    """The machine as far as it is believed, and where every session waits.

    Attributes:
        states: How many states there are.
        next: Where each transition leads, -1 if it is not decided.
        out: What is answered, -1 if it was not heard.
        when: At which decision each transition was decided.
        made: At which decision each state was made.
        at: The state in which each session waits.
        time: How far it has come.
        why: Why it goes no further: `WAITING`, `OVER` or `CONTRADICTED`.
        path: The states that it passed.
    """

    def __init__(self, heard: Heard, most: int):
        self.heard, self.states, self.decided = heard, 1, 0
        self.width = heard.surprisal.shape[0]
        self.next = np.full((most, self.width), -1, np.intp)
        self.when, self.out = np.full_like(self.next, -1), np.full(self.next.shape, -1, np.int16)
        self.made = np.full(most, -1)
        self._begin()

    @classmethod
    def of(cls, heard: Heard, following: Int[np.ndarray, "states inputs"]) -> "Belief":
        """A machine that is given: where its transitions lead, -1 where nothing is decided."""
        belief = cls(heard, len(following))
        belief.states, belief.next[:], belief.decided = len(following), following, 1
        belief.when[belief.next >= 0], belief.made[1:] = 0, 0
        belief._begin()
        return belief

    def passed(self, by: Bool[np.ndarray, " sessions"] | None = None) -> Int[np.ndarray, "states inputs"]:
        """How often each transition was passed, by some sessions or all."""
        walked = np.arange(len(self.heard.inputs))[:, None] < (self.time if by is None else self.time * by)
        edges = self.path[:-1][walked].astype(np.intp) * self.width + self.heard.inputs[walked]
        return np.bincount(edges, minlength=self.states * self.width).reshape(self.states, self.width)

    def _begin(self) -> None:
        length, count = self.heard.inputs.shape
        self.at, self.time = np.zeros(count, np.intp), np.zeros(count, np.intp)
        self.why = np.full(count, WAITING, np.int8)
        self.path = np.zeros((length + 1, count), np.int16)
        self._go(np.arange(count))

    def waiting(self) -> tuple[Sessions, Sessions]:
        """The sessions that wait, and the number of the transition at which each does."""
        sessions = np.flatnonzero(self.why == WAITING)
        return sessions, self.at[sessions] * self.width + self.heard.inputs[self.time[sessions], sessions]

    def conflicts(self) -> list[Conflict]:
        """Sessions that wait in one state and answer one word differently; notes what is answered, for `compare`."""
        sessions, _ = self.waiting()
        time, found = self.time[sessions], []
        self._told: list[np.ndarray] = []
        for words in self.heard.words:
            word = words.word[time, sessions]
            whole = np.flatnonzero(word >= 0)
            cell, answer = (self.at[sessions] * words.size + word)[whole], words.answer[time, sessions][whole]
            told, by = np.full(self.states * words.size, -1, np.int16), np.zeros(self.states * words.size, np.intp)
            told[cell[::-1]], by[cell[::-1]] = answer[::-1], sessions[whole][::-1]
            self._told.append(told)
            for place in np.flatnonzero(told[cell] != answer)[:SHOWN]:
                one, other = int(sessions[whole[place]]), int(by[cell[place]])
                found.append(Conflict(one, int(self.time[one]), other, int(self.time[other])))
        return found

    def compare(
        self, sessions: Sessions, time: Sessions, states: States
    ) -> tuple[Bool[np.ndarray, "sessions states"], Float[np.ndarray, "sessions states"]]:
        """Walk the rest of sessions from states: whether it is contradicted, and the nats that agree until then.

        Of what is not decided yet the answers are looked at that `conflicts` noted last.
        """
        shape = len(sessions), len(states)
        state, who, when = np.tile(states, shape[0]), np.repeat(sessions, shape[1]), np.repeat(time, shape[1])
        wrong, nats, live = np.zeros(len(state), bool), np.zeros(len(state)), np.arange(len(state))
        heard, following, out = self.heard, self.next.ravel(), self.out.ravel()
        while len(live := live[when[live] < len(heard.inputs)]):
            place = when[live], who[live]
            said, told = heard.inputs[place], heard.outputs[place]
            cell = state[live] * self.width + said
            believed, after = out[cell], following[cell]
            agrees = believed == told
            wrong[live] |= (believed >= 0) & ~agrees
            nats[live] += np.where(agrees, heard.surprisal[said, told], 0.0)
            stuck = agrees & (after < 0)
            self._look_ahead(live[stuck], state, who, when, wrong, nats)
            going = agrees & (after >= 0)
            live = live[going]
            state[live] = after[going]
            when[live] += 1
        return wrong.reshape(shape), nats.reshape(shape)

    def _look_ahead(
        self, live: Sessions, state: States, who: Sessions, when: Sessions, wrong: np.ndarray, nats: np.ndarray
    ) -> None:
        place, last = (when[live], who[live]), len(self.heard.inputs) - 1
        for words, told in zip(self.heard.words, self._told):
            word, answer = words.word[place], words.answer[place]
            known = np.where(word >= 0, told[state[live] * words.size + np.maximum(word, 0)], -1)
            wrong[live] |= (known >= 0) & (known != answer)
            said = self.heard.inputs[np.minimum(when[live] + words.length - 1, last), who[live]]
            nats[live] += np.where((known >= 0) & (known == answer), self.heard.surprisal[said, answer], 0.0)

    def prior(self, edge: Edge) -> Float[np.ndarray, " states"]:
        """Log-probability of each state to be where a transition leads, from what is decided already.

        An input with this answer changes nothing, or leads where it leads from other states, or somewhere.
        """
        state, symbol = edge
        following, out = self.next[: self.states], self.out[: self.states]
        decided, still = following >= 0, following == np.arange(self.states)[:, None]
        alike = decided[:, symbol] & (out[:, symbol] == out[edge])
        usual = (still[decided].sum() + 1) / (decided.sum() + 2)
        stays = (still[alike, symbol].sum() + 3 * usual) / (alike.sum() + 3)
        anywhere = np.bincount(following[decided], minlength=self.states) + 0.5
        leads = np.bincount(following[alike & ~still[:, symbol], symbol], minlength=self.states)
        leads = leads + 2 * anywhere / anywhere.sum()
        leads[state] = 0
        chance = (1 - stays) * leads / max(leads.sum(), 1e-9)
        chance[state] = stays
        return np.log(chance + 1e-12)

    def decide(self, edge: Edge, target: int) -> None:
        """Let a transition lead to a state (a new one if it is `states`), and send those who waited on."""
        sessions, edges = self.waiting()
        sessions = sessions[edges == edge[0] * self.width + edge[1]]
        if target == self.states:
            self.states, self.made[target] = target + 1, self.decided
        self.next[edge], self.when[edge] = target, self.decided
        self.decided += 1
        self.time[sessions] += 1
        self.at[sessions] = target
        self.path[self.time[sessions], sessions] = target
        self._go(sessions)

    def take_back(self, begin: int) -> int:
        """Undo every decision since one; how many there were."""
        late = self.when >= begin
        self.next[late], self.when[late], self.out[:] = -1, -1, -1
        self.states = 1 + int((self.made[1 : self.states] < begin).sum())
        self._begin()
        return int(late.sum())

    def culprit(self, conflict: Conflict) -> tuple[Edge, bool] | None:
        """The merge to be taken back: of the two transitions by which two paths met, the one decided last.

        It is certainly the wrong one if the other is that which the state was made for (or the begin of a session).
        """
        one, time, other, then = conflict
        while time or then:
            edges = [self._edge(session, place) for session, place in ((one, time), (other, then)) if place]
            if len(edges) == 1 or edges[0] != edges[1]:
                first, last = min(edges, key=lambda edge: self.when[edge]), max(edges, key=lambda edge: self.when[edge])
                return last, len(edges) == 1 or self.made[int(self.next[last])] == self.when[first]
            time, then = time - 1, then - 1
        return None

    def _edge(self, session: int, time: int) -> Edge:
        return int(self.path[time - 1, session]), int(self.heard.inputs[time - 1, session])

    def _go(self, sessions: Sessions) -> None:
        """Walk sessions on, until they are over, contradicted, or come to what is not decided."""
        following, out, live = self.next.ravel(), self.out.ravel(), sessions
        while len(live):
            time = self.time[live]
            over = time >= len(self.heard.inputs)
            self.why[live[over]] = OVER
            live, time = live[~over], time[~over]
            cell, told = self.at[live] * self.width + self.heard.inputs[time, live], self.heard.outputs[time, live]
            new = out[cell] < 0
            out[cell[new]] = told[new]
            wrong, open_ = out[cell] != told, following[cell] < 0
            self.why[live] = np.where(wrong, CONTRADICTED, WAITING)
            going = ~wrong & ~open_
            live, after = live[going], following[cell[going]]
            self.time[live] += 1
            self.at[live] = after
            self.path[self.time[live], live] = after
