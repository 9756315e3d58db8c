"""Villagers live, and their talk is a log like any other: `python examples/village_log.py`, then `inhabit fit village.jsonl --twin`."""

import pathlib

import jax

from inhabit.records.writing import write
from inhabit.worlds.village import Village, lives


def main(path: str | pathlib.Path = "village.jsonl", villages: int = 24, days: int = 2, people: int = 4) -> int:
    record = lives.run(Village(people=people), villages=villages, days=days, key=jax.random.key(0))
    told = lives.lives(record)  # a life for each day of each villager: what it said, heard, did, saw and felt
    for message in told[0].messages[:8]:
        print(f"{message.role:10}{message.act:12}{message.content}")
    return write(path, told)


if __name__ == "__main__":
    print(main(), "lives written to village.jsonl")
