"""The model card of DAO-G as markdown, every figure taken from the JSON card in the model file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dao_core.checkpoints.format import checkpoint_hash, load_checkpoint
from dao_core.generator.model_file import KIND

_TEMPLATE = """# DAO-G, size {config}

Crystals from formulas, by flow matching. Trained for {hours:.1f} hours on {hardware}:
a small model, useful for proposing. A potential ranks and relaxes what it proposes; DFT decides.

| | |
|---|---|
| checkpoint | `{hash}` |
| network | Crysformer `{config}`, {parameters:.1f} million averaged parameters, fp16 on disk |
| training crystals | {train_crystals} ({files}) |
| left out, by reason | {rejected} |
| training manifest | `{manifest_hash}` |
| optimiser steps, atoms per batch, seed | {steps}, {atoms_per_batch}, {seed} |
| domain | at most {max_atoms} atoms per cell, ambient pressure, elements of the Materials Project |

## Figures

Set: {set_name}; {n} crystals, split hash `{set_hash}`. One sample of {sampling_steps} steps each,
no ranking, no relaxation, seeds {seeds}. No reduced formula of this set occurs in the training
set, so the figures are not comparable with published ones on random splits.

| figure | tolerances (ltol, stol, angle) | value |
|---|---|---|
| match rate | 0.3, 0.5, 10 | {match_rate:.3f} ± {match_rate_spread:.3f} |
| RMSE of the matched | 0.3, 0.5, 10 | {rmse:.3f} |
| strict match rate | 0.2, 0.3, 5 and the same space group | {strict_rate:.3f} |
| valid (distances, volume) | | {valid_rate:.3f} |
| seconds per structure, wall clock, machine loaded | | {seconds_per_structure:.3f} |

## Data and licences

{licences}

## Known failures

{failures}
"""


def card_markdown(path: Path) -> str:
    """The card of the generator file at ``path`` as markdown.

    Raises:
        MissingError: there is no such file.
        CheckpointError: it is not a generator.
    """
    tensors, card = load_checkpoint(path, KIND)
    figures: dict[str, Any] = card["figures"]
    settings = card["settings"]
    return _TEMPLATE.format(
        **figures | {"seeds": ", ".join(map(str, figures["seeds"])), "steps": settings["steps"]},
        sampling_steps=figures["steps"],
        config=card["config"],
        hours=card["hours"],
        hardware=card["hardware"],
        hash=checkpoint_hash(path),
        parameters=sum(tensor.numel() for tensor in tensors.values()) / 1e6,
        train_crystals=card["train_crystals"],
        files=", ".join(card["train_files"]),
        rejected=", ".join(f"{why} {count}" for why, count in card["train_rejected"].items()),
        manifest_hash=card["manifest_hash"],
        atoms_per_batch=settings["atoms_per_batch"],
        seed=settings["seed"],
        max_atoms=card["max_atoms"],
        licences="\n".join(f"- {line}" for line in card["licences"]),
        failures="\n".join(f"- {line}" for line in card["known_failures"]),
    )
