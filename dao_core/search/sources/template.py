"""Candidates from known crystals: elements exchanged, volume rescaled, most similar first.

The crystals are the prototypes of the AFLOW Library (Mehl 2017) that pymatgen carries, and those
that the search is given: known structures of other chemical systems.
"""

from __future__ import annotations

import importlib
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from ase.data import covalent_radii
from pymatgen.core import Element, Structure

from dao_core.crystal.symmetry import standard_primitive
from dao_core.crystal.validity import invalid_reason
from dao_core.crystal.volume import rescaled
from dao_core.search.compositions import CompositionCell
from dao_core.search.sources.base import Proposal

RATTLED_COPIES = 2
"""Further copies of each template with moved atoms, once the templates themselves are used up."""
RATTLE = 0.1
"""Angstrom: standard deviation of the moved atoms, along each axis."""
STRAIN = 0.03
"""Standard deviation of the strain of the rattled copies."""
RADIUS_WEIGHT = 1.0
"""Weight of the logarithm of a radius ratio against one unit of electronegativity."""
SYMPREC = 0.01
"""Angstrom, for the primitive cell of a known crystal."""
TEMPERATURE = 0.15
"""Units of dissimilarity by which a template is e times less likely to be drawn next."""
GROUP_WEIGHT = 0.01
"""Weight of one place on Pettifor's scale (Mendeleev number) against the same unit: enough to
order the prototypes of the elements, for which nothing else differs."""


@dataclass(frozen=True)
class Template:
    """A prototype crystal.

    Attributes:
        label: AFLOW label, e.g. ``AB_cF8_225_a_b``, or the id of a known structure.
        name: mineral or Strukturbericht name, may be empty.
        structure: primitive cell with the elements of the prototype.
    """

    label: str
    name: str
    structure: Structure

    @classmethod
    def known(cls, identity: str, structure: Structure) -> Template:
        """A known crystal under its id, in its primitive cell."""
        return cls(identity, "", standard_primitive(structure, SYMPREC))


class TemplateSource:
    """Prototypes and known crystals with the elements of the cell in every fitting assignment.

    A prototype with more kinds of sites than the cell has elements is used too, with one element
    on several kinds of sites (Fe3O4 in the spinel structure).
    """

    name = "template"
    seconds_per_candidate = 0.005
    opens = True

    def __init__(self, known: Sequence[Template] = (), temperature: float = TEMPERATURE) -> None:
        """Use known crystals beside the prototypes.

        Args:
            known: in primitive cells.
            temperature: of the order that another seed than 0 draws; 0 for the most similar first,
                whatever the seed.
        """
        self._known = tuple(known)
        self._temperature = temperature

    def propose(self, cell: CompositionCell, n: int, seed: int, first: int = 0) -> list[Proposal]:
        """Templates by chemical similarity, then rattled copies of them in the same order.

        With seed 0 the most similar come first; another seed draws the order, similar ones early,
        so that a system which is searched again sees more than the head of the list. Templates
        that the elements do not fit (silicon in the place of nitrogen molecules) are passed over.
        """
        ranked = ranked_assignments(cell, (*templates(), *self._known))
        if seed and self._temperature:
            ranked = _drawn(ranked, self._temperature, seed)
        rounds = itertools.product(range(1 + RATTLED_COPIES), enumerate(ranked))
        proposals = (
            _proposal(template, assignment, score, copy, [seed, copy, index])
            for copy, (index, (score, template, assignment)) in rounds
        )
        fitting = (p for p in proposals if not invalid_reason(p.structure))
        return list(itertools.islice(fitting, first, first + n))


def ranked_assignments(
    cell: CompositionCell, known: Sequence[Template]
) -> list[tuple[float, Template, dict[str, str]]]:
    """Every template and assignment with exactly the atoms of the cell, most similar first."""
    wanted = {symbol: round(n) for symbol, n in cell.composition.get_el_amt_dict().items()}
    found = [
        (dissimilarity(template.structure, assignment), template, assignment)
        for template in known
        if len(template.structure) == cell.natoms
        for assignment in assignments(template.structure, wanted)
    ]
    found.sort(key=lambda entry: (entry[0], entry[1].label, entry[1].name, tuple(entry[2].items())))
    return found


def best_templates(cell: CompositionCell, known: Sequence[Template], number: int) -> list[Template]:
    """The templates whose elements are nearest to those of a cell, at most ``number``."""
    ranked = (template for _, template, _ in ranked_assignments(cell, known))
    return list(itertools.islice({t.label: t for t in ranked}.values(), number))


def _drawn(
    ranked: list[tuple[float, Template, dict[str, str]]], temperature: float, seed: int
) -> list[tuple[float, Template, dict[str, str]]]:
    """An order drawn without replacement, probabilities exp(-dissimilarity / temperature).

    The largest sum of logarithm and Gumbel noise comes first (Yellott, J. Math. Psychol. 15, 109
    (1977)).
    """
    noise = np.random.default_rng(seed).gumbel(size=len(ranked))
    keys = [
        score / temperature - gumbel for (score, _, _), gumbel in zip(ranked, noise, strict=True)
    ]
    return [ranked[place] for place in np.argsort(keys, kind="stable")]


def _proposal(
    template: Template, assignment: dict[str, str], score: float, copy: int, seed: list[int]
) -> Proposal:
    """A template with its new elements at a sensible volume; copy 0 is the template itself."""
    structure = substituted(template.structure, assignment)
    # A crystal of the elements themselves is right as it is; scaling would break O2 and N2 apart.
    if any(old != new for old, new in assignment.items()):
        structure = rescaled(structure)
    if copy:
        structure = _rattled(structure, np.random.default_rng(seed))
    detail = {
        "prototype": template.label,
        "name": template.name,
        "assignment": assignment,
        "dissimilarity": round(score, 4),
        "copy": copy,
    }
    return Proposal(structure, f"template:{template.label}", detail)


def assignments(structure: Structure, wanted: dict[str, int]) -> list[dict[str, str]]:
    """Every way to put the elements of ``wanted`` on the elements of a prototype.

    Args:
        structure: the prototype.
        wanted: atoms of each element in the cell.

    Returns:
        Mappings from the symbols of the prototype to those of the cell that give exactly
        ``wanted``.
    """
    slots = {symbol: round(n) for symbol, n in structure.composition.get_el_amt_dict().items()}
    if len(slots) < len(wanted):
        return []
    fitting = []
    for chosen in itertools.product(sorted(wanted), repeat=len(slots)):
        counts = dict.fromkeys(wanted, 0)
        for symbol, count in zip(chosen, slots.values(), strict=True):
            counts[symbol] += count
        if counts == wanted:
            fitting.append(dict(zip(slots, chosen, strict=True)))
    return fitting


def dissimilarity(structure: Structure, assignment: dict[str, str]) -> float:
    """How unlike the elements of a prototype are those that take their places.

    Mean over atoms of the differences in electronegativity and in the logarithm of the covalent
    radius, each relative to the mean of its crystal (so ionicity and radius ratios count, as in
    structure maps after Mooser and Pearson), and of the difference in Mendeleev number.
    """
    old = [site.specie.symbol for site in structure]
    new = [assignment[symbol] for symbol in old]
    difference = _traits(new) - _traits(old)
    difference[:, :2] -= difference[:, :2].mean(axis=0)
    return float(np.abs(difference).mean(axis=0).sum())


def substituted(structure: Structure, assignment: dict[str, str]) -> Structure:
    """The prototype with its elements exchanged."""
    return Structure(
        structure.lattice,
        [assignment[site.specie.symbol] for site in structure],
        structure.frac_coords,
    )


@cache
def templates() -> tuple[Template, ...]:
    """All prototypes, read once for each process."""
    # Reading the library takes seconds; who asks for no template does not wait for it.
    library = importlib.import_module("pymatgen.analysis.prototypes").AFLOW_PROTOTYPE_LIBRARY
    return tuple(
        Template(
            entry["tags"]["aflow"],
            entry["tags"]["mineral"] or entry["tags"]["strukturbericht"].replace("None", ""),
            entry["snl"].structure,
        )
        for entry in library
    )


def _traits(symbols: list[str]) -> np.ndarray:
    """Electronegativity, weighted log radius and Mendeleev number of each atom, ``[N, 3]``."""
    return np.array([_element_traits(symbol) for symbol in symbols])


@cache
def _element_traits(symbol: str) -> tuple[float, float, float]:
    element = Element(symbol)
    # Noble gases have no Pauling electronegativity; they bind as little as fluorine gives away.
    electronegativity = 4.0 if element.is_noble_gas else float(element.X)
    radius = RADIUS_WEIGHT * float(np.log(covalent_radii[element.Z]))
    return electronegativity, radius, GROUP_WEIGHT * float(element.mendeleev_no)


def _rattled(structure: Structure, rng: np.random.Generator) -> Structure:
    """A copy with moved atoms and a strained cell, so that relaxation can leave the symmetry."""
    strain = rng.normal(scale=STRAIN, size=(3, 3))
    lattice = structure.lattice.matrix @ (np.eye(3) + (strain + strain.T) / 2)
    moved = structure.cart_coords + rng.normal(scale=RATTLE, size=(len(structure), 3))
    return Structure(
        lattice,
        structure.species,
        structure.lattice.get_fractional_coords(moved),
        to_unit_cell=True,
    )
