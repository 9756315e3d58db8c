"""Joining a machine: a line with counted symbols, a growing hypothesis, and the questions that would surprise most."""
