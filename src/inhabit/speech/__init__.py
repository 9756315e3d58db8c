"""Language as one faculty: plans, the language model, and the mouths."""
