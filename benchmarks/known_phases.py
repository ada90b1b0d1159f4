"""The known phases of some chemical systems, relaxed with the potential of a search."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pymatgen.core import Composition, Structure

from dao_core.crystal.deduplication import same_crystal
from dao_core.crystal.volume import rescaled
from dao_core.potentials import Potential
from dao_core.relax import RelaxSettings, idealised, relax
from dao_core.search.compositions import CompositionCell, parse_target
from dao_core.search.sources.template import ranked_assignments, substituted, templates

KNOWN: dict[str, tuple[tuple[str, str], ...]] = {
    "Mg-O": (("MgO", "AB_cF8_225_a_b"), ("Mg", "A_hP2_194_c")),
    "Na-Cl": (("NaCl", "AB_cF8_225_a_b"), ("Na", "A_cI2_229_a")),
    "Cs-Cl": (("CsCl", "AB_cP2_221_b_a"), ("Cs", "A_cI2_229_a")),
    "Ca-F": (("CaF2", "AB2_cF12_225_a_c"), ("Ca", "A_cF4_225_a")),
    "Ga-N": (("GaN", "AB_hP4_186_b_b"), ("GaN", "AB_cF8_216_c_a")),
    "Al-N": (("AlN", "AB_hP4_186_b_b"), ("AlN", "AB_cF8_216_c_a"), ("Al", "A_cF4_225_a")),
    "Ti-C": (("TiC", "AB_cF8_225_a_b"), ("Ti", "A_hP2_194_c")),
    "Ti-O": (("TiO2", "A2B_tP6_136_f_a"), ("TiO2", "A2B_tI12_141_e_a"), ("Ti", "A_hP2_194_c")),
    "Al-Ni": (("AlNi", "AB_cP2_221_b_a"), ("AlNi3", "AB3_cP4_221_a_c"), ("Ni", "A_cF4_225_a")),
    "Au-Cu": (
        ("CuAu", "AB_tP2_123_a_d"), ("Cu3Au", "AB3_cP4_221_a_c"), ("Cu", "A_cF4_225_a"),
    ),
    "Zn-S": (("ZnS", "AB_cF8_216_c_a"), ("ZnS", "AB_hP4_186_b_b"), ("Zn", "A_hP2_194_c")),
    "Si": (("Si", "A_cF8_227_a"),),
    "C": (("C", "A_cF8_227_a"), ("C", "A_hP4_194_bc"), ("C", "A_hP4_194_f")),
    "Sr-Ti-O": (("SrTiO3", "AB3C_cP5_221_a_c_b"), ("SrO", "AB_cF8_225_a_b")),
    "Fe-O": (),
    "Li-O": (),
    "Li-P": (),
}  # fmt: skip
"""Reduced formula and AFLOW label of known phases; the last three have theirs in reference data."""
MAX_REFERENCE_ATOMS = 8
STABLE = 0.0
SETTINGS = RelaxSettings()


@dataclass(frozen=True)
class Phase:
    """A known phase, relaxed."""

    name: str
    formula: str
    structure: Structure
    energy_per_atom: float


def known_phases(system: str, potential: Potential, file: Path) -> list[Phase]:
    """The known phases of a system, relaxed with the potential, lowest first.

    Args:
        system: chemical system or formula.
        potential: what relaxes them.
        file: where they are kept for the next call.
    """
    if file.is_file():
        return [
            Phase(**{**phase, "structure": Structure.from_dict(phase["structure"])})
            for phase in json.loads(file.read_text(encoding="utf-8"))
        ]
    named = [*_tabled(system), *_prototypes(system), *_referenced(system)]
    relaxed = relax([structure for _, structure in named], potential, SETTINGS)
    phases: list[Phase] = []
    for (name, _), end in zip(named, idealised(relaxed, potential, SETTINGS), strict=True):
        usable = end.converged and end.energy_per_atom is not None
        if usable and not any(same_crystal(end.structure, p.structure) for p in phases):
            formula = end.structure.composition.reduced_formula
            phases.append(Phase(name, formula, end.structure, float(end.energy_per_atom or 0)))
    phases.sort(key=lambda phase: (phase.formula, phase.energy_per_atom))
    file.parent.mkdir(parents=True, exist_ok=True)
    kept = [{**vars(phase), "structure": phase.structure.as_dict()} for phase in phases]
    file.write_text(json.dumps(kept), encoding="utf-8")
    return phases


def _tabled(system: str) -> Iterator[tuple[str, Structure]]:
    """The phases of ``KNOWN`` as templates at a sensible volume."""
    for formula, label in KNOWN.get(system, ()):
        (template,) = [t for t in templates() if t.label == label][:1]
        unit = Composition(formula)
        z = round(len(template.structure) / unit.num_atoms)
        cell = CompositionCell(formula, z, unit * z, len(template.structure))
        _, _, assignment = ranked_assignments(cell, [template])[0]
        yield f"{formula} {label}", rescaled(substituted(template.structure, assignment))


def _prototypes(system: str) -> Iterator[tuple[str, Structure]]:
    """Prototypes of the library that consist of what is asked for."""
    target = parse_target([system])
    formulas = {formula.reduced for formula in target.formulas}
    for template in templates():
        own = template.structure.composition
        inside = {element.symbol for element in own.elements} <= set(target.elements)
        asked = own.reduced_formula in formulas if formulas else inside
        if asked and len(template.structure) <= 2 * MAX_REFERENCE_ATOMS:
            yield f"{own.reduced_formula} {template.name or template.label}", template.structure


def _referenced(system: str) -> Iterator[tuple[str, Structure]]:
    """Stable phases of the shared reference data, small cells only."""
    elements = set(parse_target([system]).elements)
    folder = Path(os.environ.get("DAO_SHARED", "")) / "data" / "reference_phases"
    for file in sorted(folder.glob("*.json.gz")):
        records = json.loads(gzip.decompress(file.read_bytes()))["records"]
        for record in records:
            composition = Composition(record["formula"])
            mine = {element.symbol for element in composition.elements} <= elements
            stable = record.get("e_above_hull", 1.0) <= STABLE
            if mine and stable and record["natoms"] <= MAX_REFERENCE_ATOMS:
                yield (
                    f"{record['reduced_formula']} {record['material_id']}",
                    Structure(record["lattice"], record["atomic_numbers"], record["frac_coords"]),
                )
