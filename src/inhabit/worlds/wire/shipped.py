"""Machines that come with the package, so that everything runs with no data."""

import numpy as np

from inhabit.worlds.wire.machine import Machine, minimal

Rule = dict[tuple[str, str], tuple[str, str]]


def build(name: str, inputs: tuple[str, ...], start: str, rule: Rule, otherwise: str) -> Machine:
    """A machine from the transitions that matter; any other input is answered with `otherwise` and changes nothing.

    Args:
        name: The machine's name.
        inputs: Every input.
        start: The state in which a connection begins.
        rule: `(state, input) -> (next state, output)`; the input `*` stands for all that are not named.
        otherwise: The answer to everything else.
    """
    states = tuple(dict.fromkeys([start, *(state for state, _ in rule), *(target for target, _ in rule.values())]))
    outputs = tuple(sorted({otherwise, *(output for _, output in rule.values())}))
    cells = [
        [rule.get((state, symbol), rule.get((state, "*"), (state, otherwise))) for symbol in inputs] for state in states
    ]
    following = np.array([[states.index(target) for target, _ in row] for row in cells], np.int32)
    answers = np.array([[outputs.index(output) for _, output in row] for row in cells], np.int32)
    return minimal(Machine(following, answers, inputs, outputs, 0, name))


def vending() -> Machine:
    """Coins up to four, tea for two and coffee for three; change is given back."""
    rule: Rule = {}
    for money in range(5):
        at = f"credit{money}"
        if money < 4:
            rule[at, "coin"] = (f"credit{money + 1}", "thanks")
        if money >= 2:
            rule[at, "tea"] = (f"credit{money - 2}", "tea")
        if money >= 3:
            rule[at, "coffee"] = (f"credit{money - 3}", "coffee")
        if money:
            rule[at, "return"] = ("credit0", f"change{money}")
    return build("vending", ("coin", "tea", "coffee", "return"), "credit0", rule, "no")


def login() -> Machine:
    """Three wrong passwords in a row lock the account; only the clerk, called while it is locked, opens it."""
    rule: Rule = {}
    for wrong in range(3):
        at, worse = f"out{wrong}", f"out{wrong + 1}" if wrong < 2 else "locked"
        rule[at, "right"] = ("in", "welcome")
        rule[at, "wrong"] = (worse, "denied")
    rule |= {("in", "read"): ("in", "page"), ("in", "logout"): ("out0", "bye"), ("in", "right"): ("in", "already")}
    rule |= {("locked", "right"): ("locked", "denied"), ("locked", "wrong"): ("locked", "denied")}
    rule["locked", "clerk"] = ("out0", "denied")
    return build("login", ("right", "wrong", "read", "logout", "clerk"), "out0", rule, "denied")


def handshake() -> Machine:
    """A server whose handshake takes six messages in order; any other message closes the line for good."""
    order = ("hello", "cookie", "key", "certificate", "verify", "finish")
    replies = ("challenge", "offer", "ok", "ok", "ok", "ready")
    rule: Rule = {("closed", "*"): ("closed", "nothing")}
    for step, (said, reply) in enumerate(zip(order, replies)):
        rule[f"step{step}", said] = (f"step{step + 1}", reply)
        rule[f"step{step}", "ping"] = (f"step{step}", "pong")
        rule[f"step{step}", "*"] = ("closed", "alert")
    rule |= {("step6", "data"): ("step6", "ack"), ("step6", "ping"): ("step6", "pong")}
    rule |= {("step6", "hello"): ("again", "offer"), ("step6", "*"): ("closed", "alert")}
    rule |= {
        ("again", "key"): ("step6", "ready"),
        ("again", "data"): ("again", "ack"),
        ("again", "*"): ("closed", "alert"),
    }
    return build("handshake", (*order, "ping", "data"), "step0", rule, "nothing")


def client() -> Machine:
    """The other side of the handshake: its inputs are the server's outputs, its outputs the server's inputs."""
    told = ("challenge", "offer", "ok", "ready", "ack", "pong", "alert", "nothing")
    rule: Rule = {
        ("start", "*"): ("greeted", "hello"),
        ("greeted", "challenge"): ("keyed", "cookie"),
        ("keyed", "offer"): ("certified", "key"),
        ("certified", "ok"): ("verified", "certificate"),
        ("verified", "ok"): ("finished", "verify"),
        ("finished", "ok"): ("open", "finish"),
        ("open", "ready"): ("open", "data"),
        ("open", "ack"): ("idle", "data"),
        ("idle", "ack"): ("idle2", "ping"),
        ("idle2", "pong"): ("renewing", "hello"),
        ("renewing", "offer"): ("open", "key"),
    }
    return build("client", told, "start", rule, "ping")


def counter(period: int = 24) -> Machine:
    """Ticks silently and rings every `period` ticks: right in short sessions is wrong in long ones."""
    rule: Rule = {(f"at{tick}", "tick"): (f"at{(tick + 1) % period}", "quiet") for tick in range(period)}
    rule[f"at{period - 1}", "tick"] = ("at0", "ring")
    rule |= {(f"at{tick}", "zero"): ("at0", "quiet") for tick in range(period)}
    return build("counter", ("tick", "zero", "look"), "at0", rule, "quiet")


def elevator(floors: int = 5) -> Machine:
    """Goes up and down with its door shut; says only whether it moved, and the floor when asked with the door open."""
    rule: Rule = {}
    for floor in range(floors):
        shut, wide = f"shut{floor}", f"open{floor}"
        if floor + 1 < floors:
            rule[shut, "up"] = (f"shut{floor + 1}", "moves")
        if floor:
            rule[shut, "down"] = (f"shut{floor - 1}", "moves")
        rule |= {(shut, "door"): (wide, "opens"), (wide, "door"): (shut, "shuts")}
        rule[wide, "look"] = (wide, f"floor{floor}")
    return build("elevator", ("up", "down", "door", "look"), "shut0", rule, "still")


SHIPPED: dict[str, Machine] = {
    machine.name: machine for machine in (vending(), login(), handshake(), client(), counter(), elevator())
}
"""The machines by name; `client` talks with `handshake`."""
