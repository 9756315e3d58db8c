"""Fit people to a market whose truth is known, and ask one of them what bread is worth; then stress them and talk."""

import jax

from inhabit.learning.fitting import Settings, fit_people
from inhabit.learning.listening import Schedule
from inhabit.learning.standing import Intervention, StandIn
from inhabit.speech.recall import RecallMouth
from inhabit.types import Message
from inhabit.worlds.market.lives import lives
from inhabit.worlds.market.world import run


def main(makers: int = 16, meetings: int = 4, epochs: int = 4) -> list[str]:
    log = lives(run(makers=makers, meetings=meetings, key=jax.random.key(0)))
    settings = Settings(schedule=Schedule(epochs=epochs, batch=16), vocabulary=400, length=24)
    people = fit_people(log, settings=settings)
    who = people.makers[0]
    print({good: f"{value:.2f} ({low:.2f}-{high:.2f})" for good, (value, low, high) in people.worth(who).items()})

    said = []
    mouth = RecallMouth(people.phrases, people.called)
    for stress in (0.0, 0.9):
        person = StandIn(people, mouth, who, Intervention(mood={"stress": stress}))
        talk = person.begin(key=jax.random.key(1))
        talk = person.hear(
            talk, Message(role="partner", content="give me the bread", act="ask", stances={"bread": "ask"})
        )
        talk, reply = person.reply(talk, key=jax.random.key(2))
        said.append(f"stress {stress}: {reply.plan.act} - {reply.message.content!r}")
    print("\n".join(said))
    return said


if __name__ == "__main__":
    main()
