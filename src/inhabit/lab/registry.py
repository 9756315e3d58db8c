"""Every experiment of the house, by name."""

from inhabit.lab.craftax import CRAFTAX
from inhabit.lab.entropy import ENTROPY
from inhabit.lab.experiment import Experiment
from inhabit.lab.faculties import MIND
from inhabit.lab.fruit import FRUIT
from inhabit.lab.geometry import GEOMETRY
from inhabit.lab.memory import MEMORY
from inhabit.lab.norms import NORMS
from inhabit.lab.stand_in import STAND_IN
from inhabit.lab.wire import WIRE

EXPERIMENTS = (STAND_IN, WIRE, FRUIT, MEMORY, ENTROPY, NORMS, GEOMETRY, MIND, CRAFTAX)
"""In the order in which they are listed."""


def find(name: str) -> Experiment:
    """The experiment of that name.

    Raises:
        KeyError: There is none.
    """
    known = {one.name: one for one in EXPERIMENTS}
    if name not in known:
        raise KeyError(f"no experiment is called {name!r}; there are {', '.join(known) or 'none'}")
    return known[name]
