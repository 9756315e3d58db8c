import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from inhabit.worlds import market
from inhabit.worlds.market import rule
from inhabit.worlds.market.lives import Truth, stances_of
from inhabit.worlds.market.makers import PARAMETERS
from inhabit.worlds.market.options import ACT_OF, ACTS, GIVES, GOODS, OPTIONS
from inhabit.worlds.market.words import CORES, vocabulary
from inhabit.worlds.market.world import pairings


@pytest.fixture(scope="module")
def record():
    return market.run(makers=128, meetings=6, key=jax.random.key(0))


@pytest.fixture(scope="module")
def told(record):
    return market.lives(record)


@pytest.fixture(scope="module")
def plain(record):
    return jax.tree.map(np.asarray, record.events)


@pytest.fixture(scope="module")
def chances():
    return jax.jit(jax.vmap(market.option_probabilities))


def situation(**changes):
    usual = market.Maker.from_unconstrained(jnp.zeros(len(PARAMETERS)))
    makers = jax.tree.map(lambda leaf: jnp.stack([leaf, leaf]), usual)
    start = market.Situation.start(makers, jnp.ones((2, 4)), jnp.ones((2, 4)), jnp.zeros(2))
    return eqx.tree_at(lambda s: [getattr(s, name) for name in changes], start, list(changes.values()))


def index(text):
    return [str(option) for option in OPTIONS].index(text)


def test_a_first_unit_sates_as_it_is_taken_in():
    usual = market.Maker.from_unconstrained(jnp.zeros(len(PARAMETERS)))
    maker = eqx.tree_at(lambda m: m.set_point, usual, jnp.array([1.0, 1.0, 3.0, 3.0]))
    known = Truth(names=("ann",), makers=jax.tree.map(lambda leaf: leaf[None], maker))
    soon, late = (1 - np.exp(-1.5)) / 1.5, (1 - np.exp(-0.5)) / 0.5
    share = np.array([soon, soon, late, late]) / (2 * soon + 2 * late)
    np.testing.assert_allclose(list(known.firsts("ann").values()), share, rtol=1e-5)
    assert list(known.weights("ann").values()) == [0.25] * 4


def test_the_rule_by_hand():
    # all values, set points and patience 1, one unit eaten and one held of everything, stress 0, load 0
    worth = np.array([1.0] * 4)
    up = (np.exp(-1.5 * 2) - np.exp(-1.5 * 3)) / 1.5
    down = (np.exp(-1.5 * 1) - np.exp(-1.5 * 2)) / 1.5
    asked = jnp.array([0.0, 1.0, 0.0, 0.0])
    offered = jnp.array([1.0, 0.0, 0.0, 0.0])
    got = np.asarray(rule.utilities(situation(want=asked, give=offered, pestered=jnp.array([2.0, 0.0]))))
    assert got[index("greet")] == pytest.approx(2.5 - 2.5)
    assert got[index("ask for honey")] == pytest.approx(-2.6 + 5 * up * worth[3] - 2.5, rel=1e-4)
    assert got[index("offer tea for honey")] == pytest.approx(-2.2 + 5 * (up - down), rel=1e-4)
    assert got[index("accept")] == pytest.approx(1.5 + 4 * (up - down), rel=1e-4)
    assert got[index("refuse need")] == pytest.approx(-0.6 + np.exp(-3), rel=1e-4)
    assert got[index("refuse full")] == pytest.approx(0.0, abs=1e-5)
    assert got[index("complain")] == pytest.approx(-3.2 + 3.5 * 2, rel=1e-5)
    assert got[index("eat tea")] == pytest.approx(-1.4 + 3.5 * (np.exp(-1.5) - np.exp(-3)) / 1.5 - 2.5, rel=1e-4)
    assert got[index("leave")] == pytest.approx(-2.6 + 2 - 2.5, rel=1e-5)


def test_only_what_is_possible_is_done():
    poor = situation(holdings=jnp.array([[0.0, 1, 1, 1], [1.0, 0, 1, 1]]))
    open_ = {str(option) for option, yes in zip(OPTIONS, np.asarray(rule.possible(poor))) if yes}
    assert "eat bread" not in open_ and "offer bread for tea" not in open_ and "eat apples" in open_
    assert "ask for apples" not in open_ and "ask for bread" in open_ and "offer tea for apples" not in open_
    assert not open_ & {"accept", "refuse plain", "refuse full"}
    asked = eqx.tree_at(lambda s: s.want, poor, jnp.array([1.0, 0, 0, 0]))
    open_ = {str(option) for option, yes in zip(OPTIONS, np.asarray(rule.possible(asked))) if yes}
    assert "accept" not in open_ and "refuse plain" in open_ and "refuse dislike" not in open_


def test_goods_are_conserved(record, plain):
    eaten = (GIVES[plain.option] * (ACT_OF[plain.option] == ACTS.index("eat"))[..., None] * plain.done[..., None]).sum(
        1
    )
    before = np.asarray(record.starts.holdings).sum(1)
    np.testing.assert_array_equal(before, np.asarray(record.ends.holdings).sum(1) + eaten)
    assert np.asarray(record.ends.holdings).min() >= 0


def test_talks_are_of_a_natural_length_and_moods_stay_in_bounds(record, plain):
    lengths = plain.done.sum(1)
    assert np.quantile(lengths, 0.25) >= 6 and np.median(lengths) <= 18
    assert 0.75 <= np.asarray(record.ends.over).mean() <= 0.98
    assert plain.mood[..., 0].min() >= 0 and plain.mood.max() <= 1 and plain.mood.min() >= -1


def test_the_stressed_leave_and_complain_more(plain):
    stress, acts = plain.mood[:, :, 0, 0][plain.done], ACT_OF[plain.option][plain.done]
    for act, times in (("leave", 3), ("complain", 3)):
        did = acts == ACTS.index(act)
        assert did[stress > 0.5].mean() > times * did[stress < 0.2].mean()


def test_a_full_stomach_asks_less_and_a_heavier_weight_asks_more(record, chances):
    starts, ask = record.starts, index("ask for honey")
    full = jax.vmap(lambda s: market.intervene(s, levels=s.levels[0].at[3].set(6.0)))(starts)
    empty = jax.vmap(lambda s: market.intervene(s, levels=s.levels[0].at[3].set(0.0)))(starts)
    loved = jax.vmap(lambda s: market.intervene(s, weights=jnp.array([1.0, 1, 1, 5])))(starts)
    asks = [float(chances(s)[:, ask].mean()) for s in (full, starts, empty, loved)]
    assert asks[0] < 0.85 * asks[1] and 1.5 * asks[0] < asks[2] and asks[1] < asks[3]


def test_a_meeting_comes_back_as_it_stood(record, plain):
    where = jax.jit(market.situation_at)
    for meeting, turn in ((0, 0), (3, 5), (9, 2)):
        now = where(record, meeting, turn)
        np.testing.assert_allclose(now.mood, plain.mood[meeting, turn], rtol=1e-5)
        np.testing.assert_array_equal(now.holdings, plain.holdings[meeting, turn])


def test_both_sides_tell_the_same_meeting(told):
    for one, other in zip(told[::2], told[1::2]):
        assert [m.content for m in one.messages] == [m.content for m in other.messages]
        assert all({a.role, b.role} == {"user", "partner"} for a, b in zip(one.messages, other.messages))
        assert one.outcome["partner"] == other.maker
        assert all(a.sees["own"] != {} and set(a.feels) == set(GOODS) for a in one.messages)


def test_lives_hide_what_is_hidden(told):
    for life in told[:50]:
        assert not life.values and not life.traits and set(life.feels) == {*GOODS, "stress"}
        assert all(m.rating is None for m in life.messages)


def test_choices_are_the_answers_to_offers(told):
    for life in told:
        answers = {i for i, m in enumerate(life.messages) if m.role == "user" and m.act in ("accept", "refuse")}
        assert {choice.at for choice in life.choices} == answers
        for choice in life.choices:
            assert choice.chosen == ("accept", "refuse").index(life.messages[choice.at].act)
            said = life.messages[choice.at - 1]
            assert said.role == "partner" and said.act in ("ask", "offer")
            lost = [good for good, stance in said.stances.items() if stance == "ask"]
            assert all(choice.options[0][good] == -1 for good in lost) and choice.options[1] == {}


def test_an_accepted_deal_moves_the_goods_as_it_says(told):
    checked = 0
    for life in told:
        for choice in life.choices:
            if choice.chosen == 0 and choice.at + 1 < len(life.messages):
                before, after = (life.messages[i].sees["own"] for i in (choice.at, choice.at + 1))
                if life.messages[choice.at + 1].act != "eat":
                    assert {g: after[g] - before[g] for g in GOODS if after[g] != before[g]} == choice.options[0]
                    checked += 1
    assert checked > 60


def test_stances_in_numpy_and_jax_agree():
    give, want = np.eye(4, dtype=np.float32)[1], np.eye(4, dtype=np.float32)[2]
    codes = jax.jit(jax.vmap(lambda o: rule.stance_codes(o, jnp.asarray(give), jnp.asarray(want))))
    expected = [stances_of(option, give, want) for option in range(len(OPTIONS))]
    np.testing.assert_array_equal(codes(jnp.arange(len(OPTIONS))), expected)


def test_the_language_is_small_and_every_core_has_as_many_phrasings(told):
    words = vocabulary(GOODS)
    assert 150 <= len(words) <= 300
    assert {len(cores) for cores in CORES.values()} == {5}
    said = {word for life in told for m in life.messages for word in m.content.replace(",", " ").split()}
    assert said <= words and len(said) > 0.95 * len(words)


def test_nobody_meets_the_same_partner_twice():
    pairs = np.asarray(pairings(8, 7))
    assert len({frozenset(pair) for pair in pairs.tolist()}) == 28
    assert (np.bincount(pairs.ravel()) == 7).all()
    with pytest.raises(ValueError, match="even number"):
        pairings(7, 3)
    with pytest.raises(ValueError, match="give 1 to 7"):
        pairings(8, 8)


def test_an_impossible_mood_is_refused():
    with pytest.raises(ValueError, match="stress is 2"):
        market.intervene(situation(), stress=2.0)


@pytest.mark.slow
def test_the_same_key_gives_the_same_bytes_whatever_the_batch():
    one, other = (market.run(makers=64, meetings=4, batch=b, key=jax.random.key(3)) for b in (128, 7))
    for a, b in zip(jax.tree.leaves(one.events), jax.tree.leaves(other.events)):
        assert np.asarray(a).tobytes() == np.asarray(b).tobytes()
