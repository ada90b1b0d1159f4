"""The stages of a round. Each asks the store and the working folder what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pymatgen.core import Structure

from dao_core.checkpoints.format import HASH_LENGTH
from dao_core.errors import InputError
from dao_core.generator.model_file import load_flow_model
from dao_core.potentials import Potential
from dao_core.predictor.potential import load_predictor
from dao_core.relax import relax
from dao_core.training.retraining_data import predictions
from dao_core.training.retraining_gate import (
    Verdict,
    generator_figures,
    judge,
    predictor_figures,
)
from dao_core.training.retraining_generator import retrain_generator
from dao_core.training.retraining_monitors import (
    Monitors,
    distribution_shift,
    drift,
    own_share,
    unique_fraction,
)
from dao_core.training.retraining_predictor import retrain_predictor
from flows.campaign.conditions import RELAX_SETTINGS
from flows.campaign.request import content_key
from flows.retraining import labelled
from flows.retraining.models import file_of, serving_or_shipped, settle, settled_id
from flows.retraining.request import RetrainRequest
from stores import DaoStore, dao_home
from stores.builders import build_training_set
from stores.documents import (
    CandidateDocument,
    EventDocument,
    ManifestDocument,
    ModelDocument,
    ModelKind,
    RelaxationDocument,
    StructureDocument,
)
from stores.documents.base import CompositionFields

RELAXED_AT_ONCE = 64


@dataclass(frozen=True)
class Outcome:
    """What became of one model in a round.

    Attributes:
        kind: generator or predictor.
        model_id: The model that serves now.
        promoted: Whether it is the retrained one.
        reason: Why, or why not, or why nothing was trained.
    """

    kind: ModelKind
    model_id: str
    promoted: bool
    reason: str


def assemble(store: DaoStore, request: RetrainRequest) -> tuple[ManifestDocument, int]:
    """The training set of the level as it is now, and how many of its labels are new.

    Raises:
        InputError: There is no hold-out, or nothing to train on.
    """
    labelled.holdout_of(store, request.holdout, request.level)
    manifest = build_training_set(store, request.level)
    seen = {entry.example_id for one in _manifests_seen(store) for entry in one.entries}
    labels = {entry.example_id for entry in manifest.entries
              if entry.example_id.startswith(labelled.LABELS)}  # fmt: skip
    return manifest, len(labels - seen)


def _manifests_seen(store: DaoStore) -> list[ManifestDocument]:
    """The training sets of the serving predictor, and of those that were rejected in its place."""
    parent = serving_or_shipped(store, "predictor")
    events = store.find(EventDocument, {"kind": "model_rejected"})
    rejected = [one for one in events if one.detail.get("parent") == parent.id]
    ids = [parent.manifest_id, *(one.detail["manifest_id"] for one in rejected)]
    return list(store.find(ManifestDocument, {"manifest_id": {"$in": [i for i in ids if i]}}))


def next_predictor(store: DaoStore, request: RetrainRequest, manifest_id: str) -> Outcome:
    """Fine-tune DAO-P on a training set, judge it, and let it serve if it is no worse."""
    parent = serving_or_shipped(store, "predictor")
    if settled := _settled(store, parent, manifest_id):
        return settled
    manifest = _manifest(store, manifest_id)
    labels = labelled.labels_of(store, manifest)
    start = file_of(store, parent)
    target = _folder(parent, manifest_id, request) / "dao-p.safetensors"
    if not target.is_file():
        replay = [*labelled.replay_of(request.replay), *(one.structure for one in labels)]
        retrain_predictor(start, labels, replay, target, request.predictor)
    holdout = labelled.holdout_of(store, request.holdout, request.level)
    before, after = load_predictor(start), load_predictor(target)
    verdict = judge(predictor_figures(before, holdout), predictor_figures(after, holdout))
    monitors = watch(store, manifest, start)
    accepted = settle(store, target, parent, manifest_id, verdict, asdict(monitors))
    return _outcome(store, "predictor", verdict, promoted=accepted)


def relax_again(store: DaoStore, request: RetrainRequest, before: str, after: str) -> int:
    """Bring relaxations of the previous DAO-P to the minima of the better one.

    A crystal at which the better one finds no force and no stress stays as it is, with the new
    energy. What is there already is not done again.

    Args:
        store: The store.
        request: How many.
        before: Id of the previous model.
        after: Id of the model that serves now.

    Returns:
        How many crystals moved.
    """
    potential = load_predictor(file_of(store, serving_or_shipped(store, "predictor")))
    criteria = {"level": _level(before), "converged": True, "pressure": 0.0}
    found = list(
        store.find(
            RelaxationDocument, criteria, sort={"energy_per_atom": 1}, limit=request.rerelax
        )
    ) if request.rerelax and before != after else []  # fmt: skip
    known = store.known_ids(RelaxationDocument, [_again_id(one, potential.level) for one in found])
    missing = [one for one in found if _again_id(one, potential.level) not in known]
    moved = 0
    for first in range(0, len(missing), RELAXED_AT_ONCE):
        moved += _relax_part(store, missing[first : first + RELAXED_AT_ONCE], potential)
    return moved


def next_generator(store: DaoStore, request: RetrainRequest, manifest_id: str) -> Outcome:
    """Continue DAO-G on what was relaxed and labelled, judge it, let it serve if no worse."""
    parent = serving_or_shipped(store, "generator")
    if settled := _settled(store, parent, manifest_id):
        return settled
    if request.generator is None:
        return Outcome("generator", parent.id, promoted=False, reason="not asked for")
    manifest = _manifest(store, manifest_id)
    stable = {e.structure_id for e in manifest.entries if e.training_class == "stable"}
    labels = labelled.labels_of(store, manifest)
    names = {f"{labelled.LABELS}{one.source}": one for one in labels}
    facts = [names[e.example_id].structure for e in manifest.entries
             if e.structure_id in stable and e.example_id in names]  # fmt: skip
    facts += labelled.replay_of(request.replay)
    start = file_of(store, parent)
    target = _folder(parent, manifest_id, request) / "dao-g.safetensors"
    try:
        if not target.is_file():
            retrain_generator(start, _own_crystals(store), facts, target, request.generator)
    except InputError as error:
        return Outcome("generator", parent.id, promoted=False, reason=str(error))
    verdict = _judge_generator(store, request, start, target)
    accepted = settle(store, target, parent, manifest_id, verdict, {})
    return _outcome(store, "generator", verdict, promoted=accepted)


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
        shift=distribution_shift(_features([one.structure for one in labels]), _features(crystals)),
        own=own_share([entry.training_class for entry in manifest.entries]),
    )


def _features(structures: Sequence[Structure]) -> np.ndarray:
    """Volume per atom (cubic angstrom), atoms, mean and spread of the atomic numbers."""
    rows = [
        (
            structure.volume / len(structure),
            len(structure),
            np.mean(structure.atomic_numbers),
            np.std(structure.atomic_numbers),
        )
        for structure in structures
    ]
    return np.array(rows, dtype=np.float64).reshape(len(rows), 4)


def _judge_generator(
    store: DaoStore, request: RetrainRequest, start: Path, target: Path
) -> Verdict:
    holdout = [one.structure for one in labelled.holdout_of(store, request.holdout, request.level)]
    before, after = load_flow_model(start), load_flow_model(target)
    largest = int(before.card["max_atoms"])
    return judge(
        generator_figures(before.network, holdout, largest),
        generator_figures(after.network, holdout, largest),
    )


def _own_crystals(store: DaoStore) -> list[Structure]:
    """Relaxed candidates at the level of the serving DAO-P, audited like every training set."""
    level = _level(serving_or_shipped(store, "predictor").id)
    try:
        manifest = build_training_set(store, level, classes=("relaxed",))
    except InputError:  # nothing was relaxed at this level
        return []
    return labelled.relaxed_of(store, manifest)


def _relax_part(store: DaoStore, part: Sequence[RelaxationDocument], potential: Potential) -> int:
    """Relax some crystals further and write them; how many moved."""
    pairs = [(one, start) for one in part if (start := one.to_pymatgen()) is not None]
    ends = relax([start for _, start in pairs], potential, RELAX_SETTINGS)
    structures, documents = [], []
    for (old, _), end in zip(pairs, ends, strict=True):
        if not end.converged:
            continue
        crystal = StructureDocument.from_structure(end.structure)
        structures.append(crystal)
        documents.append(
            RelaxationDocument(
                relaxation_id=_again_id(old, potential.level),
                initial_structure_id=old.structure_id,
                structure_id=crystal.structure_id,
                campaign_ids=old.campaign_ids,
                level=end.level,
                energy_per_atom=end.energy_per_atom,
                energy_per_atom_before=end.energy_per_atom_before,
                energy_std=end.energy_std,
                steps=end.steps,
                stop_reason=end.stop_reason,
                converged=True,
                max_force=end.max_force,
                max_stress=end.max_stress,
                volume_per_atom=end.volume / len(end.structure),
                space_group=crystal.space_group,
                space_group_number=crystal.space_group_number,
                settings={**asdict(RELAX_SETTINGS), "from": old.relaxation_id},
                structure=end.structure.as_dict(),
                **old.model_dump(include=set(CompositionFields.model_fields)),
            )
        )
    with store.transaction():
        store.put(structures)
        store.put(documents)
    return sum(document.steps > 0 for document in documents)


def _again_id(old: RelaxationDocument, level: str) -> str:
    return content_key("r", {"from": old.relaxation_id, "level": level,
                             "settings": asdict(RELAX_SETTINGS)})  # fmt: skip


def _level(predictor_id: str) -> str:
    """Energy level of a DAO-P by its id, which is the hash of its file."""
    return f"dao-p@{predictor_id[:HASH_LENGTH]}"


def _manifest(store: DaoStore, manifest_id: str) -> ManifestDocument:
    manifest = store.get(ManifestDocument, manifest_id)
    if manifest is None:
        raise InputError(f"no training set {manifest_id} in {store.uri}")
    return manifest


def _settled(store: DaoStore, parent: ModelDocument, manifest_id: str) -> Outcome | None:
    """The outcome of this training set, if the model that serves came from it or beat it."""
    if parent.manifest_id == manifest_id:
        return Outcome(parent.kind, parent.id, promoted=True, reason="serves already")
    event = store.get(EventDocument, settled_id(parent.id, manifest_id))
    if event is None:
        return None
    return Outcome(parent.kind, parent.id, promoted=False, reason=event.reason or "")


def _outcome(store: DaoStore, kind: ModelKind, verdict: Verdict, *, promoted: bool) -> Outcome:
    return Outcome(kind, serving_or_shipped(store, kind).id, promoted, verdict.reason)


def _folder(parent: ModelDocument, manifest_id: str, request: RetrainRequest) -> Path:
    """Where the files of a round lie until they are registered."""
    settings: dict[str, Any] = request.model_dump(mode="json", exclude={"store", "min_new_labels"})
    content = {"parent": parent.id, "manifest": manifest_id, "settings": settings}
    return dao_home() / "retraining" / content_key("t", content)
