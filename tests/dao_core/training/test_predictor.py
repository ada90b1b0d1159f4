"""Training of DAO-P: references, losses, a short run that learns, resumes and ships."""

from __future__ import annotations

import gzip
import json

import numpy as np
import pytest
import torch

from dao_core.crystal.batch import CrystalBatch
from dao_core.errors import InputError
from dao_core.generator.log_stretch import log_stretch
from dao_core.potentials.base import Evaluation
from dao_core.predictor import load_predictor
from dao_core.predictor.energy_model import EnergyTerms
from dao_core.training.guidance_examples import (
    GuidanceExamples,
    GuidanceSources,
    energies_above_parent,
)
from dao_core.training.predictor import PredictorSources, train_predictor
from dao_core.training.predictor_guidance import GuidanceTraining, train_guidance
from dao_core.training.predictor_labels import (
    FORMATION_ENERGY,
    LabelSet,
    fit_references,
    read_clean_crystals,
)
from dao_core.training.predictor_module import predictor_losses
from dao_core.training.predictor_settings import PredictorTraining
from dao_core.training.size_batches import collate
from dao_core.training.teacher import PlannedLabel, TeacherPlan, label_shard
from dao_core.training.teacher_prototypes import prototype_structure
from dao_core.training.teacher_variants import perturbed

ELEMENTAL = {12: -1.5, 8: -5.0}
BEST_VOLUME = 11.0


def energy_error(potential, labels: LabelSet) -> float:
    """Mean absolute error on labels, eV/atom."""
    batch = labels.collate(list(range(len(labels.arrays["natoms"]))))
    energy = potential.evaluate(batch.crystals).energy
    return float(((energy - batch.energy) / batch.crystals.natoms).abs().mean())


class VolumeTeacher:
    """Energy: elemental sum plus a parabola in the volume per atom; no forces."""

    level = "volume-1"

    def evaluate(self, batch: CrystalBatch) -> Evaluation:
        natoms = batch.natoms.double()
        per_atom = batch.volume.double() / natoms
        elemental = torch.zeros(101, dtype=torch.float64)
        for z, energy in ELEMENTAL.items():
            elemental[z] = energy
        energy = elemental[batch.atomic_numbers].sum(1)
        energy = energy + natoms * (0.02 * (per_atom - BEST_VOLUME) ** 2 - 1.0)
        pressure = -0.04 * (per_atom - BEST_VOLUME)
        stress = -pressure[:, None, None] * torch.eye(3, dtype=torch.float64)
        return Evaluation(energy, torch.zeros_like(batch.frac_coords), stress)


def shard(folder, seeds) -> None:
    rng = np.random.default_rng(seeds[0])
    items = []
    for seed in seeds:
        for name in ("rocksalt", "zincblende", "nickel-arsenide"):
            parent = prototype_structure(name, 12, 8, 1.0 + 0.02 * (seed % 5))
            items.append(PlannedLabel(f"clean:{name}-{seed}", parent, "as is"))
            items.append(PlannedLabel(f"clean:{name}-{seed}", perturbed(parent, rng), "perturbed"))
    pure = [PlannedLabel(f"p:{z}", prototype_structure("fcc", z), "prototype") for z in ELEMENTAL]
    label_shard(folder / "labels-0000.npz", items + pure, TeacherPlan([]), VolumeTeacher())


@pytest.fixture(scope="module")
def sources(tmp_path_factory) -> PredictorSources:
    root = tmp_path_factory.mktemp("labels")
    shard(root / "train", range(12))
    shard(root / "validation", range(20, 24))
    shard(root / "doubt", range(30, 36))
    records = []
    for seed in range(3):
        for name in ("rocksalt", "wurtzite"):
            crystal = prototype_structure(name, 12, 8, 1.0 + 0.02 * (seed % 5))
            records.append(
                {
                    "material_id": f"{name}-{seed}",
                    "lattice": crystal.lattice.matrix.tolist(),
                    "atomic_numbers": list(crystal.atomic_numbers),
                    "frac_coords": crystal.frac_coords.tolist(),
                    "formation_energy_per_atom": 0.02
                    * (crystal.volume / len(crystal) - BEST_VOLUME) ** 2
                    - 1.0,
                }
            )
    with gzip.open(root / "clean.json.gz", "wt") as file:
        json.dump({"meta": {}, "records": records}, file)
    return PredictorSources(
        root / "train", root / "validation", root / "doubt", [root / "clean.json.gz"]
    )


def labels_of(sources: PredictorSources) -> LabelSet:
    return LabelSet(sources.labels, read_clean_crystals(sources.records, 40))


def test_formation_energies_without_a_teacher_label_are_appended(sources):
    labels = labels_of(sources)
    unlabelled = ~np.isfinite(labels.arrays["energy"])
    assert set(labels.arrays["source"][unlabelled]) == {f"clean:wurtzite-{i}" for i in range(3)}
    assert np.isfinite(labels.formation).sum() == 6
    elemental = np.zeros(101)
    elemental[[12, 8]] = -1.5, -5.0
    labels.use_formation_energies(elemental)
    assert np.isfinite(labels.energy).all()
    taught = np.isfinite(labels.arrays["energy"])
    np.testing.assert_allclose(labels.energy[taught], labels.arrays["energy"][taught], atol=1e-3)


def test_references_put_formation_energies_on_the_teachers_scale(sources):
    labels = labels_of(sources)
    _, elemental = fit_references(labels)
    known = np.isfinite(labels.formation) & np.isfinite(labels.arrays["energy"])
    teacher = labels.arrays["energy"][known] / labels.arrays["natoms"][known]
    shifted = labels.formation[known] + labels.fractions[known] @ elemental
    assert np.abs(teacher - shifted).max() < 0.05


def test_unknown_forces_neither_count_nor_poison(sources):
    labels = labels_of(sources)
    labels.use_formation_energies(np.zeros(101))
    rows = [int(np.flatnonzero(~np.isfinite(labels.arrays["energy"]))[0]), 0]
    batch = labels.collate(rows)
    forces = torch.ones_like(batch.forces, requires_grad=True)
    stress = torch.ones(2, 3, 3, requires_grad=True)
    energy = batch.energy[:, None].repeat(1, 4)
    terms = EnergyTerms(energy, batch.energy, forces, stress, torch.zeros(2, 1, 1))
    losses = predictor_losses(terms, batch)
    assert float(losses["energy"].detach()) == 0
    (losses["forces"] + losses["stress"]).backward()
    assert (forces.grad[0] == 0).all()
    assert (stress.grad[0] == 0).all()
    assert (stress.grad[1] != 0).all()


@pytest.mark.training
def test_a_short_run_learns_resumes_and_writes_a_model(sources, tmp_path):
    common = {
        "size": "tiny-physical",
        "learning_rate": 5e-3,
        "warmup": 10,
        "ema_decay": 0.9,
        "checkpoint_minutes": 0.01,
    }
    first = train_predictor(sources, tmp_path, PredictorTraining(steps=20, **common))
    before = load_predictor(first)
    second = train_predictor(sources, tmp_path, PredictorTraining(steps=80, **common))
    after = load_predictor(second)
    assert before.level != after.level
    assert after.card["labels"] == len(labels_of(sources))
    assert after.card["label_levels"] == ["formation-energy", "volume-1"]
    validation = LabelSet(sources.validation_labels)
    errors = [energy_error(p, validation) for p in (before, after)]
    assert errors[1] < 0.5 * errors[0]
    clean = read_clean_crystals(sources.records, 40)
    batch = collate(clean)
    wanted = torch.tensor([one.labels[FORMATION_ENERGY] for one in clean])
    assert len(clean) == 6
    assert (after.formation_energy_per_atom(batch) - wanted).abs().mean() < 0.5
    crystal = prototype_structure("rocksalt", 12, 8)
    evaluation = after.evaluate(CrystalBatch.from_structures([crystal]))
    assert evaluation.energy_std is not None
    assert 0 < float(evaluation.energy_std[0]) < 2


def test_energies_above_the_parent_compare_equal_compositions(sources):
    labels = LabelSet(sources.labels)
    above = energies_above_parent(labels)
    clean = labels.arrays["done"] == "as is"
    np.testing.assert_allclose(above[clean], 0.0, atol=1e-12)
    assert np.isnan(above[labels.arrays["done"] == "prototype"]).all()
    changed = labels.arrays["done"] == "perturbed"
    assert np.isfinite(above[changed]).all()
    assert np.abs(above[changed]).max() > 0.01


def test_guidance_learns_energies_above_the_hull_and_above_parents(sources, tmp_path):
    records = tmp_path / "clean.json.gz"
    crystal = prototype_structure("rocksalt", 12, 8)
    hulls = {"rocksalt-0": 0.25, "rocksalt-far": 3.0, "unknown": None}
    entries = [
        {
            "material_id": name,
            "lattice": ((1 + 0.1 * row) * crystal.lattice.matrix).tolist(),
            "atomic_numbers": list(crystal.atomic_numbers),
            "frac_coords": crystal.frac_coords.tolist(),
            "e_above_hull": hull,
        }
        for row, (name, hull) in enumerate(hulls.items())
    ]
    with gzip.open(records, "wt") as file:
        json.dump({"records": entries}, file)
    alone = GuidanceExamples(GuidanceSources(records=[records]), 20)
    np.testing.assert_allclose(alone.energy, [0.25, 1.0])
    taught = GuidanceExamples(GuidanceSources(sources.labels), 20)
    both = GuidanceExamples(GuidanceSources(sources.labels, [records]), 20)
    assert len(both) == len(taught) + 1, "the parent that both know counts once"
    names = [crystal.material_id for crystal in taught.crystals]
    row = next(i for i, n in enumerate(names) if n.startswith("clean:rocksalt-0 perturbed"))
    again = [crystal.material_id for crystal in both.crystals].index(names[row])
    assert both.energy[again] == pytest.approx(taught.energy[row] + 0.25)
    batch, index = both.collate([0, again])
    assert index.tolist() == [0, again]
    assert batch.natoms.tolist() == [2, 2]
    with pytest.raises(InputError, match="not two different"):
        GuidanceExamples(GuidanceSources(records=sources.records), 20)


@pytest.mark.training
def test_guidance_trains_and_its_energy_has_gradients(sources, tmp_path):
    from dao_core.predictor.guidance import load_guidance

    settings = GuidanceTraining(size="tiny", steps=4, ema_decay=0.5)
    guidance = load_guidance(train_guidance(GuidanceSources(sources.labels), tmp_path, settings))
    assert guidance.energy_trained
    batch = CrystalBatch.from_structures([prototype_structure("rocksalt", 12, 8)])
    stretch = log_stretch(batch.lattice, batch.natoms.float()).requires_grad_()
    batch.frac_coords.requires_grad_()
    t = torch.tensor([0.7])
    energy = guidance.energy(batch.atomic_numbers, batch.frac_coords, stretch, batch.mask, t)
    torch.testing.assert_close(energy, guidance(batch, t), rtol=1e-4, atol=1e-5)
    energy.sum().backward()
    assert torch.isfinite(batch.frac_coords.grad).all()
    assert torch.isfinite(stretch.grad).all(), "a cubic cell has equal eigenvalues"
    assert stretch.grad.abs().max() > 0
