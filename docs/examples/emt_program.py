"""The program of the example DFT code: reads crystal.xyz, writes result.xyz. It is ASE's EMT."""

from pathlib import Path

from ase.calculators.emt import EMT
from ase.io import read, write

crystal = read(Path("crystal.xyz"), format="extxyz")
crystal.calc = EMT()
crystal.get_potential_energy(), crystal.get_forces(), crystal.get_stress()
write(Path("result.xyz"), crystal, format="extxyz")
