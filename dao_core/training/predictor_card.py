"""The model card of a physical DAO-P as markdown, every figure taken from the JSON card."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dao_core.checkpoints.format import load_checkpoint
from dao_core.predictor.checkpoint import KIND
from dao_core.predictor.potential import pressure_limit

_TEMPLATE = """# DAO-P, size {config}

Energies, forces and stresses of crystals, for screening and relaxation. Trained for
{hours:.1f} hours on {hardware}: useful for proposing, not for deciding. DFT decides.

| | |
|---|---|
| level | `dao-p@{hash}` |
| energy scale | total energies on the Materials Project's corrected PBE / PBE+U scale |
| training labels | {labels} structures: {label_levels} |
| formation energies | {formation_energies} clean crystals ({record_files}) |
| training manifest | `{manifest_hash}` |
| optimiser steps, seed | {steps}, {seed} |
| domain | {elements} elements, up to {max_atoms} atoms, bulk crystals without surfaces and \
defects; pressure up to {limit:g} GPa \
(labels up to {max_pressure:g}, the teacher is right up to less) |

## Figures

No reduced formula of these sets occurs in the training labels, pure elements excepted.

| set | figure | value |
|---|---|---|
{figures}

## Data and licences

{licences}

The teacher's energies and the formation energies keep their own elemental references; the second
are put on the scale of the first by per-element energies that were fitted, not trained.
Left out of the labels, by reason: {dropped}.

## Known failures

{failures}
"""

_NAMES = {
    "crystals": "clean crystals",
    "mae": "formation energy, mean absolute error, eV/atom",
    "rmse": "formation energy, root mean square error, eV/atom",
    "bias": "formation energy, mean error, eV/atom",
    "spearman": "rank correlation within polymorphs, mean",
    "polymorph_formulas": "formulas with polymorphs",
    "structures": "labelled structures, most of them far from equilibrium",
    "energy": "energy, mean absolute error, eV/atom",
    "forces": "forces, mean absolute error, eV/angstrom",
    "stress": "stress, mean absolute error, eV/angstrom^3",
    "structures_near": "of these with forces below 3 eV/angstrom",
    "energy_near": "energy of those, mean absolute error, eV/atom",
    "forces_near": "forces of those, mean absolute error, eV/angstrom",
    "within_std": "share of energies within one standard deviation",
    "within_two_std": "share of energies within two",
    "std_spearman": "rank correlation of uncertainty and error",
}


def card_markdown(path: Path, checkpoint_hash: str) -> str:
    """The card of the model file at ``path`` as markdown.

    Raises:
        MissingError: there is no such file.
        CheckpointError: it is not a physical DAO-P.
    """
    _, card = load_checkpoint(path, KIND)
    rows = [
        f"| {name} | {_NAMES.get(key, key)} | {_number(value)} |"
        for name, figures in card["figures"].items()
        for key, value in figures.items()
    ]
    dropped = ", ".join(f"{reason} {count}" for reason, count in card["labels_dropped"].items())
    return _TEMPLATE.format(
        config=card["config"],
        hours=card["hours"],
        hardware=card["hardware"],
        hash=checkpoint_hash,
        labels=card["labels"],
        label_levels=", ".join(card["label_levels"]),
        formation_energies=card["formation_energies"],
        record_files=", ".join(card["record_files"]),
        manifest_hash=card["manifest_hash"],
        steps=card["settings"]["steps"],
        seed=card["settings"]["seed"],
        elements=len(card["elements"]),
        max_atoms=card["max_atoms"],
        max_pressure=card["max_pressure"],
        limit=pressure_limit(card),
        figures="\n".join(rows),
        licences="\n".join(f"- {line}" for line in card["licences"]),
        dropped=dropped,
        failures="\n".join(f"- {line}" for line in card["known_failures"]),
    )


def _number(value: Any) -> str:
    return str(value) if isinstance(value, int) else f"{value:.3f}"
