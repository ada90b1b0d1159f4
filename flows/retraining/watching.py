"""What is watched of the loop in each round and kept with the model."""

from __future__ import annotations

from pathlib import Path

from dao_core.predictor.potential import load_predictor
from dao_core.training.retraining_data import predictions
from dao_core.training.retraining_monitors import (
    Monitors,
    distribution_shift,
    drift,
    features,
    own_share,
    unique_fraction,
)
from flows.retraining import labelled
from stores import DaoStore
from stores.documents import CandidateDocument, ManifestDocument


def watch(store: DaoStore, manifest: ManifestDocument, predictor: Path) -> Monitors:
    """What is to be watched of the loop, with the model that chose the last candidates."""
    labels = labelled.labels_of(store, manifest)
    potential = load_predictor(predictor)
    ours = [one for one in labels if one.done == "validation"] or labels
    same_level = manifest.level in potential.card.get("label_levels", ())
    gap = drift(ours, predictions(potential, ours).energy, same_level=same_level)
    candidates = list(store.find(CandidateDocument, {"origin": "dao-g"}))
    crystals = [crystal for one in candidates if (crystal := one.to_pymatgen()) is not None]
    return Monitors(
        drift=gap[0] if gap else None,
        drift_spread=gap[1] if gap else None,
        unique=unique_fraction([one.structure_id for one in candidates]),
        shift=distribution_shift(features([one.structure for one in labels]), features(crystals)),
        own=own_share([entry.training_class for entry in manifest.entries]),
    )
