"""What can be known to be wrong before any work: targets, domain, own structures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dao_core.crystal.reading import NamedStructure, read_structures
from dao_core.errors import DomainError, InputError
from dao_core.potentials import Domain
from dao_core.search.compositions import CompositionCell
from dao_core.search.result import Failure

READING = "reading"
"""Stage at which a file of the user's is lost: it stays lost however often the campaign runs."""


@dataclass(frozen=True)
class OwnStructures:
    """The user's structures that can take part, and those that cannot, with the reason."""

    usable: tuple[NamedStructure, ...]
    failures: tuple[Failure, ...]


def read_own_structures(paths: Sequence[str], elements: Sequence[str]) -> OwnStructures:
    """Read the user's structures and keep those within the chemical system.

    Args:
        paths: Files and folders.
        elements: Symbols of the chemical system.

    Raises:
        InputError: Files were given and not one structure of them can take part.
    """
    reading = read_structures(paths)
    failures = [Failure(item=f.source, stage=READING, reason=f.reason) for f in reading.failures]
    usable = []
    for named in reading.structures:
        foreign = {element.symbol for element in named.structure.elements} - set(elements)
        if foreign:
            reason = f"holds {', '.join(sorted(foreign))}, which the campaign does not"
            failures.append(Failure(item=named.source, stage=READING, reason=reason))
        else:
            usable.append(named)
    if paths and not usable:
        reasons = "; ".join(f"{failure.item}: {failure.reason}" for failure in failures)
        raise InputError(f"none of the seed structures can take part: {reasons}")
    return OwnStructures(tuple(usable), tuple(failures))


def domain_warnings(
    cells: Sequence[CompositionCell], domain: Domain, *, pressure: float = 0.0, force: bool
) -> list[str]:
    """Say where the cells leave the domain of the models.

    Args:
        cells: What the campaign is going to propose.
        domain: What the models were made for.
        pressure: External pressure, GPa.
        force: Return the warnings instead of refusing.

    Raises:
        DomainError: A cell lies outside and ``force`` is not set.
    """
    warnings = []
    largest = max(cells, key=lambda cell: cell.natoms, default=None)
    if largest is not None and domain.max_atoms and largest.natoms > domain.max_atoms:
        warnings.append(
            f"{largest.formula} with Z = {largest.z} has {largest.natoms} atoms per cell; "
            f"the models were made for at most {domain.max_atoms}"
        )
    present = {element.symbol for cell in cells for element in cell.composition.elements}
    foreign = sorted(present - domain.elements) if domain.elements else []
    if foreign:
        warnings.append(f"the potential was made without {', '.join(foreign)}")
    if domain.max_pressure is not None and pressure > domain.max_pressure:
        warnings.append(
            f"{pressure:g} GPa; the potential was made for at most {domain.max_pressure:g} GPa"
        )
    if warnings and not force:
        raise DomainError(
            f"outside the domain: {'; '.join(warnings)}. "
            "Use smaller cells or another potential, or go on with --force"
        )
    return warnings
