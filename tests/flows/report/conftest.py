"""Campaign summaries made from well-known prototypes, with plausible invented energies."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from pymatgen.analysis.phase_diagram import PDEntry, PhaseDiagram
from pymatgen.core import Composition, Lattice, Structure
from pymatgen.symmetry.analyzer import SpacegroupAnalyzer

from dao_core.search.result import CompetingPhase, Failure, FunnelRow
from flows.report.summary import CampaignSummary, RankedStructure, StageTime

LEVEL = "chgnet-0.3.0"
ORIGINS = ("dao-g", "template:rocksalt", "random", "user:own.cif")
Phase = tuple[Structure, float]


def hexagonal(a: float, c: float) -> Lattice:
    return Lattice.hexagonal(a, c)


def rocksalt(a: str, b: str, length: float) -> Structure:
    return Structure.from_spacegroup(
        "Fm-3m", Lattice.cubic(length), [a, b], [[0, 0, 0], [0.5, 0.5, 0.5]]
    )


def caesium_chloride(a: str, b: str, length: float) -> Structure:
    return Structure.from_spacegroup(
        "Pm-3m", Lattice.cubic(length), [a, b], [[0, 0, 0], [0.5, 0.5, 0.5]]
    )


def zincblende(a: str, b: str, length: float) -> Structure:
    return Structure.from_spacegroup(
        "F-43m", Lattice.cubic(length), [a, b], [[0, 0, 0], [0.25, 0.25, 0.25]]
    )


def wurtzite(a: str, b: str, length: float) -> Structure:
    lattice = hexagonal(length, 1.62 * length)
    return Structure.from_spacegroup(
        "P6_3mc", lattice, [a, b], [[1 / 3, 2 / 3, 0], [1 / 3, 2 / 3, 0.378]]
    )


def fluorite(a: str, b: str, length: float) -> Structure:
    return Structure.from_spacegroup(
        "Fm-3m", Lattice.cubic(length), [a, b], [[0, 0, 0], [0.25, 0.25, 0.25]]
    )


def pyrite(a: str, b: str, length: float) -> Structure:
    return Structure.from_spacegroup(
        "Pa-3", Lattice.cubic(length), [a, b], [[0, 0, 0], [0.411, 0.411, 0.411]]
    )


def corundum(a: str, b: str, length: float) -> Structure:
    lattice = hexagonal(length, 2.73 * length)
    return Structure.from_spacegroup("R-3c", lattice, [a, b], [[0, 0, 0.352], [0.306, 0, 0.25]])


def perovskite(a: str, b: str, c: str, length: float) -> Structure:
    sites = [[0, 0, 0], [0.5, 0.5, 0.5], [0.5, 0.5, 0]]
    return Structure.from_spacegroup("Pm-3m", Lattice.cubic(length), [a, b, c], sites)


def spinel(a: str, b: str, c: str, length: float) -> Structure:
    sites = [[0.125, 0.125, 0.125], [0.5, 0.5, 0.5], [0.2624, 0.2624, 0.2624]]
    return Structure.from_spacegroup("Fd-3m", Lattice.cubic(length), [a, b, c], sites)


def layered(a: str, b: str, c: str) -> Structure:
    sites = [[0, 0, 0.5], [0, 0, 0], [0, 0, 0.242]]
    return Structure.from_spacegroup("R-3m", hexagonal(2.95, 14.4), [a, b, c], sites)


def diamond(a: str, length: float) -> Structure:
    return Structure.from_spacegroup("Fd-3m", Lattice.cubic(length), [a], [[0, 0, 0]])


def fcc(a: str, length: float) -> Structure:
    return Structure.from_spacegroup("Fm-3m", Lattice.cubic(length), [a], [[0, 0, 0]])


def bcc(a: str, length: float) -> Structure:
    return Structure.from_spacegroup("Im-3m", Lattice.cubic(length), [a], [[0, 0, 0]])


def hcp(a: str, length: float) -> Structure:
    lattice = hexagonal(length, 1.62 * length)
    return Structure.from_spacegroup("P6_3/mmc", lattice, [a], [[1 / 3, 2 / 3, 0.25]])


def ranking_of(
    phases: list[Phase], references: dict[str, float], *, with_hull: bool = True
) -> tuple[RankedStructure, ...]:
    """Rank phases (structure, eV/atom) on the hull that they form with the references."""
    entries = [
        PDEntry(cell.composition, energy * len(cell), name=str(i))
        for i, (cell, energy) in enumerate(phases)
    ]
    entries += [
        PDEntry(Composition(formula), energy * Composition(formula).num_atoms)
        for formula, energy in references.items()
    ]
    diagram = PhaseDiagram(entries) if with_hull else None
    above = [diagram.get_e_above_hull(entries[i]) if diagram else None for i in range(len(phases))]
    order = sorted(range(len(phases)), key=lambda i: (above[i] or 0.0, phases[i][1]))
    return tuple(
        ranked(rank, *phases[i], above[i], ORIGINS[i % len(ORIGINS)])
        for rank, i in enumerate(order, start=1)
    )


def ranked(
    rank: int, cell: Structure, energy: float, above_hull: float | None, origin: str
) -> RankedStructure:
    symmetry = SpacegroupAnalyzer(cell, symprec=0.01)
    primitive = symmetry.get_primitive_standard_structure()
    formula, z = primitive.composition.get_reduced_formula_and_factor()
    return RankedStructure(
        rank=rank,
        candidate_id=f"c-{rank:04d}a7",
        structure_id=f"s-{rank:020x}",
        formula=formula,
        z=max(1, int(z)),
        space_group=symmetry.get_space_group_symbol(),
        space_group_number=symmetry.get_space_group_number(),
        energy_per_atom=energy,
        energy_above_hull=above_hull,
        energy_std=0.01 + 0.002 * rank,
        volume_per_atom=cell.volume / len(cell),
        origin=origin,
        novel=rank % 3 == 0,
        converged=rank % 5 != 0,
        flags=("not_converged",) if rank % 5 == 0 else (),
        structure=primitive.as_dict(),
        conventional=symmetry.get_conventional_standard_structure().as_dict(),
        symprec=0.01,
    )


def summary_of(
    system: str, ranking: tuple[RankedStructure, ...], **changes: object
) -> CampaignSummary:
    """A whole summary around a ranking; its funnel adds up."""
    started = datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC)
    kept = len(ranking)
    fields: dict[str, object] = {
        "campaign_id": f"k-{system.lower()}",
        "system": system,
        "elements": tuple(system.split("-")),
        "request": {"candidates": 256, "relax": 64, "z": "auto", "dft": "none"},
        "level": LEVEL,
        "store": "embedded",
        "started": started,
        "finished": started + timedelta(seconds=312.4),
        "seeds": {"generator": 7, "random": 7},
        "versions": {"dao-crystals": "0.1.0", "torch": "2.13.0", "pymatgen": "2026.10.1"},
        "models": {"dao-g": "5f3a9c01", "dao-p": "77ab01e2"},
        "stages": (
            StageTime(stage="propose", seconds=41.2),
            StageTime(stage="screen", seconds=12.9),
            StageTime(stage="relax", seconds=249.0),
            StageTime(stage="hull", seconds=0.4, reused=True),
        ),
        "funnel": (
            FunnelRow(stage="proposed", entered=256, left=256),
            FunnelRow(
                stage="validity",
                entered=256,
                left=201,
                rejected={"too_close": 40, "volume_too_large": 13, "not_finite": 2},
            ),
            FunnelRow(stage="unique", entered=201, left=140, rejected={"duplicate": 61}),
            FunnelRow(stage="screened", entered=140, left=64, rejected={"energy_too_high": 76}),
            FunnelRow(
                stage="relaxed",
                entered=64,
                left=kept,
                rejected={"volume_guard": 5, "duplicate_after_relaxation": 59 - kept},
            ),
        ),
        "ranking": ranking,
    }
    return CampaignSummary.model_validate(fields | changes)


def reference(formula: str, energy: float, volume: float | None = None) -> CompetingPhase:
    return CompetingPhase(
        name=f"{formula} (reference)",
        formula=formula,
        energy_per_atom=energy,
        volume_per_atom=volume,
        level=LEVEL,
        source="reference",
    )


def oxide_phases() -> list[Phase]:
    return [
        (rocksalt("Mg", "O", 4.21), -5.95), (wurtzite("Mg", "O", 3.3), -5.80),
        (zincblende("Mg", "O", 4.58), -5.77), (caesium_chloride("Mg", "O", 2.66), -5.21),
        (rocksalt("Mg", "O", 4.4), -5.90), (pyrite("Mg", "O", 4.84), -5.635),
        (fluorite("Mg", "O", 5.1), -4.9), (fluorite("O", "Mg", 5.3), -3.9),
        (hcp("Mg", 3.2), -1.50), (fcc("Mg", 4.52), -1.488), (bcc("Mg", 3.57), -1.47),
        (corundum("Mg", "O", 4.9), -5.1), (corundum("O", "Mg", 5.3), -2.1),
    ]  # fmt: skip


@pytest.fixture(scope="session")
def binary() -> CampaignSummary:
    ranking = ranking_of(oxide_phases(), {"O2": -4.95})
    return summary_of(
        "Mg-O", ranking, competing=(reference("O2", -4.95, 14.1), reference("MgO", -5.95, 9.33)),
        warnings=("No oxygen in the store: a reference energy was used.",),
        failures=(Failure(item="own/broken.cif", stage="read", reason="no lattice in line 3"),),
    )  # fmt: skip


@pytest.fixture(scope="session")
def element() -> CampaignSummary:
    phases = [
        (diamond("Si", 5.43), -5.42), (hcp("Si", 2.7), -4.9), (fcc("Si", 3.87), -4.87),
        (bcc("Si", 3.09), -4.88), (wurtzite("Si", "Si", 3.84), -5.41),
        (caesium_chloride("Si", "Si", 2.5), -4.6),
    ]  # fmt: skip
    return summary_of("Si", ranking_of(phases, {}))


@pytest.fixture(scope="session")
def ternary() -> CampaignSummary:
    references = {"Li": -1.9, "O2": -4.95, "Li2O": -4.78, "Li2O2": -4.86}
    phases = [
        (layered("Li", "Fe", "O"), -6.03), (rocksalt("Fe", "O", 4.3), -6.50),
        (corundum("Fe", "O", 5.03), -6.62), (bcc("Fe", 2.83), -8.3), (fcc("Fe", 3.45), -8.2),
        (hcp("Fe", 2.45), -8.22), (spinel("Li", "Fe", "O", 8.3), -6.34),
        (perovskite("Li", "Fe", "O", 3.7), -5.2), (zincblende("Fe", "O", 4.6), -6.3),
        (fluorite("O", "Li", 4.6), -4.76), (rocksalt("Li", "O", 4.1), -4.4),
        (spinel("Fe", "Li", "O", 8.4), -5.4), (perovskite("Fe", "Li", "O", 3.9), -4.9),
        (wurtzite("Fe", "O", 3.2), -6.28), (layered("Fe", "Li", "O"), -6.0),
        (caesium_chloride("Li", "Fe", 2.8), -4.9), (pyrite("Fe", "O", 5.0), -5.6),
    ]  # fmt: skip
    competing = tuple(reference(formula, energy) for formula, energy in references.items())
    return summary_of("Li-Fe-O", ranking_of(phases, references), competing=competing)


@pytest.fixture(scope="session")
def quaternary() -> CampaignSummary:
    """Four elements, one formula only and no references: nothing to build a hull from."""
    cell = spinel("Li", "Mn", "O", 8.2)
    cell.replace(0, "Fe")
    phases: list[Phase] = [(cell, -6.2), (cell.copy().scale_lattice(cell.volume * 1.1), -6.1)]
    ranking = ranking_of(phases, {}, with_hull=False)
    return summary_of("Li-Fe-Mn-O", ranking)


@pytest.fixture(scope="session")
def empty() -> CampaignSummary:
    funnel = (
        FunnelRow(stage="proposed", entered=48, left=48),
        FunnelRow(
            stage="validity", entered=48, left=0, rejected={"too_close": 45, "not_finite": 3}
        ),
    )
    return summary_of("Na-Cl", (), funnel=funnel)


@pytest.fixture(scope="session")
def hostile(binary: CampaignSummary) -> CampaignSummary:
    """A summary whose every free text tries to break out of where it is shown."""
    attack = "</script><script>window.pwned=1</script><img src=x onerror=window.pwned=1>'\"\n=1+1"
    row = binary.ranking[0].model_copy(
        update={"candidate_id": f"../../{attack}", "origin": f"user:{attack}", "flags": (attack,)}
    )
    return binary.model_copy(
        update={
            "system": attack, "campaign_id": attack, "request": {attack: attack},
            "warnings": (attack,), "versions": {attack: attack}, "models": {attack: attack},
            "failures": (Failure(item=attack, stage=attack, reason=attack),),
            "funnel": (FunnelRow(stage=attack, entered=1, left=0, rejected={attack: 1}),),
            "competing": (reference("O2", -4.95).model_copy(update={"name": attack}),),
            "ranking": (row, *binary.ranking[1:]),
        }
    )  # fmt: skip
