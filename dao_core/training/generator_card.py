"""The model card of DAO-G as markdown, every figure taken from the JSON card in the model file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dao_core.generator.model_file import load_flow_model

_TEMPLATE = """# DAO-G, size {config}

Crystals from formulas, by flow matching. Trained for {hours:.1f} hours on {hardware}:
a small model, useful for proposing. A potential ranks and relaxes what it proposes; DFT decides.

| | |
|---|---|
| checkpoint | `{hash}` |
| network | Crysformer `{config}`, {parameters:.1f} million averaged parameters, fp16 on disk |
| memory | {prototypes} geometries without elements, of {members} crystals{memory} |
| training crystals of the network | {train_crystals} ({files}) |
| left out, by reason | {rejected} |
| training manifest | `{manifest_hash}` |
| optimiser steps, atoms per batch, seed | {steps}, {atoms_per_batch}, {seed} |
| domain | at most {max_atoms} atoms per cell, ambient pressure, {chemistry} |

## How to read the figures

{reading}

## Data and licences

{licences}

## Known failures

{failures}
"""

_READING = """\
The recorded benchmarks of this file follow at the end. No reduced formula of `public_val` occurs in
the training set, so they are not comparable with published ones on random splits. `dao-g-noise` is
the network alone; `dao-g` is as shipped, where the first sample starts from the prototype that the
model holds likeliest, so that seeds differ little."""
_CHEMISTRY = "elements of the Materials Project"


def _memory(described: Mapping[str, Any] | None) -> str:
    """Where the memory comes from, where it is not from the training of the network."""
    if described is None:
        return " of the training"
    files = ", ".join(described["files"])
    left_out = ", ".join(f"{why} {count}" for why, count in described["rejected"].items())
    return (
        f" of at most {described['max_atoms']} atoms ({described['crystals']} read: {files}; left "
        f"out: {left_out}); {described['metric_steps']} steps of the metric, seed "
        f"{described['seed']}, manifest `{described['manifest_hash']}`"
    )


def card_markdown(path: Path) -> str:
    """The card of the generator file at ``path`` as markdown.

    Raises:
        MissingError: there is no such file.
        CheckpointError: it is not a generator.
    """
    model = load_flow_model(path)
    card, settings = model.card, model.card["settings"]
    library = model.prior.library if model.prior else None
    return _TEMPLATE.format(
        config=card["config"],
        hours=card["hours"],
        hardware=card["hardware"],
        hash=model.checkpoint_hash,
        parameters=sum(tensor.numel() for tensor in model.network.parameters()) / 1e6,
        prototypes=len(library) if library else "no",
        members=library.crystals_seen if library else 0,
        memory=_memory(card.get("memory")),
        train_crystals=card["train_crystals"],
        files=", ".join(card["train_files"]),
        rejected=", ".join(f"{why} {count}" for why, count in card["train_rejected"].items()),
        manifest_hash=card["manifest_hash"],
        steps=settings["steps"],
        atoms_per_batch=settings["atoms_per_batch"],
        seed=settings["seed"],
        max_atoms=card["max_atoms"],
        chemistry=card.get("chemistry", _CHEMISTRY),
        reading=card.get("reading", _READING),
        licences="\n".join(f"- {line}" for line in card["licences"]),
        failures="\n".join(f"- {line}" for line in card["known_failures"]),
    )
