"""Crystals: the padded tensor batch, conversion, identity, symmetry, validity, file reading."""
