"""What is believed of a machine that is only listened to: sessions walk through it, and wait where nothing is decided yet."""

import dataclasses
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from inhabit.worlds.wire import Traffic

Sessions = Int[np.ndarray, " sessions"]
Edge = tuple[int, int]
SOME = 200
"""Sessions at most whose whole rest is walked from every candidate."""


class Conflict(NamedTuple):
    """Two places, each a session and a time, that are believed to be one state and answered one word differently."""

    session: int
    time: int
    other: int
    then: int


@dataclasses.dataclass(frozen=True, eq=False)
class Heard:
    """What was heard, and what each place of it tells of the state there.

    Attributes:
        inputs: Sessions by time.
        outputs: Sessions by time.
        words: For each length, the number of the word that follows each place; -1 where the session ends before it.
        answers: For each length, the last answer to that word.
        count: How many words are told apart.
        surprisal: Of each output after each input, in nats: an agreement on what is rare is worth more.
    """

    inputs: Int[np.ndarray, "sessions length"]
    outputs: Int[np.ndarray, "sessions length"]
    words: tuple[Int[np.ndarray, "sessions length"], ...]
    answers: tuple[Int[np.ndarray, "sessions length"], ...]
    count: int
    surprisal: Float[np.ndarray, "inputs outputs"]

    @classmethod
    def of(cls, traffic: Traffic, width: int, outputs: int, *, most: int = 10_000) -> "Heard":
        """Look at words of up to three inputs, shorter ones if there would be more than `most` of the longest."""
        said, told = (np.ascontiguousarray(one, np.intp) for one in traffic)
        counts = np.zeros((width, outputs))
        np.add.at(counts, (said.ravel(), told.ravel()), 1)
        words, answers, begin, code = [], [], 0, said
        for length in range(1, 4):
            if length > said.shape[1] or (length > 1 and width**length > most):
                break
            code = said if length == 1 else code[:, :-1] * width + said[:, length - 1 :]
            missing = ((0, 0), (0, length - 1))
            words.append(np.pad(code + begin, missing, constant_values=-1))
            answers.append(np.pad(told[:, length - 1 :], missing, constant_values=-1))
            begin += width**length
        share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        return cls(said, told, tuple(words), tuple(answers), begin, -np.log(np.maximum(share, 1e-9)))


class Belief:
    """The machine as far as it is believed, and where every session waits.

    Attributes:
        states: How many states there are.
        next: Where each transition leads, -1 if it is not decided.
        when: At which decision.
        made: At which decision each state was made.
        tells: What each state answered last to each short word, -1 if it was not heard.
        at: The state in which each session waits.
        time: How far it has come.
        path: The states that it passed, -1 beyond `time`.
    """

    def __init__(self, heard: Heard, most: int):
        count, length = heard.inputs.shape
        self.heard, self.states, self.decided = heard, 1, 0
        self.next = np.full((most, heard.surprisal.shape[0]), -1, np.int32)
        self.when = np.full_like(self.next, -1)
        self.made = np.full(most, -1, np.int32)
        self.tells = np.full((most, heard.count), -1, np.int16)
        self._told_by = np.zeros((most, heard.count), np.int32)
        self.at, self.time = np.zeros(count, np.intp), np.zeros(count, np.intp)
        self.path = np.full((count, length + 1), -1, np.int16)
        self.path[:, 0] = 0
        self._know(np.zeros(count, np.intp), np.arange(count), self.time)

    def copy(self) -> "Belief":
        """A belief that can be changed without changing this one."""
        other = object.__new__(Belief)
        other.__dict__ |= {
            name: value.copy() if isinstance(value, np.ndarray) else value for name, value in self.__dict__.items()
        }
        return other

    def waiting(self) -> tuple[Sessions, Int[np.ndarray, " sessions"]]:
        """The sessions that are not over, and the number of the transition at which each waits."""
        sessions = np.flatnonzero(self.time < self.heard.inputs.shape[1])
        return sessions, self.at[sessions] * self.next.shape[1] + self.heard.inputs[sessions, self.time[sessions]]

    def waiting_at(self, edge: Edge) -> Sessions:
        """The sessions that wait at one transition."""
        sessions, edges = self.waiting()
        return sessions[edges == edge[0] * self.next.shape[1] + edge[1]]

    def candidates(
        self, edge: Edge, sessions: Sessions
    ) -> tuple[Int[np.ndarray, " states"], Float[np.ndarray, " states"]]:
        """For each state, how often it is contradicted as the target of a transition, and the nats that agree with it."""
        wrong, shared = self._compared(sessions, self.time[sessions] + 1)
        left = np.flatnonzero(wrong == 0)
        some = sessions if len(sessions) <= SOME else sessions[np.linspace(0, len(sessions) - 1, SOME).astype(int)]
        agreed = np.zeros(len(wrong))
        if len(left):
            contradicted, nats = self._walked(np.tile(some, len(left)), np.repeat(left, len(some)))
            wrong[left] = contradicted.reshape(len(left), -1).sum(axis=1)
            agreed[left] = nats.reshape(len(left), -1).sum(axis=1) + 1e-3 * shared[left]
        return wrong, agreed

    def decide(self, edge: Edge, target: int) -> Conflict | None:
        """Let a transition lead to a state (a new one if it is `states`), and send those who waited on."""
        sessions, following, inputs = self.waiting_at(edge), self.next, self.heard.inputs
        if target == self.states:
            self.states, self.made[target] = target + 1, self.decided
        following[edge], self.when[edge] = target, self.decided
        self.decided += 1
        state, time = np.full(len(sessions), target), self.time[sessions] + 1
        self.path[sessions, time] = target
        passed, live = [(state.copy(), sessions, time.copy())], np.arange(len(sessions))
        while len(live := live[time[live] < inputs.shape[1]]):
            after = following[state[live], inputs[sessions[live], time[live]]]
            live, after = live[after >= 0], after[after >= 0]
            state[live] = after
            time[live] += 1
            self.path[sessions[live], time[live]] = after
            passed.append((after, sessions[live], time[live]))
        self.at[sessions], self.time[sessions] = state, time
        return self._know(*(np.concatenate(column) for column in zip(*passed)))

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
        return int(self.path[session, time - 1]), int(self.heard.inputs[session, time - 1])

    def _know(self, state: Sessions, sessions: Sessions, time: Sessions) -> Conflict | None:
        """Note what sessions answer from the states that they pass; the first contradiction, if there is one."""
        inside = time < self.heard.inputs.shape[1]
        state, sessions, time = state[inside], sessions[inside], time[inside]
        place, conflict = sessions * self.path.shape[1] + time, None
        for words, answers in zip(self.heard.words, self.heard.answers):
            word, answer = words[sessions, time], answers[sessions, time]
            whole = word >= 0
            cell = state[whole] * self.tells.shape[1] + word[whole]
            tells, told_by, answer, mine = self.tells.ravel(), self._told_by.ravel(), answer[whole], place[whole]
            new = tells[cell] < 0
            tells[cell[new]], told_by[cell[new]] = answer[new], mine[new]
            differs = np.flatnonzero(tells[cell] != answer)
            if len(differs) and conflict is None:
                first = differs[0]
                pair = (
                    *divmod(int(mine[first]), self.path.shape[1]),
                    *divmod(int(told_by[cell[first]]), self.path.shape[1]),
                )
                conflict = Conflict(*pair)
        return conflict

    def _compared(self, sessions: Sessions, time: Sessions) -> tuple[np.ndarray, np.ndarray]:
        """For each state, to how many short words it answers otherwise than sessions do at a time, and how many it shares."""
        mine = np.full(self.tells.shape[1], -1, np.int16)
        inside = time < self.heard.inputs.shape[1]
        for words, answers in zip(self.heard.words, self.heard.answers):
            word = words[sessions[inside], time[inside]]
            mine[word[word >= 0]] = answers[sessions[inside], time[inside]][word >= 0]
        known = np.flatnonzero(mine >= 0)
        theirs = self.tells[: self.states, known]
        shared = theirs >= 0
        return (shared & (theirs != mine[known])).sum(axis=1), shared.sum(axis=1)

    def _walked(self, sessions: Sessions, start: Sessions) -> tuple[np.ndarray, np.ndarray]:
        """Walk the rest of sessions from states: whether it is contradicted, and the nats that agree until then."""
        state, time = start.copy(), self.time[sessions] + 1
        wrong, nats, live = np.zeros(len(state), bool), np.zeros(len(state)), np.arange(len(state))
        while len(live := live[time[live] < self.heard.inputs.shape[1]]):
            place = sessions[live], time[live]
            said, told = self.heard.inputs[place], self.heard.outputs[place]
            believed = self.tells[state[live], said]
            agrees = believed == told
            wrong[live[(believed >= 0) & ~agrees]] = True
            nats[live[agrees]] += self.heard.surprisal[said[agrees], told[agrees]]
            after = self.next[state[live], said]
            going = agrees & (after >= 0)
            live = live[going]
            state[live] = after[going]
            time[live] += 1
        return wrong, nats
