"""Training runs from validated requests, and what they answer."""

from __future__ import annotations

import logging
from dataclasses import asdict
from pathlib import Path
from typing import Any

from dao_core.checkpoints.format import checkpoint_hash, read_card
from dao_core.model_files import model_file
from dao_core.potentials import load_potential
from dao_core.predictor.checkpoint import KIND as PHYSICAL
from dao_core.progress import advance, begin
from dao_core.training.diffusion import DiffusionTraining, train_diffusion
from dao_core.training.generator import GeneratorSources, GeneratorTraining, train_generator
from dao_core.training.guidance_examples import GuidanceSources
from dao_core.training.predictor import PredictorSources, train_predictor
from dao_core.training.predictor_guidance import GuidanceTraining, train_guidance
from dao_core.training.predictor_property import PropertyTraining
from dao_core.training.predictor_settings import PredictorTraining
from dao_core.training.property_run import FOLDS, PropertySources, train_property
from dao_core.training.prototype_memory import MemorySettings, renew_memory
from dao_core.training.relaxed_records import RecordRelaxation, relax_records
from dao_core.training.run import is_first_process
from dao_core.training.teacher_run import TeacherSources, label_records
from dao_core.writable import check_output_folder


def run_generator(request: Any) -> dict[str, Any] | None:
    """Train DAO-G; the answer, or None in all processes but the first."""
    _log_as_we_do()
    check_output_folder(request.out)
    sources = GeneratorSources(
        request.train, request.validation, request.stage, _model_file(request.start)
    )
    if request.process == "diffusion":
        return _answer_of_first(
            train_diffusion(sources, request.out, request.chosen(DiffusionTraining))
        )
    return _answer_of_first(
        train_generator(sources, request.out, request.chosen(GeneratorTraining))
    )


def run_memory(
    start: str, files: list[Path], out: Path, settings: MemorySettings
) -> dict[str, Any]:
    """Give a DAO-G the prototypes of record files; its network stays as it is."""
    check_output_folder(out)
    return _answer(renew_memory(model_file(start), files, out, settings))


def run_predictor(request: Any) -> dict[str, Any] | None:
    """Train the physical DAO-P or a guidance energy; as :func:`run_generator`."""
    _log_as_we_do()
    check_output_folder(request.out)
    if request.head == "guidance":
        settings = request.chosen(GuidanceTraining)
        energies = GuidanceSources(request.labels, request.records)
        return _answer_of_first(train_guidance(energies, request.out, settings))
    sources = PredictorSources(
        request.labels, request.validation_labels, request.doubt_labels, request.records
    )
    settings = request.chosen(PredictorTraining)
    return _answer_of_first(
        train_predictor(sources, request.out, settings, _model_file(request.start))
    )


def run_relaxation(
    files: list[Path], out: Path, potential: str, settings: RecordRelaxation
) -> dict[str, Any]:
    """Relax the unstable entries of record files; counts by what was done."""
    check_output_folder(out)
    loaded = load_potential(potential)
    begin("shards", 0)
    counts = relax_records(files, loaded, out, settings, lambda: advance("shards"))
    return {
        "level": loaded.level,
        "out": out,
        "entries": sum(counts.values()),
        "done": dict(sorted(counts.items())),
    }


def run_labelling(
    sources: TeacherSources, out: Path, potential: str, part: tuple[int, int]
) -> dict[str, Any]:
    """Label record files and variants of their crystals by a potential; what is there then."""
    check_output_folder(out)
    teacher = load_potential(potential)
    begin("shards", 0)
    counts = label_records(sources, teacher, out, part, lambda: advance("shards"))
    return {"level": teacher.level, "out": out, **asdict(counts)}


def run_property(sources: PropertySources, start: str, out: Path, seed: int) -> dict[str, Any]:
    """Fine-tune a physical DAO-P to a property of record files; the answer with its errors."""
    check_output_folder(out)
    begin("folds", FOLDS)
    settings = PropertyTraining(seed=seed)
    model = train_property(sources, model_file(start), out, settings, lambda: advance("folds"))
    card = read_card(model)
    figures = {name: card[name] for name in ("crystals", "mae_unseen", "mae_of_the_mean")}
    return {
        **_answer(model),
        **figures,
        "label": card["label"],
        "logarithm": card["logarithm"],
        "rejected": card["rejected"],
    }


def _log_as_we_do() -> None:
    """Lightning speaks through the log of the command line, at its level, and only there."""
    for name in ("lightning", "lightning.pytorch", "lightning.fabric"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.setLevel(logging.NOTSET)
        logger.propagate = True


def _model_file(start: Path | None) -> Path | None:
    """The model file that ``start`` names, be it by path or as a shipped or imported model."""
    return None if start is None else model_file(str(start))


def _answer_of_first(model: Path) -> dict[str, Any] | None:
    return _answer(model) if is_first_process() else None


def _answer(model: Path) -> dict[str, Any]:
    card, name = read_card(model), checkpoint_hash(model)
    return {
        "level": f"dao-p@{name}" if card["kind"] == PHYSICAL else None,
        "model": model,
        "kind": card["kind"],
        "size": card["settings"]["size"],
        "hash": name,
        "manifest_hash": card["manifest_hash"],
    }
