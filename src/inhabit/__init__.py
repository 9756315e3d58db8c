"""inhabit: model the maker, not the messages."""

__version__ = "0.1.0"
