"""States, gap and moments of a static run by VASP."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import numpy as np
from monty.os.path import zpath
from pymatgen.io.vasp import Outcar, Vasprun

from dft_inputs.electrons.document import (
    AtomicCharge,
    ElectronicInterpretation,
    StatesDoc,
    gap_note,
)
from dft_inputs.errors import TruncatedOutputError
from dft_inputs.garbled import GARBLED

INCAR = {"NEDOS": 3001, "LORBIT": 11}
"""Steps of the energy axis, and the projections: nothing that the energy depends on."""
NO_ELF = (
    "states on the k-points of the static run; of VASP runs neither charges nor the ELF are looked "
    "at: `--code qe` does that"
)
NO_GAP = 1e-3
"""eV below which bands touch."""


def electrons_of_run(folder: Path) -> ElectronicInterpretation:
    """What the files of a static run say of its electrons.

    Bader charges and the ELF are not among it: there is no verdict on electrides.

    Args:
        folder: With ``vasprun.xml`` and ``OUTCAR``, compressed or not.

    Raises:
        TruncatedOutputError: If a file is missing, not whole, or without projected states.
    """
    try:
        run = Vasprun(zpath(str(folder / "vasprun.xml")), parse_potcar_file=False)
        outcar = Outcar(zpath(str(folder / "OUTCAR")))
        gap, _, top, direct = cast("tuple[float, ...]", run.eigenvalue_band_properties)
        projected = _projected(run)
    except (OSError, SyntaxError, *GARBLED) as error:  # as XML that is cut off raises
        raise TruncatedOutputError(f"The VASP run in {folder} has no whole states.") from error
    is_metal = bool(gap < NO_GAP)
    energies = np.asarray(run.tdos.energies) - (run.efermi if is_metal else top)
    total = np.array([run.tdos.densities[spin] for spin in run.tdos.densities])
    spin_polarized = len(total) > 1
    return ElectronicInterpretation(
        formula=run.final_structure.composition.reduced_formula,
        band_gap=0.0 if is_metal else float(gap),
        direct=None if is_metal else bool(direct),
        is_metal=is_metal,
        total_magnetization=outcar.total_mag if spin_polarized else None,
        absolute_magnetization=None,
        states=StatesDoc.of(energies, total, projected),
        charges=_moments(run, outcar, spin_polarized=spin_polarized),
        in_voids=None,
        attractors=[],
        electride=None,
        slice=None,
        notes=[
            gap_note(is_metal=is_metal),
            NO_ELF,
        ],
        dir_name=str(folder),
    )


def _projected(run: Vasprun) -> dict[str, np.ndarray]:
    """States by element and shell, as ``Si p`` -> ``[spins, E]``."""
    states: Any = run.complete_dos
    return {
        f"{element.symbol} {shell.name}": np.array(list(dos.densities.values()))
        for element in run.final_structure.elements
        for shell, dos in states.get_element_spd_dos(element).items()
    }


def _moments(run: Vasprun, outcar: Outcar, *, spin_polarized: bool) -> list[AtomicCharge]:
    """Moments within the PAW spheres."""
    moments: list[Any] = [None] * len(run.final_structure)
    if spin_polarized:
        moments = [one["tot"] for one in outcar.magnetization]
    return [
        AtomicCharge(element=site.specie.symbol, bader=None, loewdin=None, moment=moment)
        for site, moment in zip(run.final_structure, moments, strict=True)
    ]
