"""Where minds meet lives and worlds."""
