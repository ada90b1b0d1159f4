"""Generated crystals against a benchmark set: one row for each, and the field's metrics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby

import numpy as np
from pymatgen.core import Structure

from dao_core.crystal.fingerprint import fingerprint, fingerprint_distance
from dao_core.crystal.validity import invalid_reason
from dao_core.errors import InputError
from dao_core.evaluation.matching import (
    LOOSE,
    SECONDS_PER_PAIR,
    STRICT,
    PairMatch,
    Tolerances,
    match_pairs,
)
from dao_core.evaluation.scores import SampleRow, Scores, score
from dao_core.evaluation.sets import Reference

MAX_POOL = 50
"""Samples made for other references of the same formula that are tried on one reference: those with
the nearest fingerprints. Only sets such as Carbon-24, where all share a formula, have more."""

Energies = Sequence[Sequence[float | None]]


@dataclass(frozen=True)
class BenchmarkResult:
    """All results of one run.

    Attributes:
        rows: for each reference one row for each of its samples.
        pool: for each reference ``(sample, rmse)`` of the samples of its formula that match it.
        formulas: reduced formula of each reference.
        tolerances: of every match.
        strict_tolerances: of ``strict``.
    """

    rows: list[list[SampleRow]]
    pool: list[list[tuple[int, float]]]
    formulas: list[str]
    tolerances: Tolerances
    strict_tolerances: Tolerances

    def scores(self, k: int, subset: Sequence[int] | None = None) -> Scores:
        """Metrics of the first ``k`` samples of each reference.

        Args:
            k: samples per reference.
            subset: positions of the references that count, all by default; the clean ones of an
                overlap audit, for instance.
        """
        chosen = range(len(self.rows)) if subset is None else subset
        return score(
            [self.rows[i] for i in chosen],
            [self.pool[i] for i in chosen],
            [self.formulas[i] for i in chosen],
            k,
            self.tolerances.stol,
        )


def evaluate(
    references: Sequence[Reference],
    samples: Sequence[Sequence[Structure]],
    energies: Energies | None = None,
    preferences: Sequence[Sequence[float]] | None = None,
    *,
    tolerances: Tolerances = LOOSE,
    strict_tolerances: Tolerances = STRICT,
    processes: int | None = None,
    seconds_per_pair: float = SECONDS_PER_PAIR,
) -> BenchmarkResult:
    """Match every sample with the reference it was made for, and with others of its formula.

    Args:
        references: the benchmark set.
        samples: for each reference the crystals generated from its composition, in the order of
            generation; a reference for which nothing was generated has an empty list.
        energies: eV/atom of every sample, for the ranked metric.
        preferences: eV/atom that are taken off them for ranking; nothing by default.
        tolerances: what counts as a match.
        strict_tolerances: what counts as a strict match, not looser than ``tolerances``.
        processes: worker processes for matching.
        seconds_per_pair: a pair that takes longer does not match; its row says so.

    Raises:
        InputError: references, samples and energies are not equally many.
    """
    _check_lengths(references, samples, energies)
    run = partial(match_pairs, processes=processes, seconds_per_pair=seconds_per_pair)
    keys = _pair_keys(references, samples)
    pairs = [(samples[j][k], references[i].structure) for i, j, k in keys]
    found = dict(zip(keys, run(pairs, tolerances), strict=True))
    own = [(i, k) for (i, j, k), pair in found.items() if i == j and pair.rmse is not None]
    strict_pairs = [(samples[i][k], references[i].structure) for i, k in own]
    strict = {
        key
        for key, pair in zip(own, run(strict_pairs, strict_tolerances), strict=True)
        if pair.rmse is not None
    }
    rows = [
        [
            _row(
                reference,
                k,
                structure,
                found[i, i, k],
                (i, k) in strict,
                energies[i][k] if energies else None,
                preferences[i][k] if preferences else 0.0,
            )
            for k, structure in enumerate(samples[i])
        ]
        for i, reference in enumerate(references)
    ]
    pool: list[list[tuple[int, float]]] = [[] for _ in references]
    for (i, _, k), pair in found.items():
        if pair.rmse is not None:
            pool[i].append((k, pair.rmse))
    formulas = [reference.formula for reference in references]
    return BenchmarkResult(rows, pool, formulas, tolerances, strict_tolerances)


def _check_lengths(
    references: Sequence[Reference],
    samples: Sequence[Sequence[Structure]],
    energies: Energies | None,
) -> None:
    """Raise InputError where the lists do not belong together."""
    if len(samples) != len(references):
        raise InputError(f"{len(references)} references but samples for {len(samples)}")
    if energies is not None and [len(e) for e in energies] != [len(s) for s in samples]:
        raise InputError("energies and samples are not equally many")


def _pair_keys(
    references: Sequence[Reference], samples: Sequence[Sequence[Structure]]
) -> list[tuple[int, int, int]]:
    """``(reference, made for, sample)`` of every pair that is to be matched."""
    order = sorted(range(len(references)), key=lambda i: references[i].formula)
    keys = [(i, i, k) for i in range(len(references)) for k in range(len(samples[i]))]
    for _, group in groupby(order, key=lambda i: references[i].formula):
        members = list(group)
        if len(members) > 1:
            keys.extend(_foreign_keys(members, references, samples))
    return keys


def _foreign_keys(
    members: Sequence[int],
    references: Sequence[Reference],
    samples: Sequence[Sequence[Structure]],
) -> list[tuple[int, int, int]]:
    """Pairs of references with samples that were made for another reference of their formula."""
    prints = {
        (j, k): fingerprint(structure)
        for j in members
        for k, structure in enumerate(samples[j])
        if invalid_reason(structure) is None
    }
    keys: list[tuple[int, int, int]] = []
    for i in members:
        target = fingerprint(references[i].structure)
        others = [key for key in prints if key[0] != i]
        distances = [fingerprint_distance(target, prints[key]) for key in others]
        nearest = np.argsort(distances, kind="stable")[:MAX_POOL]
        keys.extend((i, *others[n]) for n in sorted(nearest))
    return keys


def _row(
    reference: Reference,
    sample: int,
    structure: Structure,
    pair: PairMatch,
    strict: bool,
    energy_per_atom: float | None,
    preference: float,
) -> SampleRow:
    """One row of the table."""
    return SampleRow(
        material_id=reference.material_id,
        formula=reference.formula,
        natoms=len(reference.structure),
        sample=sample,
        rmse=pair.rmse,
        strict=strict,
        invalid=invalid_reason(structure, composition=reference.structure.composition),
        energy_per_atom=energy_per_atom,
        preference=preference,
        failure=pair.failure,
    )
