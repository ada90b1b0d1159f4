"""The known answer of a simulated search, what its rounds found, and how searches compare."""
