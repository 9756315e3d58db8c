"""Standing in: what is set from outside is what the person lives by."""

import dataclasses

import jax
import numpy as np

from inhabit.learning.standing import Intervention, StandIn
from inhabit.speech.mouths import Wordless
from tests.tiny import tiny_people


def test_a_value_set_from_outside_holds_beside_what_is_believed_of_the_others():
    fitted = tiny_people()
    people = dataclasses.replace(fitted, values=np.full_like(fitted.values, np.nan))
    good, *others = range(len(people.codebook.goods))
    before = StandIn(people, Wordless(), maker=people.makers[0]).begin(key=jax.random.key(0))
    among = {people.codebook.goods[good]: 7.0}

    swayed = StandIn(people, Wordless(), maker=people.makers[0], intervention=Intervention(values=among))
    after = swayed.begin(key=jax.random.key(0))

    was, now = (np.asarray(people.person.own(talk.state).weights) for talk in (before, after))
    np.testing.assert_allclose(now[good] / now[others], 7.0 / was[others], rtol=1e-4)
