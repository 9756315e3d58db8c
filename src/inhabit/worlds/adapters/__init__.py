"""Worlds in the manners of other houses: Gymnasium and PettingZoo, both ways; needs the extra `worlds`."""
