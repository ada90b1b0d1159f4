"""The network that one element forms in a crystal: distances, coordination, cages, dimension."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from ase.data import covalent_radii
from pymatgen.analysis.dimensionality import get_structure_components
from pymatgen.analysis.graphs import StructureGraph
from pymatgen.core import Element, Structure

BOND = {"H": 1.3}
"""angstrom up to which two atoms of a network are linked; H2 has 0.74, the cages of clathrate
hydrides 1.1 to 1.3 (Peng et al., Phys. Rev. Lett. 119, 107001 (2017))."""
STRETCH = 1.25
"""For other elements: distance over twice the covalent radius."""
MOLECULE = 0.85
"""angstrom below which two hydrogen atoms are a molecule."""
COLLAPSED = 0.68
"""angstrom: no pressure brings the atoms of H2 (0.74) so near; potentials that do have failed."""
SHELL_GAP = 1.25
"""Ratio of successive distances at which the shell around a framework atom ends."""
LARGEST_CAGE = 40
"""Atoms; the cages of clathrate hydrides have 24 to 36. A gap further out ends no shell."""


@dataclass(frozen=True)
class Network:
    """What the atoms of one element do among each other and around the others.

    Attributes:
        symbol: the element.
        shortest: distance between two of them, angstrom, or None for a single one far from images.
        mean_nearest: mean distance to the nearest other one, angstrom.
        molecular: share of atoms in pairs closer than a molecule's bond (hydrogen only).
        coordination: mean number of links per atom.
        dimensionality: largest of the linked components: 0 (molecules) to 3; None without links.
        components: linked components per cell.
        cages: atoms of the first shell around each framework atom, e.g. ``{"La": [32]}``; an atom
            around which no shell ends has no number.
    """

    symbol: str
    shortest: float | None
    mean_nearest: float | None
    molecular: float
    coordination: float
    dimensionality: int | None
    components: int
    cages: dict[str, list[int]]

    @property
    def signature(self) -> tuple[object, ...]:
        """What two networks of one kind share: dimension, cages, molecules or not."""
        cages = tuple((symbol, *sorted(sizes)) for symbol, sizes in sorted(self.cages.items()))
        return self.dimensionality, self.molecular > 0.5, cages

    @property
    def objection(self) -> str | None:
        """Why the network cannot be real, or None."""
        if self.symbol != "H" or self.shortest is None or self.shortest >= COLLAPSED:
            return None
        return f"hydrogen {self.shortest:.2f} angstrom apart: the potential fails here"


def describe_network(structure: Structure, symbol: str) -> Network:
    """Describe the network of one element.

    Args:
        structure: a crystal that holds the element.
        symbol: the element.
    """
    members = [i for i, site in enumerate(structure) if site.specie.symbol == symbol]
    own = Structure.from_sites([structure[i] for i in members])
    bond = BOND.get(symbol, STRETCH * 2 * float(covalent_radii[Element(symbol).Z]))
    nearest = np.array([_nearest(own, i) for i in range(len(own))])
    known = nearest[np.isfinite(nearest)]
    centres, points, images, _ = own.get_neighbor_list(bond)
    graph = StructureGraph.from_empty_graph(own)
    for i, j, image in zip(centres, points, images, strict=True):
        if (i, *(-image)) <= (j, *image):
            a, b, c = (int(x) for x in image)
            graph.add_edge(int(i), int(j), to_jimage=(a, b, c), warn_duplicates=False)
    parts = get_structure_components(graph)
    return Network(
        symbol=symbol,
        shortest=float(known.min()) if len(known) else None,
        mean_nearest=float(known.mean()) if len(known) else None,
        molecular=float((nearest < MOLECULE).mean()) if symbol == "H" else 0.0,
        coordination=len(centres) / len(own),
        dimensionality=max(int(part["dimensionality"]) for part in parts) if len(centres) else None,
        components=len(parts),
        cages=_cages(structure, symbol),
    )


def _nearest(own: Structure, index: int) -> float:
    """Distance to the nearest atom of the element, angstrom; infinite beyond 5."""
    return min((n.nn_distance for n in own.get_neighbors(own[index], 5.0)), default=np.inf)


def _cages(structure: Structure, symbol: str) -> dict[str, list[int]]:
    """Size of the shell of the element around each other atom, up to the first gap, if any."""
    cages: dict[str, list[int]] = {}
    for site in structure:
        other = site.specie.symbol
        if other != symbol:
            found = structure.get_neighbors(site, 5.0)
            away = np.sort([n.nn_distance for n in found if n.specie.symbol == symbol])
            gaps = np.flatnonzero(away[1:] > SHELL_GAP * away[:-1])
            sizes = cages.setdefault(other, [])
            if len(gaps) and gaps[0] < LARGEST_CAGE:
                sizes.append(int(gaps[0]) + 1)
    return cages
