"""The peer in the six tasks: `titans-pytorch` learns from the same lives in its own Python, and foretells the same tests."""

import json
import pathlib
import subprocess
import tempfile
from typing import Any

import numpy as np

from inhabit.lab.memory_tasks import Lives

_SCRIPT = """
import json, sys, numpy as np, torch
from titans_pytorch import MemoryMLP, NeuralMemory
from torch.utils.flop_counter import FlopCounterMode
folder, seed, rate, width = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), 24
torch.manual_seed(seed); torch.set_num_threads(1)
def read(name):
    file = np.load(f"{folder}/{name}.npz")
    return [torch.tensor(file[side]) for side in ("cues", "values", "truth", "asked")]
class Foreteller(torch.nn.Module):
    def __init__(self, keys, values):
        super().__init__()
        self.store, self.ask = torch.nn.Linear(keys + values, width), torch.nn.Linear(keys, width)
        self.memory = NeuralMemory(dim=width, chunk_size=1, batch_size=1, heads=1, model=MemoryMLP(width, depth=2),
            default_step_transform_max_lr=0.1, init_adaptive_step_bias=-2.0, init_momentum_bias=-2.0, init_decay_bias=-4.0)
        self.say = torch.nn.Linear(width, values)
    def forward(self, cues, values):
        stored = self.store(torch.cat([cues, values], -1))
        before = torch.cat([torch.zeros_like(stored[:, :1]), stored[:, :-1]], 1)
        return self.say(self.memory(self.ask(cues), store_seq=before)[0])
def errors(cues, values, truth, asked):
    said = model(cues, values)
    return (((said - truth) ** 2).mean(-1) * asked).sum(-1) / asked.sum(-1)
def loss(sides):
    flat = [side.flatten(0, 1) for side in sides]
    return torch.log(errors(*flat).view(sides[0].shape[:2]).mean(1) + 1e-4).mean()
lessons, held = read("lessons"), read("held")
model = Foreteller(lessons[0].shape[-1], lessons[1].shape[-1])
optimiser = torch.optim.Adam(model.parameters(), rate)
schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, len(lessons[0]))
best, least = None, float("inf")
for at in range(len(lessons[0])):
    optimiser.zero_grad()
    loss([side[at] for side in lessons]).backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimiser.step(); schedule.step()
    if at % 10 == 9 or at + 1 == len(lessons[0]):
        with torch.no_grad():
            now = loss(held).item()
        if now < least:
            best, least = {k: v.clone() for k, v in model.state_dict().items()}, now
if best:
    model.load_state_dict(best)
found = {}
with torch.no_grad():
    for name in json.loads(sys.argv[4]):
        found[name] = errors(*read(name)).tolist()
    one = [side[:1] for side in read("regression")]
    with FlopCounterMode(display=False) as counter:
        model(*one[:2])
print(json.dumps({"errors": found, "flops": counter.get_total_flops() / one[0].shape[1],
    "size": sum(part.numel() for part in model.parameters())}))
"""
RATE = 0.01
"""Of its Adam. By lives of seed 7 it learned most so, in small steps: by its own first steps gradients reach 1e8."""


def peer(python: str, lessons: list[Lives], held: Lives, tests: dict[str, Lives], *, seed: int) -> dict[str, Any]:
    """Train the peer and test it.

    Args:
        python: That has `torch` and `titans-pytorch`.
        lessons: Lives of each lesson, task by task.
        held: By which the weights are chosen, task by task.
        tests: By name.
        seed: Of its weights.

    Returns:
        `errors` of each test life by name, `flops` of an event (matrix products only, those of its own gradients
        included) and `size`, how many numbers it learns.

    Raises:
        subprocess.CalledProcessError: It failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        for name, one in {"held": held, **tests}.items():
            _save(pathlib.Path(folder) / name, [one.cues, one.values, one.truth, one.asked])
        every = [np.stack(side) for side in zip(*([one.cues, one.values, one.truth, one.asked] for one in lessons))]
        _save(pathlib.Path(folder) / "lessons", every)
        words = [python, "-c", _SCRIPT, folder, str(seed), str(RATE), json.dumps(list(tests))]
        done = subprocess.run(words, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def _save(path: pathlib.Path, sides: list[np.ndarray]) -> None:
    cues, values, truth, asked = sides
    np.savez(path, cues=cues, values=values, truth=truth, asked=asked)
