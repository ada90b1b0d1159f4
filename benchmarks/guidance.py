"""What the weight of guidance does: energy, validity and spread of generated crystals.

    python benchmarks/guidance.py GUIDANCE [--model dao-g] [--weights 0,1,2,5] [--quick] [--json]

The same compositions and seeds for every weight. `guidance_energy` is the guide's own energy of the
finished crystals (standardised): it must fall. `energy_per_atom` (eV/atom) is a potential's verdict
on the valid ones (DAO-P by default, any of `dao predict`), which took no part in the guiding;
`energy_change` is the mean difference from the same seed without guidance, with its standard error,
over those that are valid in both; `valid_rate` is the price.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from printing import show
from pymatgen.core import Composition, Structure

from dao_core.crystal.batch import CrystalBatch
from dao_core.crystal.validity import invalid_reason
from dao_core.generator.generate import load_generator
from dao_core.generator.guidance import Guidance
from dao_core.potentials import Potential, load_potential
from dao_core.predictor.guidance import GuidanceEnergy, load_guidance

CELLS = ("Mg4O4", "Na4Cl4", "Ti2O4", "Si4", "Ca2Ti2O6", "Li2Fe2O4", "Al4O6", "Zn2S2")


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    weight: float
    structures: int
    guidance_energy: float
    energy_per_atom: float
    energy_change: float
    standard_error: float
    valid_rate: float


def measure(
    model: str, guide: GuidanceEnergy, potential: Potential, weights: Sequence[float], n: int
) -> list[Row]:
    """The same crystals under each weight."""
    generator = load_generator(model, "cpu")  # as the guide
    cells = [Composition(cell) for cell in CELLS]
    rows, unguided = [], None
    for weight in weights:
        guidance = Guidance(guide, weight) if weight else None
        made = [crystal.structure for crystal in generator.generate(cells, n, guidance=guidance)]
        own, energies = verdicts(made, guide, potential)
        unguided = energies if unguided is None else unguided
        change = (energies - unguided)[torch.isfinite(energies - unguided)]
        rows.append(
            Row(
                weight=weight,
                structures=len(made),
                guidance_energy=own,
                energy_per_atom=float(energies.nanmean()),
                energy_change=float(change.mean()),
                standard_error=float(change.std() / len(change) ** 0.5),
                valid_rate=float(torch.isfinite(energies).double().mean()),
            )
        )
    return rows


def verdicts(
    made: Sequence[Structure], guide: GuidanceEnergy, potential: Potential
) -> tuple[float, torch.Tensor]:
    """The guide's mean energy of the valid crystals, and the potential's of each (eV/atom)."""
    valid = [row for row, crystal in enumerate(made) if invalid_reason(crystal) is None]
    batch = CrystalBatch.from_structures([made[row] for row in valid])
    with torch.no_grad():
        own = guide(batch, torch.ones(len(valid))).mean()
    energies = torch.full((len(made),), torch.nan, dtype=torch.float64)
    energies[valid] = potential.evaluate(batch.to(dtype=torch.float64)).energy / batch.natoms
    return float(own), energies


def main() -> None:
    """Measure, and print a table or JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("guidance", type=Path, help="a guidance energy, safetensors")
    parser.add_argument("--model", default="dao-g")
    parser.add_argument("--potential", default="dao-p")
    parser.add_argument("--weights", default="0,0.5,1,2,5,10")
    parser.add_argument("-n", type=int, default=32, help="crystals per composition and weight")
    parser.add_argument("--quick", action="store_true", help="two crystals each, two weights")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    weights = [float(word) for word in arguments.weights.split(",")]
    guide, potential = load_guidance(arguments.guidance), load_potential(arguments.potential)
    weights, n = ([0.0, 2.0], 2) if arguments.quick else (weights, arguments.n)
    rows = measure(arguments.model, guide, potential, weights, n)
    listed = [asdict(row) for row in rows]
    show({"benchmark": "guidance", "rows": listed}, as_json=arguments.json)


if __name__ == "__main__":
    main()
