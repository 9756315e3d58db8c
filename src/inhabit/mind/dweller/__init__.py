"""A mind that lives in a world: senses, memory, facts, values and words, learned by living."""
