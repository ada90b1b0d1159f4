"""The two trainings of a round: fine-tuned, judged on the hold-out, promoted or rejected."""

from __future__ import annotations

from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pymatgen.core import Structure

from dao_core.environment import dao_home
from dao_core.errors import InputError
from dao_core.generator.model_file import load_flow_model
from dao_core.hashing import content_id
from dao_core.predictor.potential import load_predictor
from dao_core.training.retraining_gate import (
    Verdict,
    generator_figures,
    judge,
    predictor_figures,
)
from dao_core.training.retraining_generator import retrain_generator
from dao_core.training.retraining_outcome import Outcome
from dao_core.training.retraining_predictor import retrain_predictor
from flows.retraining import labelled
from flows.retraining.models import (
    file_of,
    level_of,
    serving_or_shipped,
    settle,
    settled,
)
from flows.retraining.request import RetrainRequest
from flows.retraining.rounds import manifest_named
from flows.retraining.watching import watch
from stores import DaoStore
from stores.builders import build_training_set
from stores.documents import ModelDocument


def next_predictor(store: DaoStore, request: RetrainRequest, manifest_id: str) -> Outcome:
    """Fine-tune DAO-P on a training set, judge it, and let it serve if it is no worse."""
    parent = serving_or_shipped(store, "predictor")
    if known := settled(store, parent, manifest_id):
        return known
    manifest = manifest_named(store, manifest_id)
    labels = labelled.labels_of(store, manifest)
    start = file_of(store, parent)
    target = _folder(store, parent, manifest_id, request) / "dao-p.safetensors"
    if not target.is_file():
        replay = labelled.replay_of(request.replay)
        retrain_predictor(start, labels, replay, target, request.predictor)
    holdout = labelled.holdout_of(store, request.holdout, request.level)
    before, after = load_predictor(start), load_predictor(target)
    verdict = judge(predictor_figures(before, holdout), predictor_figures(after, holdout))
    monitors = watch(store, manifest, start)
    return settle(store, target, parent, manifest_id, verdict, asdict(monitors))


def next_generator(store: DaoStore, request: RetrainRequest, manifest_id: str) -> Outcome:
    """Continue DAO-G on what was relaxed and labelled, judge it, let it serve if no worse."""
    parent = serving_or_shipped(store, "generator")
    if known := settled(store, parent, manifest_id):
        return known
    if request.generator is None:
        return Outcome("generator", parent.id, promoted=False, reason="not asked for")
    manifest = manifest_named(store, manifest_id)
    stable = {e.structure_id for e in manifest.entries if e.training_class == "stable"}
    labels = labelled.labels_of(store, manifest)
    names = {f"{labelled.LABELS}{one.source}": one for one in labels}
    facts = [names[e.example_id].structure for e in manifest.entries
             if e.structure_id in stable and e.example_id in names]  # fmt: skip
    facts += labelled.replay_of(request.replay)
    start = file_of(store, parent)
    target = _folder(store, parent, manifest_id, request) / "dao-g.safetensors"
    try:
        if not target.is_file():
            retrain_generator(start, _own_crystals(store), facts, target, request.generator)
    except InputError as error:
        return Outcome("generator", parent.id, promoted=False, reason=str(error))
    verdict = _judge_generator(store, request, start, target)
    return settle(store, target, parent, manifest_id, verdict, {})


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
    level = level_of(serving_or_shipped(store, "predictor").id)
    try:
        manifest = build_training_set(store, level, classes=("relaxed",))
    except InputError:  # nothing was relaxed at this level
        return []
    return labelled.relaxed_of(store, manifest)


def _folder(
    store: DaoStore, parent: ModelDocument, manifest_id: str, request: RetrainRequest
) -> Path:
    """Where the files of a round lie until they are registered: beside an embedded store.

    What another release has trained is not taken up.
    """
    settings: dict[str, Any] = request.model_dump(mode="json", exclude={"store", "min_new_labels"})
    content = {
        "parent": parent.id,
        "manifest": manifest_id,
        "settings": settings,
        "release": version("dao-crystals"),
    }
    home = dao_home() if "://" in store.uri else Path(store.uri).parent
    return home / "retraining" / content_id("t", content)
