"""A tiny population that was never fitted: quick to make, good enough for whatever only shows or serves people."""

import functools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from inhabit.learning.codebook import Codebook
from inhabit.learning.fitting import phrases, shape_of
from inhabit.learning.names import Names
from inhabit.learning.people import People
from inhabit.mind.person.own import Belief, own_size
from inhabit.mind.person.person import Person
from inhabit.senses.text import Ear, inverse_frequency
from inhabit.types import LEAVE, Life, Message

GOODS = ("food", "water")
CARD = {
    "lives": 12,
    "makers": 3,
    "messages": 60,
    "seed": 0,
    "flops": 3.5e9,
    "curve": [[2.0, 2.1], [1.5, 1.8], [1.2, 1.9]],
    "held_out": {"way": "user", "lives": 4, "makers": 1},
    "set_aside": {"count": 1, "mended": 2, "first": ["log.jsonl:3: expected <JSON>; mend it"]},
    "scores": {
        "next act, nats": {
            "mind": [0.9, 0.8, 1.0],
            "twin": [1.2, 1.1, 1.3],
            "baselines": {"frequencies": [1.6, 1.5, 1.7]},
            "unit": "nats a turn",
            "better": "lower",
        }
    },
}


def tiny_lives() -> list[Life]:
    """Twelve talks of three makers over two goods."""
    found = []
    for number in range(12):
        own, other = GOODS[number % 2], GOODS[(number + 1) % 2]
        said = (
            ("assistant", "Hello, what do you need?", "greet", {}),
            ("user", f"I really need {own}, my friend.", "ask", {own: "ask"}),
            ("assistant", f"May I have the {own} too?", "ask", {own: "ask"}),
            ("user", f"No, but you can have the {other}.", "refuse", {own: "refuse", other: "offer"}),
            ("assistant", "Fine, deal.", "agree", {}),
            ("user", "Deal! Thank you.", "agree", {}),
        )
        rated = {5: 2.0 + number % 2}
        messages = tuple(
            Message(role=r, content=c, act=a, stances=s, rating=rated.get(place))
            for place, (r, c, a, s) in enumerate(said)
        )
        maker = ("ann", "bob", "<cy>")[number % 3]
        found.append(Life(id=str(number), maker=maker, messages=messages, values={own: 5.0, other: 3.0}))
    return found


@functools.cache
def tiny_people() -> People:
    """People who hear, feel and act, though nobody ever taught them to; they never leave."""
    lives = tiny_lives()
    called = {good: (good,) for good in GOODS}
    ear = Ear.learned((m.content for life in lives for m in life.messages), size=60, least=1, length=12, goods=called)
    codebook = Codebook.learn(lives, ear=ear)
    shape = shape_of(codebook)
    words = np.asarray(codebook.lessons(lives).percepts.words).reshape(-1, ear.length)
    weight = inverse_frequency(words, ear.buckets)
    person = Person.create(weight=weight, **shape, sense=8, situation=8, about=6, key=jax.random.key(0))
    stays = jnp.zeros_like(person.policy.base.layers[-1].bias).at[codebook.acts.index(LEAVE)].set(-30.0)
    person = eqx.tree_at(
        lambda p: (p.policy.end.bias, p.policy.base.layers[-1].bias), person, (jnp.full(1, -30.0), stays)
    )
    own = own_size(len(GOODS))
    makers = ("ann", "bob", "<cy>")
    return People(
        person=person,
        codebook=codebook,
        makers=makers,
        beliefs=Belief(0.1 * jnp.ones((3, own)), jnp.stack([2 * jnp.eye(own)] * 3)),
        values=np.array([[5, 3], [3, 5], [np.nan, np.nan]], np.float32),
        phrases=phrases(lives),
        called=called,
        names=Names(),
        shape=shape | {"aimed": list(codebook.aimed_mask), "sense": 8, "situation": 8, "about": 6},
        card=CARD,
    )
