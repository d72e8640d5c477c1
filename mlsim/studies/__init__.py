"""Running: one world, or many at the same time."""
