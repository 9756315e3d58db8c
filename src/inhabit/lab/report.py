"""The report: one page about a fitted population, how well it stands in for its makers and who they are."""

import html
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from inhabit.lab import pictures
from inhabit.lab.style import STYLE
from inhabit.learning.people import People

CARDS = 12
"""Makers shown with a card each."""
DOTS = 400
"""Makers drawn in the picture of the population."""
TRUTH = "truth"
"""The row of the maker's own rule, where a world knows it: what can be reached at best, and nobody's rival."""


def figures(people: People) -> dict[str, Any]:
    """Everything that the page shows, as plain JSON values."""
    codebook = people.codebook
    return {
        "card": dict(people.card),
        "makers": list(people.makers),
        "acts": list(codebook.acts),
        "heard": [act for act in codebook.heard if act],
        "goods": list(codebook.goods),
        "feels": list(codebook.feels),
        "ratings": list(codebook.ratings),
        "phrases": len(people.phrases),
        "people": {maker: _one(people, maker) for maker in people.makers[:CARDS]},
    }


def page(people: People, *, title: str) -> str:
    """The whole page: one HTML document that asks nothing of the net."""
    card = people.card
    sections = [
        _head(people, title),
        _fidelity(card.get("scores") or {}),
        _section(
            "How it learned",
            _curve(card),
            "Loss after each pass. The bold line is of makers who were not learned from: it chose when to stop.",
        ),
        _population(people),
        _makers(people),
        _acts(people),
        _aside(card),
    ]
    body = "\n".join(sections)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title>\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<style>{STYLE}</style></head>\n'
        f"<body><main>{body}\n<footer>Made by inhabit. Nothing on this page was fetched from anywhere.</footer>"
        "</main></body></html>\n"
    )


def _head(people: People, title: str) -> str:
    card, codebook = people.card, people.codebook
    held = card.get("held_out") or {}
    tiles = [
        (f"{len(people.makers):,}", "people"),
        (f"{card.get('lives', 0):,}", "lives fitted"),
        (f"{card.get('messages', 0):,}", "messages"),
        (f"{held.get('lives', 0):,}", f"lives held out, by {held['way']}" if held.get("lives") else "lives held out"),
        (f"{len(codebook.acts)}", "acts"),
        (f"{len(codebook.goods)}", "goods"),
        (_power(card.get("flops", 0.0)), "operations spent"),
    ]
    shown = "".join(f"<div><b>{number}</b><span>{html.escape(what)}</span></div>" for number, what in tiles)
    return f'<header><p class="over">inhabit · people</p><h1>{html.escape(title)}</h1><div class="tiles">{shown}</div></header>'


def _fidelity(scores: Mapping[str, Mapping[str, Any]]) -> str:
    title = "Do they stand in for their makers?"
    if not scores:
        return _section(title, '<p class="none">Not measured: fit with --holdout user or --holdout time.</p>')
    twin = any(one.get("twin") for one in scores.values())
    line = "On lives that no side has seen, with 95 % intervals over makers." + (
        "" if twin else " No twin was fitted; --twin fits the equal-compute language model too."
    )
    return _section(title, f'<p class="verdict">{html.escape(_verdict(scores))}</p>' + pictures.fidelity(scores), line)


def _verdict(scores: Mapping[str, Mapping[str, Any]]) -> str:
    """In how many measures the mind is ahead, beyond doubt or not, of the best of the others."""
    clear = sum(_ahead(one) for one in scores.values())
    behind = sum(_ahead(one, sign=-1) for one in scores.values())
    even = len(scores) - clear - behind
    parts = [(clear, "clearly ahead"), (even, "within the intervals"), (behind, "clearly behind")]
    told = ", ".join(f"{words} in {count}" for count, words in parts if count)
    return f"Against the best of the others the mind is {told} of {len(scores)} measures."


def _ahead(one: Mapping[str, Any], sign: int = 1) -> bool:
    """Whether the mind's interval lies wholly on the better (or, with -1, the worse) side of every rival's value."""
    upward = sign * (-1 if one.get("better") == "lower" else 1)
    others = {name: value for name, value in (one.get("baselines") or {}).items() if name != TRUTH}
    rivals = [value for value in (one.get("twin"), *others.values()) if value]
    if not rivals:
        return False
    better = -1 if one.get("better") == "lower" else 1
    best = max(better * value[0] for value in rivals)
    ends = [better * end for end in one["mind"]]
    return min(ends) > best if upward == better else max(ends) < best


def _curve(card: Mapping[str, Any]) -> str:
    return pictures.curve(card["curve"]) if card.get("curve") else '<p class="none">No curve was kept.</p>'


def _population(people: People) -> str:
    if not people.codebook.goods:
        return _section("What they value", '<p class="none">This log speaks of no goods.</p>')
    weights = np.array([np.asarray(people.own(maker).weights) for maker in _spread(people.makers, DOTS)])
    told = dict(zip(people.codebook.goods, weights.T))
    line = "A dot a maker, at what it is believed to weigh; below it the median and the middle 90 % of makers."
    return _section("What they value", pictures.population(told), line)


def _makers(people: People) -> str:
    cards = {maker: _one(people, maker) for maker in _spread(people.makers, CARDS)}
    top = 1.05 * max((one[2] for card in cards.values() for one in card["worth"].values()), default=1.0)
    drawn = "".join(_card(maker, card, top) for maker, card in cards.items())
    line = f"{len(cards)} of {len(people.makers):,}, with 90 % intervals. Patience 0 and temper 1 are the population's."
    return _section("Some of them", f'<div class="cards">{drawn}</div>', line)


def _card(maker: str, card: Mapping[str, Any], top: float) -> str:
    drawn = pictures.person(card["worth"], top) if card["worth"] else ""
    said = f"<blockquote>{html.escape(card['says'])}</blockquote>" if card["says"] else ""
    patience, temper = card["patience"], card["temper"]
    traits = (
        f"patience {patience[0]:+.2f} ({patience[1]:+.2f} to {patience[2]:+.2f}) · "
        f"temper ×{temper[0]:.2f} ({temper[1]:.2f} to {temper[2]:.2f})"
    )
    known = "values told by the log" if card["known"] else ""
    notes = " · ".join(part for part in (traits, known) if part)
    return f"<article><h3>{html.escape(maker)}</h3>{drawn}<p>{notes}</p>{said}</article>"


def _one(people: People, maker: str) -> dict[str, Any]:
    """What is believed of one maker."""
    said = [phrase.words for phrase in people.phrases if phrase.maker == maker]
    return {
        "worth": {good: [float(end) for end in ends] for good, ends in people.worth(maker).items()},
        **people.traits(maker),
        "known": bool(np.isfinite(people.known(maker)).any()),
        "says": max(said, key=lambda words: min(len(words), 140), default="")[:200],
    }


def _acts(people: People) -> str:
    counts: dict[str, int] = dict.fromkeys(people.codebook.acts, 0)
    for phrase in people.phrases:
        if phrase.plan.act in counts:
            counts[phrase.plan.act or ""] += 1
    most = max(counts.values(), default=0) or 1
    rows = "".join(
        f'<tr><td>{html.escape(act)}</td><td class="number">{count:,}</td>'
        f'<td class="bar"><i style="width:{100 * count / most:.1f}%"></i></td></tr>'
        for act, count in sorted(counts.items(), key=lambda pair: -pair[1])
    )
    line = "How often each act was spoken in the phrases kept; " + (
        "the acts were induced from the words, for the log names none."
        if people.names.acts
        else "the acts were read from the words."
        if people.names.lexicon
        else "the log names the acts."
    )
    return _section("What they do", f"<table>{rows}</table>", line)


def _aside(card: Mapping[str, Any]) -> str:
    told = card.get("set_aside") or {}
    if not told.get("count"):
        return _section("What was set aside", f'<p class="none">Nothing; {told.get("mended", 0):,} things mended.</p>')
    items = "".join(f"<li>{html.escape(str(line))}</li>" for line in told.get("first", [])[:20])
    more = f"<p>and {told['count'] - 20:,} more</p>" if told["count"] > 20 else ""
    return _section("What was set aside", f"<ul>{items}</ul>{more}", f"{told['count']:,} things could not be read.")


def _section(title: str, content: str, line: str = "") -> str:
    said = f'<p class="line">{html.escape(line)}</p>' if line else ""
    return f"<section><h2>{html.escape(title)}</h2>{said}{content}</section>"


def _spread(names: Sequence[str], most: int) -> Iterable[str]:
    """At most so many names, evenly taken."""
    return [names[i] for i in np.unique(np.linspace(0, len(names) - 1, min(most, len(names))).round().astype(int))]


def _power(number: float) -> str:
    """A large number in a few characters: `3.5 × 10¹²`."""
    if number < 1e6:
        return f"{number:,.0f}"
    exponent = math.floor(math.log10(number))
    raised = str(exponent).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{number / 10**exponent:.1f}×10{raised}"
