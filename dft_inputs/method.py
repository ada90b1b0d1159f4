"""How crystals are computed: everything that a user chooses of a DFT calculation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dft_inputs.protocols import Protocol
from dft_inputs.pseudos import DEFAULT_FAMILY

Code = Literal["qe", "vasp"]
Workflow = Literal["static", "relax", "electrons"]


@dataclass(frozen=True)
class Method:
    """How crystals are computed; equal methods give comparable energies.

    Attributes:
        code: Program.
        protocol: Protocol, or its name.
        workflow: ``relax`` relaxes until the volume settles and ends with a static run;
            ``electrons`` leaves the crystal as it is and interprets its electrons.
        pseudo_family: Pseudopotential family of Quantum ESPRESSO.
        functional: Functional of VASP, ``pbe`` or ``r2scan``; that of Quantum ESPRESSO is its
            family's.
        spin: Whether open shells start from high spin.
        hubbard: Whether the table of Hubbard U values is applied.
        pressure: Target pressure, GPa.
        command: Command that runs the program; None for the default of the code.
    """

    code: Code = "qe"
    protocol: str | Protocol = "balanced"
    workflow: Workflow = "relax"
    pseudo_family: str = DEFAULT_FAMILY
    functional: Literal["pbe", "r2scan"] = "pbe"
    spin: bool = True
    hubbard: bool = False
    pressure: float = 0.0
    command: str | None = None
