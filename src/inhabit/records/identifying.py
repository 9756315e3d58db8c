"""What can be identified from a log: for each part of a mind, whether the log holds what it is learned from.

A part that cannot be identified can still be simulated; it then comes from the population's prior, not from the data.
"""

import dataclasses

from inhabit.records.census import Census

ENOUGH = 20
"""Fewer occurrences than this do not identify a part of a mind."""
OWN_TURNS = 3
"""Turns from which a maker's own part can be told from the population's, at least roughly."""
_LIKINGS = ("satisfaction", "overall", "rating", "likeness", "score")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Identifiable:
    """One part of a mind.

    Attributes:
        what: The part.
        yes: Whether this log identifies it.
        why: What of the log says so.
        mend: What would make it identifiable; empty where it is.
    """

    what: str
    yes: bool
    why: str
    mend: str = ""


def identified(census: Census) -> tuple[Identifiable, ...]:
    """Say of each part of a mind whether the log identifies it."""
    parts = (_act, _leaving, _satisfaction, _from_talk, _from_choices, _own, _mood, _patience, _timing)
    return tuple(part(census) for part in parts)


def _say(what: str, yes: bool, why: str, mend: str) -> Identifiable:
    return Identifiable(what=what, yes=yes, why=why, mend="" if yes else mend)


def _act(census: Census) -> Identifiable:
    share = census.turns_with_act / max(census.turns, 1)
    why = f"{len(census.acts)} different acts on {share:.0%} of {census.turns:,} turns"
    yes = len(census.acts) > 1 and census.turns_with_act >= ENOUGH
    return _say("next act", yes, why, "name what each turn of the maker does (`act`)")


def _leaving(census: Census) -> Identifiable:
    turns = census.turns_per_life
    why = f"{census.lives:,} lives end, after {turns.low or 0:g} to {turns.high or 0:g} turns"
    yes = census.lives >= ENOUGH and turns.varies
    return _say("leaving", yes, why, f"bring at least {ENOUGH} whole conversations of different lengths")


def _satisfaction(census: Census) -> Identifiable:
    rated = census.ratings
    ends = [key for key in _LIKINGS if key in census.outcome_numbers and census.outcome_numbers[key].varies]
    if rated.varies and rated.count >= ENOUGH:
        share = rated.count / max(census.turns, 1)
        return _say("satisfaction", True, f"ratings from {rated.low:g} to {rated.high:g} on {share:.0%} of turns", "")
    if ends:
        return _say("satisfaction", True, f"at the end only: {', '.join(ends)} in the outcome", "")
    return _say(
        "satisfaction", False, f"{rated.count} ratings", "rate turns (`rating`) or lives (`outcome.satisfaction`)"
    )


def _from_talk(census: Census) -> Identifiable:
    named = census.lives_naming_goods
    why = f"{len(census.goods)} goods, named in the maker's words in {named:,} lives, values known in "
    why += f"{census.lives_with_values:,}"
    yes = named >= ENOUGH and (census.lives_with_values >= ENOUGH or census.choices >= ENOUGH)
    mend = "say what goods are worth to some makers (`values`) or record their choices, and keep the words"
    return _say("values from talk", yes, why, mend)


def _from_choices(census: Census) -> Identifiable:
    needed = max(ENOUGH, 5 * len(census.goods))
    each = census.choices / max(census.makers_with_choices, 1)
    why = f"{census.choices:,} choices over {len(census.goods)} goods, {each:.1f} to a maker who chose"
    yes = census.choices >= needed and len(census.goods) > 1 and (census.options.high or 0) > 1
    mend = f"record at least {needed} choices with their options (`choices`)"
    return _say("values from choices", yes, why, mend)


def _own(census: Census) -> Identifiable:
    turns = census.turns / max(census.makers, 1)
    why = f"{census.repeated_makers:,} of {census.makers:,} makers have several lives; {turns:.1f} turns a maker"
    if census.repeated_makers < 2:
        why += "; with one life each, what lasts in a person cannot be told from a passing state"
    yes = census.makers > 1 and (census.repeated_makers > 1 or turns >= OWN_TURNS)
    return _say("a person's own part", yes, why, "name makers (`maker`) so that their lives can be told to be theirs")


def _mood(census: Census) -> Identifiable:
    reports = sum(census.feels.values())
    why = f"the rating changes within {census.ratings_vary_within:,} lives; {reports:,} reports of feeling"
    yes = census.ratings_vary_within >= ENOUGH or reports >= ENOUGH
    return _say(
        "mood and what it shifts", yes, why, "rate several turns of a life (`rating`), or report feelings (`feels`)"
    )


def _patience(census: Census) -> Identifiable:
    why = f"makers heard the same words again {census.repeated_asks:,} times within a life"
    yes = census.repeated_asks >= ENOUGH and census.turns_per_life.varies and census.lives >= ENOUGH
    mend = "bring conversations in which the partner repeats itself, with their true ends"
    return _say("patience", yes, why, mend)


def _timing(census: Census) -> Identifiable:
    share = census.timed / max(census.messages, 1)
    why = f"{share:.0%} of messages have a time; the clock moves in {census.timed_lives:,} lives"
    return _say("timing", census.timed_lives >= ENOUGH, why, "keep each message's time (`time`)")
