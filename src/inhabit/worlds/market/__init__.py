"""The market: people with known hidden values meet, talk, trade and eat."""

from inhabit.worlds.market.intervention import intervene, situation_at
from inhabit.worlds.market.lives import Truth, lives, truth
from inhabit.worlds.market.makers import Maker, draw_maker, draw_makers
from inhabit.worlds.market.options import ACTS, GOODS, OPTIONS
from inhabit.worlds.market.rule import act_probabilities, option_probabilities, stance_probabilities
from inhabit.worlds.market.situation import Situation
from inhabit.worlds.market.world import Market, Record, run

__all__ = [
    "ACTS",
    "GOODS",
    "OPTIONS",
    "Maker",
    "Market",
    "Record",
    "Situation",
    "Truth",
    "act_probabilities",
    "draw_maker",
    "draw_makers",
    "intervene",
    "lives",
    "option_probabilities",
    "run",
    "situation_at",
    "stance_probabilities",
    "truth",
]
