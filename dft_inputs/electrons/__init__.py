"""What the electrons of a crystal do: basins of grids, kinds of localisation, charges, electrides.

Works on grids of any code; imports no DFT program.
"""

from dft_inputs.electrons.atomic_charges import bader_charges
from dft_inputs.electrons.attractors import Attractor, Kind, attractors
from dft_inputs.electrons.basins import Basins, find_basins
from dft_inputs.electrons.electride import ElectrideVerdict, judge_electride
from dft_inputs.electrons.grid import Grid, read_cube

__all__ = [
    "Attractor",
    "Basins",
    "ElectrideVerdict",
    "Grid",
    "Kind",
    "attractors",
    "bader_charges",
    "find_basins",
    "judge_electride",
    "read_cube",
]
