"""Pure functions of arrays: information, utility, choice, associative update, scores, intervals, counted work."""
