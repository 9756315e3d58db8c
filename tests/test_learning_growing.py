"""A mind's school in a file: a break changes nothing, to the byte."""

import pytest

from inhabit.learning.growing import Growth
from inhabit.learning.schooling import Schooling


@pytest.mark.slow  # compiles a whole lesson in a village: about a minute
def test_a_mind_that_was_saved_and_opened_between_lessons_grows_to_the_same_bytes(tmp_path):
    school = Schooling(lives=4, steps=8, births=2, minibatches=2, watching=0.5, weaned=6)
    start = Growth.begin(seed=3, schooling=school)
    half = start.go_on(2)
    half.go_on(2).save(tmp_path / "whole.mind")
    half.save(tmp_path / "half.mind")
    again = Growth.open(tmp_path / "half.mind")
    assert again.schooling == school and again.curve == half.curve and again.lessons == 2
    again.go_on(2).save(tmp_path / "broken.mind")
    assert (tmp_path / "broken.mind").read_bytes() == (tmp_path / "whole.mind").read_bytes()
    assert (tmp_path / "broken.mind").read_bytes() != (tmp_path / "half.mind").read_bytes()
