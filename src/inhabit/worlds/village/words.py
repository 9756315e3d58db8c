"""The village's language in English: every utterance as a sentence that reads well, and back again.

A sentence is `opener, listener, core closer`. The core has phrasings in three manners (warm, plain, curt), two of
each; opener and closer go with the manner. Manner follows from goodwill and stress, so that words tell of the maker.
What is said (kind, topic, quality, place, whom) can be read back from any of them.
"""

import functools
import re
from collections.abc import Sequence

import numpy as np

from inhabit.worlds.village.acts import TOPICS, WHERES, Quality, Say, Topic

NAMES = tuple("Ada Ben Cora Dan Edda Finn Greta Hugo Ida Jon Kaya Leo Mina Noel Olga Per".split())
"""Names of the people of a village, in the order of their indices."""

LOOK_WORDS = (
    "red round berries",
    "blue long pods",
    "yellow curved fruit",
    "purple small plums",
    "green spiky nuts",
    "white soft figs",
)
"""How each look is called: its colour, its shape, and what kind of thing it seems to be."""

TOPIC_WORDS = ("something", "water", "the hearth", "a block", *(f"the {look}" for look in LOOK_WORDS))

OCTANTS = ("north", "north east", "east", "south east", "south", "south west", "west", "north west")

WHERE_WORDS = ("somewhere", *(f"{far} to the {octant}" for octant in OCTANTS for far in ("near here", "far away")))

LORE_WORDS = ("hard to judge", "filling and good to eat", "sweet as honey", "bad for the stomach", "without any taste")
"""What a fruit is said to be, in the order of `Quality`."""

WRONG_WORDS = (
    ("done wrong", "did wrong"),
    ("taken what was not yours", "took what belongs to somebody else"),
    ("asked without a greeting", "asked without a word of greeting"),
    ("kept food from the hungry", "would not share food with the hungry"),
    ("pestered a tired soul", "pestered somebody who was tired"),
)
"""Wrongs as they are complained of to whom did them, and as they are told of behind the back."""

FEELING_WORDS = (
    "not sure how I feel",
    "very hungry",
    "thirsty",
    "tired and want to sleep",
    "cold to the bone",
    "lonely",
    "well and content",
)
"""How one feels, from `Quality.HUNGRY` on; the first is nothing in particular."""

MANNERS = ("warm", "plain", "curt")

OPENERS = {
    "warm": ("", "dear friend", "good neighbour", "oh", "if I may"),
    "plain": ("", "well", "you know", "so", "look here"),
    "curt": ("", "listen", "hey you", "enough now", "hm"),
}

CLOSERS = {
    "warm": ("", "my dear", "if you please", "and be well", "with all my heart"),
    "plain": ("", "I think", "as it happens", "these days", "for my part"),
    "curt": ("", "and that is all", "got it", "once and for all", "or else"),
}

CORES: dict[Say, dict[str, tuple[str, str]]] = {
    Say.GREET: {
        "warm": ("a very good day to you", "how lovely to see you"),
        "plain": ("hello", "good day"),
        "curt": ("you again", "what is it now"),
    },
    Say.ASK_WHERE: {
        "warm": ("would you kindly tell me where I find {topic}", "could you show me the way to {topic}"),
        "plain": ("where is {topic}", "do you know where to find {topic}"),
        "curt": ("where do you keep {topic}", "tell me where {topic} is"),
    },
    Say.ASK_WHAT: {
        "warm": ("would you kindly tell me what you know of {topic}", "may I ask whether one can eat {topic}"),
        "plain": ("what is it like to eat {topic}", "can one eat {topic}"),
        "curt": ("say what {topic} will do to me", "is it safe to swallow {topic}"),
    },
    Say.ASK_FOR: {
        "warm": ("would you be so good as to let me have {topic}", "might I please have {topic}"),
        "plain": ("can I have {topic}", "may I take {topic} from you"),
        "curt": ("give me {topic}", "hand over {topic}"),
    },
    Say.OFFER: {
        "warm": ("please do help yourself to {topic}", "it would be a joy to share {topic} with you"),
        "plain": ("you may have {topic}", "take {topic} if you like"),
        "curt": ("all right, have {topic}", "fine, take {topic}"),
    },
    Say.REFUSE: {
        "warm": ("I am so sorry but I cannot help you with {topic}", "forgive me but I must keep {topic}"),
        "plain": ("I would rather not, not {topic}", "no, not {topic}"),
        "curt": ("keep away from {topic}", "you get nothing, least of all {topic}"),
    },
    Say.TELL_WHERE: {
        "warm": ("you will gladly find {topic} {where}", "let me show you, {topic} {where}"),
        "plain": ("there is {topic} {where}", "look for {topic} {where}"),
        "curt": ("go and get {topic} {where}", "use your eyes, {topic} {where}"),
    },
    Say.TEACH: {
        "warm": ("you should know that {topic} will prove {lore}", "I am happy to say that I found {topic} {lore}"),
        "plain": ("I found {topic} {lore}", "one learns that {topic} will be {lore}"),
        "curt": ("everybody knows that {topic} will be {lore}", "plainly {topic} will be {lore}"),
    },
    Say.WARN: {
        "warm": ("please take care, {topic} will turn out {lore}", "I would hate to see you eat {topic}, it is {lore}"),
        "plain": ("do not eat {topic}, it is {lore}", "beware of {topic}, it is {lore}"),
        "curt": ("leave {topic} alone, it is {lore}", "only a fool eats {topic}, it is {lore}"),
    },
    Say.THANK: {
        "warm": ("I thank you from my heart", "how very kind of you"),
        "plain": ("thank you", "many thanks"),
        "curt": ("thanks then", "about time"),
    },
    Say.COMPLAIN: {
        "warm": ("it saddens me that you have {done}", "I did not expect that you have {done}"),
        "plain": ("I mind that you have {done}", "it is not right that you have {done}"),
        "curt": ("shame on you, you have {done}", "never again, you have {done}"),
    },
    Say.GOSSIP: {
        "warm": ("I hear from afar that {subject} {rumour}", "they tell me that {subject} {rumour}"),
        "plain": ("people tell that {subject} {rumour}", "it is said that {subject} {rumour}"),
        "curt": ("just think, {subject} {rumour}", "mark my words, {subject} {rumour}"),
    },
    Say.FEEL: {
        "warm": ("I must confess that I am {feeling}", "to tell you the truth I am {feeling}"),
        "plain": ("I am {feeling}", "today I feel that I am {feeling}"),
        "curt": ("can you not see that I am {feeling}", "I tell you I am {feeling}"),
    },
}
"""What is said, by kind and manner. `{topic}` and the others are filled from the tables above."""

SLOTS = {kind: frozenset(re.findall(r"{(\w+)}", cores["plain"][0])) for kind, cores in CORES.items()}
"""Which of the words of an utterance each kind uses."""

RUMOUR = "claims of {topic} that it is {lore}"
"""What is told of somebody's opinion; of somebody's wrongs, the second half of `WRONG_WORDS`."""

PHRASES = 2
"""Phrasings of each kind in each manner."""


def manner_of(goodwill: float, stress: float) -> int:
    """How one speaks to somebody: 0 warmly, 1 plainly, 2 curtly."""
    if stress > 0.4 or goodwill < 0:
        return 2
    return 0 if goodwill > 0.45 else 1


def canonical(said: Sequence[int]) -> tuple[int, int, int, int, int]:
    """An utterance without the words that its kind does not use."""
    kind, topic, quality, where, whom = (int(word) for word in said)
    if kind == Say.SILENCE:
        return (0, 0, 0, 0, 0)
    uses = SLOTS[Say(kind)]
    wrong = quality - Quality.TOOK + 1
    accuses = kind == Say.GOSSIP and 1 <= wrong <= 4
    lore = quality if quality < len(LORE_WORDS) else 0
    felt = quality if Quality.HUNGRY <= quality <= Quality.WELL else 0
    if "done" in uses:
        quality = quality if 1 <= wrong <= 4 else 0
    elif "feeling" in uses:
        quality = felt
    elif "lore" in uses or "rumour" in uses:
        quality = quality if accuses else lore
    else:
        quality = 0
    topic = topic if "topic" in uses or ("rumour" in uses and not accuses) else 0
    return kind, topic, quality, where if "where" in uses else 0, whom


def sentence(said: Sequence[int], names: Sequence[str] = NAMES, *, manner: int = 1, chance: float = 0.0) -> str:
    """An utterance in words; empty for silence.

    Args:
        said: The five words of an utterance.
        names: Of the people of the village.
        manner: 0 warm, 1 plain, 2 curt.
        chance: From 0 to 1: which phrasing, opener and closer; half have no opener, half no closer; 0 is the barest.
    """
    kind, topic, quality, where, whom = canonical(said)
    if kind == Say.SILENCE:
        return ""
    tone = MANNERS[manner]
    index = int(chance * PHRASES * 100)
    core = CORES[Say(kind)][tone][index % PHRASES]
    opener = OPENERS[tone][max(index // PHRASES % 10 - 5, 0)]
    closer = CLOSERS[tone][max(index // (PHRASES * 10) % 10 - 5, 0)]
    listener = names[whom - 1] if whom and kind != Say.GOSSIP else ""
    text = core.format(**_filled(topic, quality, where, names[whom - 1] if whom else "somebody"))
    return " ".join([f"{part}," for part in (opener, listener) if part] + [text] + ([closer] if closer else []))


def _filled(topic: int, quality: int, where: int, subject: str) -> dict[str, str]:
    wrong = quality - Quality.TOOK + 1
    lore = LORE_WORDS[quality if quality < len(LORE_WORDS) else 0]
    accuses = 1 <= wrong < len(WRONG_WORDS)
    told = WRONG_WORDS[wrong][1] if accuses else RUMOUR.format(topic=TOPIC_WORDS[topic], lore=lore)
    return {
        "topic": TOPIC_WORDS[topic],
        "lore": lore,
        "where": WHERE_WORDS[where],
        "done": WRONG_WORDS[wrong if accuses else 0][0],
        "rumour": told,
        "subject": subject,
        "feeling": FEELING_WORDS[max(quality - Quality.HUNGRY + 1, 0)],
    }


def parse(text: str, names: Sequence[str] = NAMES) -> tuple[int, int, int, int, int]:
    """Read a sentence back.

    Raises:
        ValueError: It is none of this language.
    """
    if not text:
        return (0, 0, 0, 0, 0)
    for kind, pattern in _patterns(tuple(names)):
        if found := pattern.fullmatch(text):
            return _understood(kind, {name: part for name, part in found.groupdict().items() if part}, names)
    raise ValueError(f"{text!r} is not said in this village; sentences are made by `sentence`")


def _understood(kind: Say, found: dict[str, str], names: Sequence[str]) -> tuple[int, int, int, int, int]:
    topic = TOPIC_WORDS.index(found["topic"]) if "topic" in found else 0
    where = WHERE_WORDS.index(found["where"]) if "where" in found else 0
    quality = LORE_WORDS.index(found["lore"]) if "lore" in found else 0
    for name, half in (("done", 0), ("wrong", 1)):
        if name in found:
            wrong = [words[half] for words in WRONG_WORDS].index(found[name])
            quality = Quality.TOOK + wrong - 1 if wrong else 0
    if "feeling" in found:
        felt = FEELING_WORDS.index(found["feeling"])
        quality = Quality.HUNGRY + felt - 1 if felt else 0
    whom = found.get("listener") or found.get("subject", "somebody")
    return int(kind), topic, int(quality), where, 1 + names.index(whom) if whom in names else 0


@functools.cache
def _patterns(names: tuple[str, ...]) -> tuple[tuple[Say, re.Pattern[str]], ...]:
    """One pattern for each core, of which exactly one fits any sentence."""

    def either(name: str, options: Sequence[str]) -> str:
        return f"(?P<{name}>" + "|".join(re.escape(one) for one in sorted(options, key=len, reverse=True)) + ")"

    claim = (
        re.escape(RUMOUR)
        .replace(r"\{topic\}", either("topic", TOPIC_WORDS))
        .replace(r"\{lore\}", either("lore", LORE_WORDS))
    )
    slots = {
        "topic": either("topic", TOPIC_WORDS),
        "lore": either("lore", LORE_WORDS),
        "where": either("where", WHERE_WORDS),
        "done": either("done", [words[0] for words in WRONG_WORDS]),
        "rumour": f"(?:{either('wrong', [words[1] for words in WRONG_WORDS])}|{claim})",
        "subject": either("subject", [*names, "somebody"]),
        "feeling": either("feeling", FEELING_WORDS),
    }
    patterns = []
    for kind, manners in CORES.items():
        for tone, cores in manners.items():
            opener = "(?:(?:" + "|".join(filter(None, OPENERS[tone])) + "), )?"
            closer = "(?: (?:" + "|".join(filter(None, CLOSERS[tone])) + "))?"
            for core in cores:
                body = re.sub(r"\\{(\w+)\\}", lambda slot: slots[slot.group(1)], re.escape(core))
                whole = f"{opener}(?:{either('listener', names)}, )?{body}{closer}"
                patterns.append((kind, re.compile(whole)))
    return tuple(patterns)


def vocabulary() -> frozenset[str]:
    """Every word that can be said, names apart."""
    texts = [core for manners in CORES.values() for cores in manners.values() for core in cores]
    for table in (OPENERS, CLOSERS):
        texts += [part for parts in table.values() for part in parts]
    texts += [*TOPIC_WORDS, *WHERE_WORDS, *LORE_WORDS, *FEELING_WORDS, RUMOUR, "somebody"]
    texts += [half for words in WRONG_WORDS for half in words]
    words = " ".join(texts).replace(",", " ").split()
    return frozenset(word for word in words if "{" not in word)


def utterances(rng: np.random.Generator, number: int, people: int) -> np.ndarray:
    """Draw utterances, sensible or not: rows of five words."""
    most = (len(Say), TOPICS, len(Quality), WHERES, people + 1)
    return np.stack([rng.integers(0, top, number) for top in most], 1)


def topic_of(look: int) -> int:
    """The topic of the fruit of a look."""
    return Topic.FRUIT + look
