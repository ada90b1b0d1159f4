"""The result of one campaign as one document, from which report and exports are made.

A campaign fills a :class:`CampaignSummary` and stores it as ``campaign.json``; the HTML report, the
CIF, extxyz and Parquet files and ``dao report`` are made from that document alone, so that each
of them can be made again later without the store.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, NonNegativeInt, PositiveInt, ValidationError

from dao_core.drafts import draft_of
from dao_core.errors import InputError, MissingError
from dao_core.record import Record
from dao_core.search.result import (
    CompetingPhase,
    Failure,
    FunnelRow,
    MinimaDistances,
    RankedCrystal,
)
from flows.report.history import SystemHistory
from flows.report.learned import CorrectedEnergy, LabelBatch, LearnedSummary

SUMMARY_FILE = "campaign.json"


class StageTime(Record):
    """Wall time of one stage in seconds; ``reused`` says that earlier work was found done."""

    stage: str
    seconds: float = Field(ge=0)
    reused: bool = False


class SourceYield(Record):
    """What one source of candidates cost and brought.

    Attributes:
        source: Its name.
        proposed: Candidates that it proposed.
        relaxed: Of these, relaxed to an energy that can be ranked.
        ranked: Distinct structures of the ranking that it stands for.
        found: Low-energy structures (within 0.1 eV/atom of the hull) that it was the first to find.
        nominal_seconds: Time of one core for proposals and relaxations, counted with fixed prices:
            what the bandit that shares the budget divides by.
    """

    source: str
    proposed: NonNegativeInt
    relaxed: NonNegativeInt
    ranked: NonNegativeInt
    found: NonNegativeInt
    nominal_seconds: float = Field(ge=0)


class DftCheck(Record):
    """What DFT says of one structure, all energies at ``level``.

    Attributes:
        state: ``done`` or ``failed``.
        reason: Why it failed, in one word.
        message: What to do about it, or why there is no energy above the hull.
        level: Level of theory of the hull.
        energy_per_atom: In eV/atom.
        energy_above_hull: In eV/atom, above the hull of energies at the same level.
        volume_per_atom: After the relaxation by DFT, in cubic angstrom.
        band_gap: In eV; 0 for a metal.
        validation_id: Id of the check in the store.
        core_hours: What it cost.
    """

    state: Literal["done", "failed"]
    reason: str | None = None
    message: str | None = None
    level: str | None = None
    energy_per_atom: float | None = None
    energy_above_hull: float | None = None
    volume_per_atom: float | None = Field(default=None, gt=0)
    band_gap: float | None = None
    validation_id: str | None = None
    core_hours: float = Field(default=0.0, ge=0)


class DftPhase(Record):
    """An element or competing phase that the DFT hull needs."""

    name: str
    formula: str
    state: str
    reason: str | None = None
    message: str | None = None
    energy_per_atom: float | None = None


class DftSummary(Record):
    """The DFT checks of a campaign.

    Attributes:
        code: Program: ``qe`` or ``vasp``.
        protocol: Accuracy.
        budget: How many of the best were to be checked.
        core_hours_limit: Core-hours that were allowed, if there was a limit.
        state: ``done``, ``waiting`` for an approval, or ``declined``.
        message: Why there was no DFT.
        approved_by: Who approved it.
        level: Level of theory of the hull.
        core_hours: Cost so far.
        competing: Elements and competing phases of the hull.
    """

    code: str
    protocol: str
    budget: PositiveInt
    core_hours_limit: float | None = None
    state: Literal["done", "waiting", "declined"]
    message: str | None = None
    approved_by: str | None = None
    level: str | None = None
    core_hours: float = Field(default=0.0, ge=0)
    competing: tuple[DftPhase, ...] = ()


class RankedStructure(RankedCrystal):
    """One structure of the ranking, with what was found out about it since.

    Attributes:
        dft: What DFT says of it, if it was checked.
        corrected: Where all DFT checks of the system put it.
        second_energy_per_atom: eV/atom by the second opinion at the same structure, on its level.
        tied_with: Rank of the best of its composition, where the level cannot tell which of the two
            is lower.
    """

    dft: DftCheck | None = None
    corrected: CorrectedEnergy | None = None
    second_energy_per_atom: float | None = None
    tied_with: int | None = None


class Interpretation(Record):
    """What was found out about one structure of the ranking after the campaign ranked it.

    Attributes:
        interpretation_id: Id in the store.
        kind: ``phonons``, ``pressure``, ``electrons``, ``surface``, ``defects`` or ``network``.
        rank: Rank of the structure.
        level: Level of every figure in it.
        finding: The result in words.
        flags: What a reader must know before trusting it.
        result: The figures.
    """

    interpretation_id: str
    kind: str
    rank: PositiveInt
    level: str
    finding: str
    flags: tuple[str, ...] = ()
    result: dict[str, Any] = Field(default_factory=dict)


class CampaignSummary(Record):
    """All that is to be known about one campaign; see the module for its use.

    Attributes:
        campaign_id: Id of the campaign in the store.
        system: What was asked for, for example ``Mg-O`` or ``Cr6Os2, MgO``.
        elements: Symbols of the chemical system.
        request: The validated settings of the campaign, JSON values only.
        level: Level of the energies of the ranking and its hull.
        search_level: Level of the search, where the ranking was refined at another.
        store: Address of the store, without credentials.
        started: When the campaign began (with time zone).
        finished: When it ended (with time zone).
        seeds: Seed of each source of randomness, by name.
        versions: Versions of the packages that took part, by name.
        models: Content hash of each model that took part, by name.
        stages: Wall time of each stage, in order.
        funnel: Candidates through the stages, in order.
        yields: Cost and yield of each source.
        ranking: Structures, best first.
        unrefined: Structures that were not refined where others were, after the ranking: their
            energies and heights are those of the level of the search, and stand in no hull with
            those of the ranking.
        competing: Other phases of the hull.
        distances: Between the best minima of each composition.
        failures: Items that were lost, with reasons.
        warnings: What the reader must know before trusting any number.
        dft: The DFT checks of the best, if any were asked for; energies at a level of their own.
        learned: What these taught, and how many phases are still to find.
        label_batches: What was checked together, as it was predicted before.
        interpretations: Phonons, electrons and the like of ranked structures, as far as the store
            knows them; each at a level of its own.
        interpreted: The kinds that the campaign itself has made, with the settings of each.
        history: The campaigns of the system up to this one, with labels, models and cost.
    """

    schema_version: Literal[1] = 1
    campaign_id: str
    system: str
    elements: tuple[str, ...]
    request: dict[str, Any]
    level: str
    search_level: str | None = None
    store: str
    started: datetime
    finished: datetime
    seeds: dict[str, int] = Field(default_factory=dict)
    versions: dict[str, str] = Field(default_factory=dict)
    models: dict[str, str] = Field(default_factory=dict)
    stages: tuple[StageTime, ...] = ()
    funnel: tuple[FunnelRow, ...] = ()
    yields: tuple[SourceYield, ...] = ()
    ranking: tuple[RankedStructure, ...] = ()
    unrefined: tuple[RankedStructure, ...] = ()
    competing: tuple[CompetingPhase, ...] = ()
    distances: tuple[MinimaDistances, ...] = ()
    failures: tuple[Failure, ...] = ()
    warnings: tuple[str, ...] = ()
    dft: DftSummary | None = None
    learned: LearnedSummary | None = None
    label_batches: tuple[LabelBatch, ...] = ()
    interpretations: tuple[Interpretation, ...] = ()
    interpreted: dict[str, dict[str, Any]] = Field(default_factory=dict)
    history: SystemHistory | None = None

    def listed(self) -> list[tuple[RankedStructure, str]]:
        """Every structure of the result with the level of its energies, in order of rank."""
        ranked = [(row, self.level) for row in self.ranking]
        return ranked + [(row, self.search_level or self.level) for row in self.unrefined]

    def write(self, folder: Path) -> Path:
        """Write the summary as ``campaign.json`` into ``folder`` and return the file."""
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / SUMMARY_FILE
        with draft_of(file) as draft:
            draft.write_text(self.model_dump_json(indent=1), encoding="utf-8")
        return file


def origin_source(origin: str) -> str:
    """The source of an origin: ``template`` of ``template:AB_cF8_225_a_b``."""
    return origin.partition(":")[0]


def read_summary(file: Path) -> CampaignSummary:
    """Read a summary that :meth:`CampaignSummary.write` wrote.

    Args:
        file: The file, or the folder that holds ``campaign.json``.

    Raises:
        MissingError: There is no such file.
        InputError: The file is not a summary; names the field.
    """
    file = file / SUMMARY_FILE if file.is_dir() else file
    if not file.is_file():
        raise MissingError(f"{file}: no campaign summary here; run the campaign first")
    try:
        return CampaignSummary.model_validate_json(file.read_text(encoding="utf-8"))
    except (ValidationError, UnicodeDecodeError) as error:
        raise InputError(f"{file}: not a campaign summary of version 1: {error}") from error
