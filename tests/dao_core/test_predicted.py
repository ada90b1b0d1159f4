"""What a potential's numbers are worth is said beside them."""

from __future__ import annotations

import pytest
import torch
from pymatgen.core import Lattice, Structure

from dao_core.crystal.batch import CrystalBatch
from dao_core.potentials import Domain, Evaluation
from dao_core.predicted import predicted


class Squeezed:
    """A potential that finds every crystal under 160 GPa, and is fit for 50."""

    level = "squeezed"
    domain = Domain(max_pressure=50.0)

    def evaluate(self, batch: CrystalBatch) -> Evaluation:
        """Energies of zero, and the stress of that pressure."""
        size = len(batch.natoms)
        stress = -torch.eye(3).expand(size, 3, 3)
        forces = torch.zeros(size, int(batch.natoms.max()), 3)
        return Evaluation(torch.zeros(size), forces, stress)


@pytest.mark.parametrize(
    ("symbols", "distance", "objection"),
    [(("K", "Br"), 0.5, "GPa, made for at most 50"), (("K", "Br"), 0.05, "too_close"),
     (("Ne", "Ne"), 0.5, "noble gases")],
)  # fmt: skip
def test_crystals_outside_the_domain_are_flagged(
    symbols: tuple[str, str], distance: float, objection: str
) -> None:
    crystal = Structure(Lattice.cubic(4.0), symbols, [[0, 0, 0], [distance] * 3])
    (record,) = predicted([crystal], Squeezed())
    assert objection in record["outside_domain"]
