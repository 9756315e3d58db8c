"""Minds: faculties composed."""
