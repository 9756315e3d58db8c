"""The formats that can be read, in the order in which a file is tried: the most telling first."""

from inhabit.records.formats import casino, chat, dealornodeal, life, table, uss
from inhabit.records.formats.format import Format

FORMATS: dict[str, Format] = {
    one.name: one
    for one in (table.FORMAT, dealornodeal.FORMAT, uss.FORMAT, casino.FORMAT, life.FORMAT, chat.SHAREGPT, chat.CHAT)
}

__all__ = ["FORMATS", "Format"]
