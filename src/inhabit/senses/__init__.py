"""The senses: one encoder a file, each in the native geometry of what it perceives."""
