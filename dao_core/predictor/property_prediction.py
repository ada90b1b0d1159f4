"""A fine-tuned property of structures, in the unit of its label."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pymatgen.core import Element, Structure

from dao_core.checkpoints.format import checkpoint_hash
from dao_core.devices import default_device
from dao_core.potentials import Domain
from dao_core.predictor.property_model import load_property_model
from dao_core.training.predictor_property import predict_property


def predicted_property(
    file: Path, structures: Sequence[Structure]
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Ask a property model.

    Args:
        file: What ``dao train property`` wrote.
        structures: Crystals.

    Returns:
        What the property is, and for each crystal its value (mean of the members), one standard
        deviation of the members below and above it, and whether the crystal is outside the domain.
    """
    model = load_property_model(file, default_device())
    card = model.card
    said = predict_property(model, structures)
    domain = Domain(
        card["max_atoms"], frozenset(Element.from_Z(z).symbol for z in card["elements"])
    )
    back = math.exp if card["logarithm"] else float
    records = []
    for structure, mean, spread in zip(structures, said.mean(1), said.std(1), strict=True):
        known = math.isfinite(mean)
        records.append(
            {
                "property": back(mean) if known else None,
                "property_low": back(mean - spread) if known else None,
                "property_high": back(mean + spread) if known else None,
                "property_outside_domain": domain.objection(structure),
            }
        )
    about = {
        "label": card["label"],
        "model": checkpoint_hash(file),
        "mae_unseen": card["mae_unseen"],
        "mae_is_of_logarithm": card["logarithm"],
    }
    return about, records
