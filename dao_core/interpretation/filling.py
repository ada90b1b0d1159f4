"""A framework filled by DAO-G: what is asked, what is held, and what is told of each crystal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pymatgen.core import Structure

from dao_core.crystal.symmetry import space_group_of
from dao_core.crystal.volume import rescaled
from dao_core.errors import InputError
from dao_core.frameworks import FilledCrystal, Filling, FillingOutcome
from dao_core.generator.generate import Generator
from dao_core.interpretation.finding import Finding
from dao_core.search.records import Candidate
from dao_core.search.sources.template import substituted, templates


@dataclass(frozen=True)
class FillRequest:
    """What is filled, with how much, and how.

    Attributes:
        framework: file, id of the store, or ``PROTOTYPE:ELEMENT,...`` of the AFLOW library.
        symbol: element of the filling.
        lowest: its atoms per cell of the framework, at least ...
        highest: ... and at most.
        samples: of each amount.
        volume: of the framework's cell, cubic angstrom; None as it stands.
        pressure: GPa.
        potential: name of the potential.
        model: name or file of the generator.
        seed: of the samples.
    """

    framework: str
    symbol: str
    lowest: float
    highest: float
    samples: int = 16
    volume: float | None = None
    pressure: float = 0.0
    potential: str = "dao-p"
    model: str = "dao-g"
    seed: int = 0

    def prototype(self) -> Structure | None:
        """The framework as a prototype of the AFLOW library; None where it is a file or an id.

        Raises:
            InputError: There is no such prototype, or it has another number of elements.
        """
        label, _, elements = self.framework.partition(":")
        if not elements or Path(self.framework).exists():
            return None
        return _prototype(label, elements.split(","))


def prepared_framework(framework: Structure, request: FillRequest) -> tuple[Structure, set[str]]:
    """The atoms that are held, and what was changed about them.

    Args:
        framework: As it was found; it is changed.
        request: Its volume and what fills it.
    """
    warnings = set()
    if request.prototype() is not None:
        warnings.add("the volume of the prototype's cell is an estimate at no pressure")
    own = [i for i, s in enumerate(framework) if s.specie.symbol == request.symbol]
    if own and len(own) < len(framework):
        framework.remove_sites(own)
        warnings.add(f"{len(own)} {request.symbol} of the framework itself were taken out")
    if request.volume is not None:
        framework.scale_lattice(request.volume)
    return framework, warnings


def _prototype(label: str, elements: Sequence[str]) -> Structure:
    """A prototype of the AFLOW library with other elements, at a sensible volume.

    Raises:
        InputError: There is no such prototype, or it has another number of elements.
    """
    found = next((template for template in templates() if template.label == label), None)
    if found is None:
        raise InputError(f"no file, id or AFLOW prototype {label!r}, such as A_cF4_225_a:La")
    symbols = [element.symbol for element in found.structure.elements]
    if len(symbols) != len(elements):
        raise InputError(
            f"{label} has {len(symbols)} elements ({', '.join(symbols)}); name as many"
        )
    return rescaled(substituted(found.structure, dict(zip(symbols, elements, strict=True))))


def filled_amount(cell: Filling, outcome: FillingOutcome) -> dict[str, Any]:
    """What came of one amount of the filling, JSON values.

    Args:
        cell: The framework with so many atoms to be put in.
        outcome: What came of it.
    """
    return {
        "number": cell.number,
        "framework": cell.framework.formula,
        "per_framework_atom": cell.per_framework_atom,
        "sampled": outcome.sampled,
        "lost": outcome.lost,
        "distinct": len(outcome.crystals),
    }


def filled_candidate(
    place: int, crystal: FilledCrystal, request: FillRequest, generator: Generator, level: str
) -> Candidate:
    """A filled framework as a candidate with what it came from.

    Args:
        place: Among those of its amount, by enthalpy.
        crystal: The crystal.
        request: What was asked.
        generator: What filled it.
        level: At which it was released.
    """
    formula, z = crystal.structure.composition.get_reduced_formula_and_factor()
    provenance = {
        "source": "framework",
        "origin": f"framework:{Path(request.framework).name}",
        "formula": formula,
        "z": int(z),
        "level": level,
        "place": place,
        **_deciding(crystal, request, generator),
    }
    return Candidate.of(crystal.structure, provenance, generator.checkpoint_hash)


def filled_finding(crystal: FilledCrystal, request: FillRequest, generator: Generator) -> Finding:
    """What is told of a filled framework; arguments are those of :func:`filled_candidate`."""
    structure = crystal.structure
    figures = {
        "formula": structure.composition.reduced_formula,
        "natoms": len(structure),
        "per_framework_atom": crystal.filling.per_framework_atom,
        "enthalpy_per_atom": crystal.enthalpy_per_atom,
        "energy_std": crystal.energy_std,
        "space_group": space_group_of(structure)[0],
        "volume_per_atom": structure.volume / len(structure),
        "network": asdict(crystal.network),
        "cluster": crystal.cluster,
        "population": crystal.population,
        "outside_domain": crystal.outside_domain,
    }
    flags = [crystal.outside_domain, crystal.network.objection]
    return Finding(_deciding(crystal, request, generator), figures, flags)


def _deciding(crystal: FilledCrystal, request: FillRequest, generator: Generator) -> dict[str, Any]:
    """What decides a filling beside framework and level."""
    return {
        "pressure": request.pressure,
        "number": crystal.filling.number,
        "samples": request.samples,
        "seed": request.seed,
        "model": generator.checkpoint_hash,
    }
