"""Potentials by name, as users write them on the command line."""

from __future__ import annotations

import importlib

from dao_core.devices import default_device
from dao_core.errors import InputError
from dao_core.potentials.ase import ASEPotential
from dao_core.potentials.base import Potential
from dao_core.potentials.chgnet import CHGNetPotential

POTENTIAL_NAMES = ("dao-p", "dao-p:PATH", "chgnet", "ase:package.module:factory")
"""The names that :func:`load_potential` understands."""


def load_potential(name: str, device: str | None = None) -> Potential:
    """Load the potential called ``name``.

    Args:
        name: one of :data:`POTENTIAL_NAMES`: the shipped DAO-P, a DAO-P checkpoint file, CHGNet,
            or any ASE calculator that a factory without arguments makes.
        device: torch device of DAO-P and CHGNet, by default that of
            :func:`dao_core.devices.default_device`; ASE calculators choose their own.

    Raises:
        InputError: the name is unknown or malformed.
        MissingError: a model file or package is not on this machine.
        CheckpointError: the DAO-P checkpoint is corrupt.
    """
    kind, _, detail = name.partition(":")
    if kind == "dao-p" and not name.endswith(":"):
        # DAO-P is itself a Potential and imports this package; at the top this would be a circle.
        predictor = importlib.import_module("dao_core.predictor")
        potential: Potential = predictor.load_predictor(detail or "dao-p", device)
        return potential
    if name == "chgnet":
        return CHGNetPotential(device or default_device())
    if kind == "ase":
        return ASEPotential(detail)
    raise InputError(f"unknown potential {name!r}; known are {', '.join(POTENTIAL_NAMES)}")
