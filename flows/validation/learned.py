"""What the store's labels at the level of the checks teach about a ranking."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pymatgen.core import Composition

from dao_core.crystal.identity import structure_id
from dao_core.errors import InputError
from dao_core.hull import PhaseEntry
from dao_core.learning.formation import ElementEnergies
from dao_core.learning.system import ChemicalSystem, SystemCrystal
from dao_core.predictor import PredictorPotential, load_predictor
from flows.campaign.running import Campaign
from flows.report.learned import CorrectedEnergy
from flows.report.summary import CampaignSummary, RankedStructure
from flows.validation.memory import SOURCE
from flows.validation.settings import CAN_PASS, DftSettings
from stores import DaoStore
from stores.documents import LabelDocument, ValidationDocument


@dataclass(frozen=True)
class LearnedRanking:
    """The compounds of a ranking, corrected by labels.

    Attributes:
        rows: The compounds, in the order of the ranking.
        system: What is believed of them.
        message: Why labels could not be used, or None.
    """

    rows: tuple[RankedStructure, ...]
    system: ChemicalSystem
    message: str | None = None

    def corrected(self) -> dict[str, CorrectedEnergy]:
        """Heights at the level of the labels, by candidate id."""
        return {
            row.candidate_id: CorrectedEnergy(
                level=self.system.level,
                energy_above_hull=height.energy_above_hull,
                std=height.std,
                chance=height.chance,
                set_aside=place in self.system.belief.outliers,
            )
            for place, (row, height) in enumerate(
                zip(self.rows, self.system.heights(), strict=True)
            )
        }


def learned_ranking(
    campaign: Campaign, summary: CampaignSummary, settings: DftSettings
) -> LearnedRanking | None:
    """Correct a ranking by what the store knows at the level of its checks.

    Args:
        campaign: The campaign.
        summary: Its result so far.
        settings: Of the checks.

    Returns:
        None where the ranking has no compound, or an element no energy: then there is no hull.
        Also under pressure: labels are energies, and the ranking has enthalpies.
    """
    if campaign.request.pressure:
        return None
    rows = tuple(row for row in summary.ranking if len(Composition(row.formula)) > 1)
    try:
        surrogate = ElementEnergies.among(_phases(summary))
    except InputError:
        return None
    if not rows:
        return None
    labels = _Labels.at(campaign.store, settings.level(summary.elements), summary.elements)
    potential = campaign.potential
    predictor = potential if isinstance(potential, PredictorPotential) else load_predictor()
    system = ChemicalSystem(
        [labels.crystal(row) for row in rows], surrogate, labels.reference, predictor
    )
    return LearnedRanking(rows, system, labels.message)


def _phases(summary: CampaignSummary) -> list[PhaseEntry]:
    """Ranked and competing phases at the level of the campaign.

    An element that competes stands for all its crystals in the ranking, as it does in the hull.
    """
    phases = [(p.formula, p.energy_per_atom) for p in summary.competing if p.level == summary.level]
    settled = {Composition(formula).chemical_system for formula, _ in phases}
    found = [
        (row.formula, row.energy_per_atom)
        for row in summary.ranking
        if len(Composition(row.formula)) > 1
        or Composition(row.formula).chemical_system not in settled
    ] + phases
    return [PhaseEntry(Composition(f), energy, summary.level) for f, energy in found]


@dataclass(frozen=True)
class _Labels:
    """Labels of one level and of the checks that gave them."""

    energies: dict[str, float]
    barred: frozenset[str]
    reference: ElementEnergies | None
    message: str | None

    @classmethod
    def at(cls, store: DaoStore, level: str, elements: Sequence[str]) -> _Labels:
        """Those of a level within a chemical system, by candidate and by crystal."""
        found = [
            label
            for label in store.find(LabelDocument, {"source": SOURCE, "level": level})
            if label.energy_per_atom is not None and set(label.elements) <= set(elements)
        ]
        energies = {str(label.validation_id): float(label.energy_per_atom or 0) for label in found}
        checks = list(store.find(ValidationDocument, {"validation_id": {"$in": list(energies)}}))
        lost = store.find(ValidationDocument, {"state": "failed"})
        names: dict[str, float] = {}
        for check in checks:
            for name in filter(None, (check.candidate_id, check.structure_id)):
                energy = energies[check.validation_id]
                names[name] = min(energy, names.get(name, energy))
        barred = {str(one.candidate_id) for one in lost if one.reason not in CAN_PASS}
        entries = [
            PhaseEntry(Composition(one.formula), float(one.energy_per_atom or 0), level)
            for one in found
        ]
        try:
            reference = ElementEnergies.among(entries) if entries else None
            message = None
        except InputError as error:
            reference, message = None, f"nothing is learned yet: {error}"
        return cls(names, frozenset(barred), reference, message)

    def crystal(self, row: RankedStructure) -> SystemCrystal:
        """A row of the ranking with its label, if it has one."""
        label = self.energies.get(row.candidate_id)
        if label is None:
            label = self.energies.get(structure_id(row.symmetrised()))
        return SystemCrystal(
            row.relaxed(),
            row.energy_per_atom,
            row.energy_std,
            row.novel,
            label,
            row.candidate_id in self.barred,
        )
