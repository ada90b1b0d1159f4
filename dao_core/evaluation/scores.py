"""The metrics of crystal structure prediction, computed from matched pairs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

RANKED_BY = "the lowest energy at the best of three volumes, less what the source prefers"
"""What the ranked figures mean, as records say it."""


@dataclass(frozen=True)
class SampleRow:
    """One generated crystal against the reference whose composition it was made for.

    Attributes:
        material_id: of the reference.
        formula: reduced formula.
        natoms: atoms per cell of the reference.
        sample: position among the samples of this reference.
        rmse: over the cube root of the volume per atom; None where it does not match.
        strict: whether it also matches strictly.
        invalid: why it is no possible crystal, None if it is.
        energy_per_atom: eV/atom, None where it was not computed.
        failure: why it could not be compared, None if it could.
        preference: eV/atom that its source takes off its energy for ranking.
    """

    material_id: str
    formula: str
    natoms: int
    sample: int
    rmse: float | None
    strict: bool
    invalid: str | None
    energy_per_atom: float | None
    failure: str | None
    preference: float = 0.0


@dataclass(frozen=True)
class Scores:
    """Metrics over ``n`` references with the first ``k`` samples of each.

    Attributes:
        k: samples per reference that were looked at.
        n: references.
        match_rate: share of references that one of their samples matches.
        rmse: mean over matched references of their best RMSE; None if none is matched.
        valid_match_rate: the same share, samples that are no possible crystals left out.
        strict_rate: share of references matched strictly.
        metre: share of references that any sample of their formula matches (METRe, Martirossyan
            2025), also one that was made for another polymorph.
        crmse: mean over references of their best RMSE over all samples of their formula, ``stol``
            where nothing matches (cRMSE, same source).
        ranked_match_rate: share of references whose sample of lowest energy (see
            :func:`lowest_energy`) matches; None without energies.
        ranked_strict_rate: share of references for which it matches strictly; None likewise.
        valid_rate: share of samples that are possible crystals.
        polymorph_recall: mean over formulas with several references of the share of them that is
            found; None if there is no such formula.
        all_polymorphs_rate: share of these formulas of which all references are found.
    """

    k: int
    n: int
    match_rate: float
    rmse: float | None
    valid_match_rate: float
    strict_rate: float
    metre: float
    crmse: float
    ranked_match_rate: float | None
    ranked_strict_rate: float | None
    valid_rate: float
    polymorph_recall: float | None
    all_polymorphs_rate: float | None


def score(
    rows: Sequence[Sequence[SampleRow]],
    pool: Sequence[Sequence[tuple[int, float]]],
    formulas: Sequence[str],
    k: int,
    stol: float,
) -> Scores:
    """Metrics of the first ``k`` samples of each reference.

    Args:
        rows: for each reference the rows of its samples, in the order of generation.
        pool: for each reference ``(sample, rmse)`` of every sample of the same formula, whichever
            reference it was made for, that matches it.
        formulas: reduced formula of each reference.
        k: samples per reference.
        stol: the RMSE of a reference that nothing matches, in cRMSE.
    """
    own = [reference_rows[:k] for reference_rows in rows]
    best = [_smallest(row.rmse for row in sample_rows) for sample_rows in own]
    pooled = [_smallest(rmse for sample, rmse in found if sample < k) for found in pool]
    matched = [rmse for rmse in best if rmse is not None]
    found = [rmse is not None for rmse in pooled]
    recalls = _polymorph_recalls(formulas, found)
    chosen = [lowest_energy(sample_rows) for sample_rows in own]
    ranked = any(row.energy_per_atom is not None for sample_rows in own for row in sample_rows)
    return Scores(
        k=k,
        n=len(rows),
        match_rate=_share([rmse is not None for rmse in best]),
        rmse=fmean(matched) if matched else None,
        valid_match_rate=_share(
            [any(row.rmse is not None and not row.invalid for row in r) for r in own]
        ),
        strict_rate=_share([any(row.strict for row in r) for r in own]),
        metre=_share(found),
        crmse=fmean(stol if rmse is None else rmse for rmse in pooled) if pooled else stol,
        ranked_match_rate=_share([row is not None and row.rmse is not None for row in chosen])
        if ranked
        else None,
        ranked_strict_rate=_share([row is not None and row.strict for row in chosen])
        if ranked
        else None,
        valid_rate=_share([row.invalid is None for r in own for row in r]),
        polymorph_recall=fmean(recalls) if recalls else None,
        all_polymorphs_rate=_share([recall == 1 for recall in recalls]) if recalls else None,
    )


def across_seeds(scores: Sequence[Scores]) -> dict[str, tuple[float, float]]:
    """Mean and sample standard deviation of every metric over runs that differ in their seed.

    Metrics that a run does not have are left out; the spread of a single run is zero.
    """
    summary: dict[str, tuple[float, float]] = {}
    for metric in Scores.__dataclass_fields__:
        values = [getattr(run, metric) for run in scores]
        if metric not in ("k", "n") and values and None not in values:
            summary[metric] = (fmean(values), stdev(values) if len(values) > 1 else 0.0)
    return summary


def lowest_energy(rows: Iterable[SampleRow]) -> SampleRow | None:
    """The valid sample of lowest energy less preference; None where none has an energy."""
    candidates = [row for row in rows if row.energy_per_atom is not None and not row.invalid]
    return min(candidates, key=_ranked_energy, default=None)


def _ranked_energy(row: SampleRow) -> float:
    """Energy less preference, eV/atom; infinite where there is no energy."""
    return math.inf if row.energy_per_atom is None else row.energy_per_atom - row.preference


def _polymorph_recalls(formulas: Sequence[str], found: Sequence[bool]) -> list[float]:
    """Share of found references of every formula that has several."""
    groups: Mapping[str, list[bool]] = {formula: [] for formula in formulas}
    for formula, is_found in zip(formulas, found, strict=True):
        groups[formula].append(is_found)
    return [_share(group) for group in groups.values() if len(group) > 1]


def _share(flags: Sequence[bool]) -> float:
    """Share of flags that are set; 0 where there are none."""
    return sum(flags) / len(flags) if flags else 0.0


def _smallest(values: Iterable[float | None]) -> float | None:
    """Smallest of the values that are not None; None where there is none."""
    return min((value for value in values if value is not None), default=None)
