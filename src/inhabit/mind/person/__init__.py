"""A mind fitted from logs: what it hears, feels, notes and does, and what is its own."""
