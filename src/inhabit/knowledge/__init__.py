"""Facts in time: the live graph and its reader."""
