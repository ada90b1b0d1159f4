"""Potentials by name, as users write them on the command line."""

from __future__ import annotations

import importlib

from dao_core.devices import default_device
from dao_core.offered import load_offered
from dao_core.potentials.ase import ASEPotential
from dao_core.potentials.base import Potential
from dao_core.potentials.catalogue import (
    CATALOGUE,
    NamedPotential,
    check_name,
    of_others,
    require_package,
)
from dao_core.potentials.chgnet import CHGNetPotential
from dao_core.potentials.scale import Mp2020Potential
from dao_core.potentials.sevennet import WEIGHTS, SevenNetPotential


def load_potential(name: str, device: str | None = None) -> Potential:
    """Load the potential called ``name``.

    Args:
        name: the shipped DAO-P (``dao-p``), a DAO-P checkpoint file (``dao-p:PATH``), one of
            :data:`dao_core.potentials.catalogue.CATALOGUE`, one that another package offers, or any
            ASE calculator that a factory without arguments makes (``ase:package.module:factory``).
        device: torch device, by default that of :func:`dao_core.devices.default_device`; ASE
            calculators choose their own.

    Raises:
        InputError: the name is unknown or malformed.
        MissingError: a model file or package is not on this machine.
        CheckpointError: the DAO-P checkpoint is corrupt.
    """
    check_name(name)
    kind, _, detail = name.partition(":")
    if kind == "dao-p":
        # DAO-P is itself a Potential and imports this package; at the top this would be a circle.
        predictor = importlib.import_module("dao_core.predictor")
        potential: Potential = predictor.load_predictor(detail or "dao-p", device)
        return potential
    if kind == "ase":
        return ASEPotential(detail)
    if name not in CATALOGUE:
        offered: Potential = load_offered(of_others()[name], "potential")()
        return offered
    return _named(CATALOGUE[name], device or default_device())


def _named(named: NamedPotential, device: str) -> Potential:
    """A potential of the catalogue, its energies on the scale of the hulls."""
    require_package(named)
    potential = _as_learned(named, device)
    return Mp2020Potential(potential) if named.raw_mp else potential


def _as_learned(named: NamedPotential, device: str) -> Potential:
    if named.name == "chgnet":
        return CHGNetPotential(device)
    if named.name in WEIGHTS:
        return SevenNetPotential(named, device)
    factory = named.name.replace("-", "_")
    return ASEPotential(f"dao_core.potentials.calculators:{factory}", named=named)
