"""What pw.x calls atomic species: elements, told apart by their starting moments."""

from __future__ import annotations

from typing import Any

from pymatgen.core import Element, Structure

from dft_inputs.magnetism import starting_moments
from dft_inputs.pseudos import PseudoFamily


class AtomicTypes:
    """Atomic types of a crystal: one per element, or per element and starting moment.

    Attributes:
        family: pseudopotentials.
        species: label and element of each type.
        labels: label of each site.
        elements: symbols of the crystal.
        n_electrons: valence electrons of the cell.
        magnetisation: settings of the namelist ``system``; empty without spin.

    Raises:
        MissingPseudopotentialError: If the family lacks an element.
    """

    def __init__(self, structure: Structure, family: PseudoFamily, *, spin: bool) -> None:
        self.family = family
        symbols = [Element(site.specie.symbol).symbol for site in structure]
        pseudos = family.require(set(symbols))
        moments = starting_moments(structure) if spin else None
        keys = list(zip(symbols, moments or [0.0] * len(symbols), strict=True))
        distinct = sorted(set(keys))
        counts: dict[str, int] = {}
        self.species: list[tuple[str, str]] = []
        self.magnetisation: dict[str, Any] = {"nspin": 2} if moments else {}
        by_key: dict[tuple[str, float], str] = {}
        for index, (symbol, moment) in enumerate(distinct, start=1):
            counts[symbol] = counts.get(symbol, 0) + 1
            label = symbol if counts[symbol] == 1 else f"{symbol}{counts[symbol]}"
            by_key[symbol, moment] = label
            self.species.append((label, symbol))
            if moments:
                # pw.x takes the moment as a fraction of the valence electrons.
                fraction = moment / pseudos[symbol].z_valence
                fraction = round(max(-1.0, min(1.0, fraction)), 4)
                self.magnetisation[f"starting_magnetization({index})"] = fraction
        self.labels = [by_key[key] for key in keys]
        self.elements = set(symbols)
        self.n_electrons = sum(pseudos[symbol].z_valence for symbol in symbols)

    def card(self) -> list[str]:
        """Card of the atomic types."""
        pseudos = self.family.pseudopotentials
        rows = [
            f"{label} {float(Element(symbol).atomic_mass):.4f} {pseudos[symbol].file}"
            for label, symbol in self.species
        ]
        return ["ATOMIC_SPECIES", *rows]
