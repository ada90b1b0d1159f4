"""One round of DAO-G, stage II: new crystals, replay of old data, an anchor to what it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import lightning
import numpy as np
from pymatgen.core import Structure
from torch import Tensor
from torch.utils.data import DataLoader

from dao_core.errors import InputError
from dao_core.generator.model_file import load_flow_model, save_flow_model
from dao_core.pretrained import model_path
from dao_core.training.generator import GeneratorModule, GeneratorTraining, manifest_hash
from dao_core.training.generator_batches import (
    SymmetricBatch,
    SymmetricDataset,
    collate_symmetric,
)
from dao_core.training.retraining_anchor import Anchor
from dao_core.training.retraining_data import diverse, training_crystals
from dao_core.training.retraining_fit import fit
from dao_core.training.retraining_settings import GENERATOR_RETRAINING, Retraining
from dao_core.training.size_batches import SizeBatchSampler

LARGEST_OWN_SHARE = 0.5
"""Of a training set; a generator fed on its own output alone collapses."""


class AnchoredGenerator(GeneratorModule):
    """DAO-G that starts from a model and is pulled back to it."""

    def __init__(self, size: str, state: dict[str, Tensor], settings: Retraining) -> None:
        super().__init__(
            GeneratorTraining(
                size=size,
                steps=settings.steps,
                learning_rate=settings.learning_rate,
                warmup=settings.warmup,
                weight_decay=0.0,
            )
        )
        self.network.load_state_dict(state)
        self.anchor = Anchor(self.network, settings.anchor)

    def training_step(self, batch: SymmetricBatch, index: int) -> Tensor:
        """Loss of one batch, and the pull to the start."""
        return super().training_step(batch, index) + self.anchor.loss(self.network)


def retrain_generator(
    start: str | Path,
    own: Sequence[Structure],
    facts: Sequence[Structure],
    target: Path,
    settings: Retraining = GENERATOR_RETRAINING,
) -> Path:
    """Continue DAO-G on relaxed candidates of its own and on crystals known to be stable.

    Near repeats are left out, and the own crystals are at most :data:`LARGEST_OWN_SHARE`.

    Args:
        start: name or file of the model to go on from.
        own: relaxed candidates, the lowest above the hull first.
        facts: crystals that the model did not make or that DFT confirmed: labels and replay.
        target: the model file to write.
        settings: see :class:`Retraining`.

    Raises:
        InputError: there are no facts, so that the model would learn from itself alone.
    """
    if not facts:
        raise InputError(
            "there is no crystal beside the generator's own output; label some by DFT, or "
            "give a record file of known crystals for replay"
        )
    lightning.seed_everything(settings.seed, verbose=False)
    model = load_flow_model(model_path(str(start)))
    parent = model.card
    known = [facts[i] for i in diverse(facts)]
    new = [own[i] for i in diverse(own, known)]
    new = new[: round(len(known) * LARGEST_OWN_SHARE / (1 - LARGEST_OWN_SHARE))]
    largest = int(parent["max_atoms"])
    named = [(f"own:{i}", one) for i, one in enumerate(new)]
    named += [(f"fact:{i}", one) for i, one in enumerate(known)]
    crystals = training_crystals(named, largest)
    if not crystals:
        raise InputError(f"every crystal has more than {largest} atoms, the largest of this model")
    module = AnchoredGenerator(parent["config"], model.network.state_dict(), settings)
    sizes = [len(crystal.atomic_numbers) for crystal in crystals]
    sampler = SizeBatchSampler(sizes, settings.atoms_per_batch, settings.seed)
    loader: DataLoader[Any] = DataLoader(
        SymmetricDataset(crystals), batch_sampler=sampler, collate_fn=collate_symmetric
    )
    fit(module, loader, settings)
    own_share = float(np.mean([c.material_id.startswith("own:") for c in crystals]))
    card = {
        **parent,
        "parent": model.checkpoint_hash,
        "manifest_hash": manifest_hash(crystals),
        "round": int(parent.get("round", 0)) + 1,
        "train_crystals": len(crystals),
        "own_share": own_share,
        "retraining": asdict(settings),
    }
    save_flow_model(target, module.network, model.prior, card)
    return target
