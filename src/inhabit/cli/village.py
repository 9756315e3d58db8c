"""Talking with a grown mind in the terminal: it lives on between questions, and answers from what it has lived."""

import pathlib
import re
from typing import TYPE_CHECKING, Any

from inhabit.cli.engine import start_engine
from inhabit.cli.screen import busy, out, say_json, typed

if TYPE_CHECKING:
    from inhabit.learning.growing import Growth

HELP = "what do you see?  where is water?  what do you want?  why did you do that?  what changed?   /live 20   /view   /quit"

MORNING = 48
"""Steps that it has lived before the first question."""


def is_dweller(path: pathlib.Path) -> bool:
    """Whether `inhabit talk` was given a mind that was grown."""
    from inhabit.records.mindfile import MindFileError, open_mind

    try:
        return open_mind(path).manifest.get("kind") == "dweller"
    except MindFileError:
        return False  # whoever opens people says what is wrong with the file


def join_village(path: pathlib.Path, seed: int, json: bool) -> None:
    """Ask a grown mind about the life that it is living in a village drawn by the seed."""
    start_engine()
    with busy(f"opening {path.name}", json):
        from inhabit.learning.growing import Growth

        talk = _Talk(Growth.open(path), seed)
    with busy("living its first half day", json):
        talk.live(MORNING)
    if not json:
        died = ", and died" if talk.over else ""
        out().print(f"It has lived {talk.step} steps in a village that it had never seen{died}.", style="bold")
        out().print(f"{HELP}\n", style="dim")
    for line in typed("you   ", json):
        if line.split()[0] in ("/quit", "/exit"):
            return
        answer = talk.answer(line)
        say_json({"step": talk.step, "asked": line, "answer": answer}) if json else out().print(f"it    {answer}")


DONE = {
    "STAY": "stayed",
    "FORWARD": "went on",
    "LEFT": "turned left",
    "RIGHT": "turned right",
    "PICK": "reached for what was before me",
    "PUT": "put down what I held",
    "EAT": "ate",
    "TASTE": "tasted",
    "GIVE": "held out what I had",
    "REST": "rested",
}
"""What it says that it did."""


def _done(page: Any, hand: str) -> str:
    return "drank" if hand == "EAT" and int(page.place.sensed.holding) < 2 else DONE[hand]


class _Talk:
    """A life that goes on between questions."""

    def __init__(self, growth: "Growth", seed: int):
        import jax

        from inhabit.learning import biography
        from inhabit.learning.channel import channels

        birth, self.key = jax.random.split(jax.random.key(seed))
        self.mind, self.home = growth.mind, growth.home
        self.place, self.state = biography.begin(self.mind, self.home, lives=1, key=birth)
        self.page, self.channel = biography.page, channels()["open"]
        self.pages: list[Any] = []

    @property
    def step(self) -> int:
        """Steps lived."""
        return len(self.pages)

    @property
    def over(self) -> bool:
        """Whether it has died."""
        return bool(self.pages) and bool(self.pages[-1].turn.terminated)

    def live(self, steps: int) -> None:
        """Live on."""
        import jax

        for _ in range(steps):
            if self.over:
                return
            self.key, key = jax.random.split(self.key)
            self.place, page = self.page(self.mind, self.home, self.place, self.state, self.channel, key=key)
            self.state = page.after
            self.pages.append(jax.tree.map(lambda leaf: leaf[0], jax.device_get(page)))

    def answer(self, line: str) -> str:
        """Answer a question, or do what a line that begins with `/` says."""
        from inhabit.mind.dweller import answering

        if line.startswith("/live"):
            self.live(int((re.findall(r"\d+", line) or ["20"])[0]))
            return f"{self.step} steps lived" + (
                "; it died, and answers for the last of them; --seed draws another life" if self.over else ""
            )
        asked = self.pages[-1].asked()
        if line.startswith("/view"):
            return "\n" + self._view()
        for pattern, reply in (
            (r"\bwhere\b", self._where),
            (r"\bwhy\b", self._why),
            (r"\bchange", self._changed),
            (r"\bsee\b|\blook", self._sees),
            (r"\bwant|\bneed|\bvalue", self._wants),
            (r"\bknow|\bbeliev|\bfruit", self._believes),
        ):
            if re.search(pattern, line.lower()):
                return reply(answering, asked, line.lower())
        return f"I can be asked: {HELP}"

    def _sees(self, answering: Any, asked: Any, line: str) -> str:
        things = answering.sees(self.mind, asked)
        return "I see " + (
            ", ".join(f"{one.what} {answering.direction(one.east, one.south)}" for one in things)
            or "nobody and nothing much"
        )

    def _where(self, answering: Any, asked: Any, line: str) -> str:
        if (person := re.search(r"\bperson \d+", line)) is not None:
            seen = [one for one in answering.sees(self.mind, asked) if one.what == person[0]]
            return answering.direction(seen[0].east, seen[0].south) if seen else f"I do not see {person[0]}"
        topics = [name.lower() for name in self.mind.innate.topics]
        named = [topic for topic, name in enumerate(topics) if topic and name in line]
        if not named:
            return f"where is what? I know of {', '.join(topics[1:])}, and whom I see (person 1)"
        place = answering.where(self.mind, asked, named[0])
        if place is None:
            return f"I do not know where {topics[named[0]]} is"
        source = "I was told so" if place.told else "I saw it"
        ago = "just now" if place.age == 0 else f"{place.age} step{'s' * (place.age > 1)} ago"
        return f"{answering.direction(place.east, place.south)}; {source} {ago}"

    def _wants(self, answering: Any, asked: Any, line: str) -> str:
        import numpy as np

        gains = np.asarray(answering.wants(self.mind, asked))
        goods = self.mind.innate.goods
        most = [int(good) for good in np.argsort(-gains)[:3]]
        return "most of all " + ", then ".join(f"{goods[good]} ({gains[good]:.2f} of my wellbeing)" for good in most)

    def _why(self, answering: Any, asked: Any, line: str) -> str:
        import numpy as np

        page = self._deed(line)
        drops = np.asarray(answering.why(self.mind, page.asked()))
        most = int(drops.argmax())
        deed = _done(page, self.mind.innate.hands[int(page.trace.act.hand)])
        if drops[most] < answering.PURPOSE:
            return f"I {deed} for no single need of mine"
        level = float(page.place.sensed.body[most])
        return (
            f"I {deed} for {self.mind.innate.goods[most]}, which was at {level:.2f}; "
            f"with my fill of it that would have been {np.exp(drops[most]):.1f} times less likely"
        )

    def _deed(self, line: str) -> Any:
        """The last page on which what is asked about was done; the last of all if nothing is named."""
        hands = self.mind.innate.hands
        named = [hand for hand, name in enumerate(hands) if name.lower() in line] or range(len(hands))
        named = [hands.index("EAT")] if "drink" in line else named
        return next((page for page in reversed(self.pages) if int(page.trace.act.hand) in named), self.pages[-1])

    def _changed(self, answering: Any, asked: Any, line: str) -> str:
        steps = int((re.findall(r"\d+", line) or ["24"])[0])
        then = self.pages[max(0, self.step - 1 - steps)].asked()
        changes = answering.changed(self.mind, then, asked)
        return "; ".join(f"{one.what}: {one.was or 'unknown'} -> {one.now}" for one in changes)

    def _believes(self, answering: Any, asked: Any, line: str) -> str:
        held = answering.beliefs(self.mind, asked.after)
        return ", ".join(f"fruit {look} is {quality or 'unknown to me'}" for look, quality in enumerate(held))

    def _view(self) -> str:
        import jax
        import numpy as np

        from inhabit.cli.view import LEGEND, above, beside, inside

        page = jax.tree.map(lambda leaf: np.asarray(leaf)[None], self.pages[-1])
        return beside([*above(page), "", *LEGEND], inside(page, self.mind))
