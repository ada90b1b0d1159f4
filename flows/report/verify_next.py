"""What I would verify next: the open questions of a ranking, the cheapest answer first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flows.report.checks import shown_flags
from flows.report.file_names import CIF_FOLDER, cif_name
from flows.report.summary import CampaignSummary, Interpretation, RankedStructure

LOW = 0.1
"""eV/atom above the hull up to which a structure is worth a check."""
MOST_STRUCTURES = 5
MOST = 12
AGREE = 0.05
"""eV/atom by which two levels may differ before their difference is a question of its own."""
BY_POTENTIAL, PHONONS, BY_DFT, STATIC = 1e-4, 2e-3, 4e-3, 1e-3
"""Core-hours of one core, by atoms for potentials and by atoms squared for DFT: orders of magnitude
from small cells, for ranking only."""
OUTSIDE = "made for"
"""In every objection of a domain."""
PW = "ase:dft_inputs.qe.calculator:fast"
POINTS = 5
"""Pressures of a compression by DFT."""
CELLS = {"phonons": 100, "pressure": 10, "layer": 1, "surface": 100, "defects": 1000}
"""What an interpretation costs by DFT, in relaxations of the crystal: its supercells."""


@dataclass(frozen=True)
class Suggestion:
    """One check.

    Attributes:
        what: What to do, in words.
        why: The flag or gap that it answers.
        command: A command that does it; empty where there is none.
        core_hours: Nominal cost, an order of magnitude.
        rank: Of the structure that it is about, None for the whole ranking.
    """

    what: str
    why: str
    command: str
    core_hours: float
    rank: int | None = None


def verify_next(summary: CampaignSummary) -> list[Suggestion]:
    """The checks that would settle the flags of the best structures, the cheapest first.

    Args:
        summary: The campaign.
    """
    found = list(_of_the_hull(summary))
    for row in _worth_it(summary):
        known = [one for one in summary.interpretations if one.rank == row.rank]
        found += _of_the_energy(row, summary)
        found += _of_the_phonons(row, known, summary.request.get("pressure") or 0.0)
        found += _of_the_domain(row, known)
        found += _of_the_electrons(row, known)
    return sorted(found, key=lambda one: (one.core_hours, one.rank or 0))[:MOST]


def _worth_it(summary: CampaignSummary) -> list[RankedStructure]:
    near = [r for r in summary.ranking if r.energy_above_hull is None or r.energy_above_hull < LOW]
    return near[:MOST_STRUCTURES]


def _of_the_hull(summary: CampaignSummary) -> Iterator[Suggestion]:
    if any(row.energy_above_hull is None for row in summary.ranking):
        yield Suggestion(
            "Give the phases that the hull lacks",
            "the hull is incomplete: stability is not known",
            "dao ingest FILES",
            BY_POTENTIAL,
        )
    for phase in summary.dft.competing if summary.dft else ():
        if phase.state == "failed":
            yield Suggestion(
                f"Compute {phase.formula} again: the DFT hull needs it",
                f"{phase.reason}: {phase.message}",
                "",
                BY_DFT,
            )


def _of_the_energy(row: RankedStructure, summary: CampaignSummary) -> Iterator[Suggestion]:
    """Where the energy or the level behind the rank is in doubt."""
    atoms = len(row.structure["sites"])
    pressure = summary.request.get("pressure") or 0.0
    doubts = [flag for flag in shown_flags(row) if flag != "not_converged"]
    if not row.converged:
        why = "its relaxation did not converge"
        yield _check(row, "Relax further", why, f"dao relax {_file(row)}", BY_POTENTIAL * atoms)
    cost = BY_DFT * atoms**2
    if doubts and pressure:
        what, why = "Compress it by DFT", "; ".join(doubts)
        command = f"dao pressure {_file(row)} --to {pressure:g} --points {POINTS} --potential {PW}"
        yield _check(row, what, why, command, POINTS * cost)
    elif doubts:
        what, why = "Relax with another potential", "; ".join(doubts)
        other = "dao-p" if summary.level.startswith("chgnet") else "chgnet"
        command = f"dao relax {_file(row)} --potential {other}"
        yield _check(row, what, why, command, BY_POTENTIAL * atoms)
    command = f"dao validate {row.candidate_id}"
    if row.dft is None and not pressure:
        yield _check(row, "Relax by DFT", _why_dft(row), command, cost)
    elif row.dft is not None and row.dft.state == "failed":
        why = f"its DFT check failed: {row.dft.reason}"
        yield _check(row, "Check by DFT again", why, command, cost)
    elif row.dft is not None and _disagree(row):
        why = "the two levels place it differently above their hulls"
        yield _check(
            row, "Check at a finer protocol", why, f"{command} --protocol balanced", 4 * cost
        )


def _of_the_phonons(
    row: RankedStructure, known: list[Interpretation], pressure: float
) -> Iterator[Suggestion]:
    at_pressure = f" --pressure {pressure:g}" if pressure else ""
    atoms = len(row.structure["sites"])
    phonons = [one for one in known if one.kind == "phonons"]
    if not phonons:
        why = "a minimum of the cell may still be a saddle of a larger one"
        command = f"dao phonons {row.candidate_id}{at_pressure}"
        yield _check(row, "Find its phonons", why, command, PHONONS * atoms)
    for one in phonons:
        fallen = one.result.get("soft_mode_candidate_id")
        if one.result.get("unstable") and fallen:
            why = f"unstable at level {one.level}: {one.finding}"
            what = "See whether what its soft mode leads to is a minimum"
            yield _check(row, what, why, f"dao phonons {fallen}{at_pressure}", PHONONS * atoms)


def _of_the_domain(row: RankedStructure, known: list[Interpretation]) -> Iterator[Suggestion]:
    """Interpretations by a potential outside of what it was made for."""
    atoms = len(row.structure["sites"])
    for one in known:
        doubts = [flag for flag in one.flags if OUTSIDE in flag]
        if doubts and one.kind in CELLS:
            what, why = f"Repeat its {one.kind} by DFT", f"{one.level}: {'; '.join(doubts)}"
            command = f"dao {one.kind} {row.candidate_id} --potential {PW}"
            yield _check(row, what, why, command, CELLS[one.kind] * BY_DFT * atoms**2)


def _of_the_electrons(row: RankedStructure, known: list[Interpretation]) -> Iterator[Suggestion]:
    atoms = len(row.structure["sites"])
    electrons = [one for one in known if one.kind == "electrons"]
    if row.dft is not None and row.dft.state == "done" and not electrons:
        why = "DFT has its energy; what binds it is not known"
        command = f"dao electrons {row.candidate_id}"
        yield _check(row, "Interpret its electrons", why, command, 2 * STATIC * atoms**2)
    for one in electrons:
        doubts = [flag for flag in one.flags if "limit" in flag or "overlap" in flag]
        if doubts:
            command = f"dao electrons {row.candidate_id} --protocol balanced"
            why = "; ".join(doubts)
            yield _check(row, "Interpret more finely", why, command, 8 * STATIC * atoms**2)


def _check(row: RankedStructure, what: str, why: str, command: str, hours: float) -> Suggestion:
    return Suggestion(what, why, command, hours, row.rank)


def _why_dft(row: RankedStructure) -> str:
    above = row.energy_above_hull
    if above is None:
        return "its place above the hull is not known"
    std = row.energy_above_hull_std
    if std is None:
        return f"{1000 * above:.0f} meV/atom above the hull by a potential without uncertainty"
    return f"{1000 * above:.0f} ± {1000 * std:.0f} meV/atom above the hull"


def _disagree(row: RankedStructure) -> bool:
    mine, theirs = row.energy_above_hull, row.dft.energy_above_hull if row.dft else None
    return mine is not None and theirs is not None and abs(mine - theirs) > AGREE


def _file(row: RankedStructure) -> str:
    """The CIF beside the report."""
    return f"{CIF_FOLDER}/{cif_name(row)}"
