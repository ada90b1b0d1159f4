"""Calculators of other libraries, as their own documentation loads them; weights come at first use.

Each function is what a worker process calls (:mod:`dao_core.potentials.ase`).
"""

from __future__ import annotations

import importlib
from typing import Any

from ase.calculators.calculator import BaseCalculator

from dao_core.devices import default_device


def _load(module: str) -> Any:
    return importlib.import_module(module)


def sevennet_omni() -> BaseCalculator:
    """SevenNet-Omni with the head for PBE of the Materials Project."""
    return _calculator("sevenn.calculator", "SevenNetCalculator", "7net-omni", modal="mpa")


def mace_mp_0() -> BaseCalculator:
    """MACE-MP-0, medium."""
    return _calculator("mace.calculators", "mace_mp", "medium", default_dtype="float64")


def mace_mpa_0() -> BaseCalculator:
    """MACE-MPA-0, medium."""
    return _calculator("mace.calculators", "mace_mp", "medium-mpa-0", default_dtype="float64")


def orb_v3() -> BaseCalculator:
    """Orb-v3, conservative, all neighbours, of the Materials Project and Alexandria."""
    device = default_device()
    made = _load("orb_models.forcefield.pretrained").orb_v3_conservative_inf_mpa(device=device)
    # Newer releases give the adapter that makes graphs beside the model.
    parts = made if isinstance(made, tuple) else (made,)
    return _calculator("orb_models.forcefield.calculator", "ORBCalculator", *parts)


def mattersim_1m() -> BaseCalculator:
    """MatterSim-v1, a million parameters."""
    return _mattersim("MatterSim-v1.0.0-1M.pth")


def mattersim_5m() -> BaseCalculator:
    """MatterSim-v1, five million parameters."""
    return _mattersim("MatterSim-v1.0.0-5M.pth")


def nequix_mp() -> BaseCalculator:
    """Nequix of MPtrj."""
    return _load("nequix.calculator").NequixCalculator("nequix-mp-1")


def nequix_oam() -> BaseCalculator:
    """Nequix of OMat24, Alexandria and MPtrj."""
    return _load("nequix.calculator").NequixCalculator("nequix-oam-1")


def grace_2l_oam() -> BaseCalculator:
    """GRACE of two layers, of OMat24, Alexandria and MPtrj."""
    return _load("tensorpotential.calculator.foundation_models").grace_fm("GRACE-2L-OAM")


def pet_oam_xl() -> BaseCalculator:
    """PET of OMat24, Alexandria and MPtrj."""
    return _calculator("upet.calculator", "UPETCalculator", model="pet-oam-xl", version="1.0.0")


def uma_s() -> BaseCalculator:
    """UMA, small, with the head for inorganic crystals."""
    fairchem = _load("fairchem.core")
    unit = fairchem.pretrained_mlip.get_predict_unit("uma-s-1p1", device=default_device())
    return fairchem.FAIRChemCalculator(unit, task_name="omat")


def _mattersim(weights: str) -> BaseCalculator:
    return _calculator("mattersim.forcefield", "MatterSimCalculator", load_path=weights)


def _calculator(module: str, name: str, *parts: Any, **settings: Any) -> BaseCalculator:
    """A calculator that takes the device that it computes on."""
    return getattr(_load(module), name)(*parts, device=default_device(), **settings)
