"""What a CIF says of its crystal beside the atoms: formula, Z, hydrogen, multiplicities."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from pymatgen.core import Element, Structure

from dao_core.crystal.formats.cif_block import UNKNOWN, BlockText, CifError

FORMULA = "_chemical_formula_sum"
Z = "_cell_formula_units_z"
HYDROGEN = "_atom_site_attached_hydrogens"
MULTIPLICITY = "_atom_site_symmetry_multiplicity"
TERM = re.compile(r"([A-Z][a-z]?)(\d*\.?\d*)")
SAME_SHARE = 0.01
"""Relative difference of an element's share that rounding of a formula may make."""


@dataclass(frozen=True)
class Statements:
    """What a block says.

    Attributes:
        formula: atoms by element in ``_chemical_formula_sum``, deuterium as hydrogen; None where
            it says nothing that can be read.
        formula_text: the same as it stands there.
        z: formula units in the cell.
        attached_hydrogen: whether hydrogen is said to be attached to sites.
        multiplicities: how many atoms of a label the cell is said to hold.
    """

    formula: dict[str, float] | None
    formula_text: str
    z: int | None
    attached_hydrogen: bool
    multiplicities: dict[str, int]

    @classmethod
    def of(cls, block: BlockText) -> Statements:
        """Those of a block."""
        text = block.single(FORMULA) or ""
        z = block.single(Z) or ""
        hydrogens = block.column(HYDROGEN) or []
        labels, counts = block.column("_atom_site_label") or [], block.column(MULTIPLICITY) or []
        pairs = [(a, m) for a, m in zip(labels, counts, strict=False) if labels.count(a) == 1]
        return cls(
            formula=_formula(text),
            formula_text=text,
            z=int(z) if z.isdecimal() and int(z) > 0 else None,
            attached_hydrogen=any(one.strip() not in (*UNKNOWN, "0") for one in hydrogens),
            multiplicities={label: int(m) for label, m in pairs if m.isdecimal() and int(m) > 0},
        )

    @property
    def elements(self) -> frozenset[str] | None:
        """Elements of the formula, None where there is none."""
        return frozenset(self.formula) if self.formula else None

    def check(self, structure: Structure) -> None:
        """Hold a crystal against formula, Z and hydrogen.

        Raises:
            CifError: it contradicts one of them; the text has both sides.
        """
        if not structure.is_ordered:
            return
        self.check_formula(structure)
        if self.attached_hydrogen and "H" not in structure.symbol_set:
            raise CifError("hydrogen is attached to sites, but has no place in the file")
        if self.z is None or self.formula is None:
            return
        whole = sum(self.formula.values())
        reduced = structure.composition.reduced_composition.num_atoms
        if not any(abs(len(structure) - n) < 0.5 for n in (self.z * whole, self.z * reduced)):
            raise CifError(
                f"Z = {self.z} of {self.formula_text} are {self.z * whole:g} atoms, but the sites "
                f"and operations make {len(structure)}"
            )

    def check_formula(self, structure: Structure) -> None:
        """Hold a crystal against the formula.

        Raises:
            CifError: the elements or their shares differ.
        """
        if self.formula is None or not structure.is_ordered:
            return
        found = {str(e): float(n) for e, n in structure.composition.element_composition.items()}
        if found.keys() == self.formula.keys() and _same_shares(found, self.formula):
            return
        hint = ""
        if "H" in self.formula.keys() - found.keys():
            hint = "; hydrogen has no place in the file"
        raise CifError(
            f"its formula is {self.formula_text}, but its atoms make "
            f"{structure.composition.formula}{hint}"
        )

    def multiplicity_notes(self, structure: Structure) -> list[str]:
        """Where the atoms of a label are not as many as the block says, one sentence each."""
        made = Counter(site.label for site in structure)
        return [
            f"{label} stands for {stated} atoms in the file, but {made[label]} were made"
            for label, stated in self.multiplicities.items()
            if label in made and made[label] != stated
        ]


def _formula(text: str) -> dict[str, float] | None:
    """Atoms by element, None where a text is no formula."""
    found: Counter[str] = Counter()
    if not text or TERM.sub("", text).strip():
        return None
    for symbol, number in TERM.findall(text):
        if not Element.is_valid_symbol(symbol):
            return None
        found["H" if symbol in ("D", "T") else symbol] += float(number or 1)  # type: ignore[assignment]
    return dict(found)


def _same_shares(one: dict[str, float], other: dict[str, float]) -> bool:
    """Whether every element has the same share of the atoms."""
    ones, others = sum(one.values()), sum(other.values())
    shares = ((one[e] / ones, other[e] / others) for e in one)
    return all(abs(a - b) <= SAME_SHARE * max(a, b) for a, b in shares)
