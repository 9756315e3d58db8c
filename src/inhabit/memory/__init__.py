"""Memory written in proportion to surprise."""
