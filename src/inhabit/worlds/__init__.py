"""Worlds, one a file; they make lives and know the truth about their makers."""
