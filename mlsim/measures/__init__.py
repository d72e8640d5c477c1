"""What a fault has cost, and who noticed: every figure is a difference between two worlds."""
