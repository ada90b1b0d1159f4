"""Crystals: the padded tensor batch, conversion, identity, symmetry, validity, file reading."""

from dao_core.crystal.batch import CrystalBatch

__all__ = ["CrystalBatch"]
