import dataclasses
import html.parser
import re

from inhabit.lab.report import _verdict, figures, page

from .tiny import CARD, tiny_people


class Tags(html.parser.HTMLParser):
    """Gathers tags and the addresses that they would fetch."""

    VOID = frozenset({"meta", "br", "link", "img"})

    def __init__(self):
        super().__init__()
        self.open, self.fetched, self.closed = [], [], []

    def handle_starttag(self, tag, attrs):
        self.open += [tag] * (tag not in self.VOID)
        self.fetched += [v for k, v in attrs if k in ("src", "href", "xlink:href") and v and not v.startswith("#")]

    def handle_endtag(self, tag):
        self.closed.append(tag)


def test_the_page_is_whole_and_fetches_nothing():
    text = page(tiny_people(), title="people.mind")
    tags = Tags()
    tags.feed(text)
    assert sorted(tags.open) == sorted(tags.closed)
    assert tags.fetched == [] and "@import" not in text and "url(http" not in text


def test_words_of_a_log_are_shown_not_obeyed():
    text = page(tiny_people(), title="<script>alert(1)</script>")
    assert "<script" not in text and "&lt;cy&gt;" in text and "expected &lt;JSON&gt;" in text


def test_the_same_people_give_the_same_bytes():
    assert page(tiny_people(), title="a") == page(tiny_people(), title="a")


def test_colours_come_from_the_page_and_ids_do_not_meet():
    text = page(tiny_people(), title="a")
    assert not re.search(r"#0[1-6]0[1-6]0[1-6]", text) and "var(--mind)" in text
    svgs = re.findall(r"<svg.*?</svg>", text, re.DOTALL)
    assert len(svgs) == 3 + 3  # fidelity, curve, population and a card each
    assert "twin" in svgs[0] and "frequencies" in svgs[0]


def test_people_without_goods_scores_or_curve_have_a_page_too():
    bare = dataclasses.replace(tiny_people(), card={})
    assert "Not measured" in page(bare, title="a") and "No curve" in page(bare, title="a")
    assert figures(bare)["card"] == {}


def one(mind, rival, better="lower"):
    return {"mind": mind, "twin": None, "baselines": {"table": rival}, "better": better}


def test_the_verdict_goes_by_the_intervals():
    scores = {
        "a": one([1.0, 0.9, 1.1], [1.2, 1.1, 1.3]),
        "b": one([1.0, 0.9, 1.3], [1.2, 1.1, 1.3]),
        "c": one([1.0, 0.9, 1.1], [0.5, 0.4, 0.6]),
        "d": one([0.9, 0.8, 0.95], [0.5, 0.4, 0.6], better="higher"),
    }
    assert _verdict(scores) == (
        "Against the best of the others the mind is clearly ahead in 2, within the intervals in 1, clearly behind in 1 "
        "of 4 measures."
    )
    assert "clearly ahead in 1 of 1" in _verdict(CARD["scores"])
    known = {"nats": one([1.0, 0.9, 1.1], [1.2, 1.1, 1.3])}
    known["nats"]["baselines"]["truth"] = [0.5, 0.4, 0.6]
    assert "clearly ahead in 1 of 1" in _verdict(known)
