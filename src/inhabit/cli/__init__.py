"""The command line: reads words, calls the floors below, shows results."""
