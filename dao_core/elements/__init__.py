"""Elements: their properties as numbers, and the crystals of their ground states."""
