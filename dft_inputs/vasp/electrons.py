"""States, gap, moments, charges and localisation of a static run by VASP."""

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
from dft_inputs.electrons.localisation import WINDOW, Localisation, localise
from dft_inputs.errors import TruncatedOutputError
from dft_inputs.garbled import GARBLED
from dft_inputs.vasp.grids import (
    density_grid,
    elf_grid,
    top_states_grid,
    whole_density_grid,
)

INCAR = {
    "NEDOS": 3001,
    "LORBIT": 11,
    "LELF": True,
    "NPAR": 1,  # as LELF wants it
    "LCHARG": True,
    "LAECHG": True,
    "LWAVE": True,
}
"""Steps of the energy axis, projections, and files of grids: nothing that the energy depends on."""
NO_ELF = (
    "the run has no ELFCAR: neither charges nor the localisation of its electrons are looked at"
)
NO_WAVES = "the run has no WAVECAR: where the states near the top lie is not known, nor the verdict"
NO_GAP = 1e-3
"""eV below which bands touch."""


def electrons_of_run(folder: Path) -> ElectronicInterpretation:
    """What the files of a static run say of its electrons.

    Args:
        folder: With ``vasprun.xml`` and ``OUTCAR``, compressed or not; with ``ELFCAR``, ``CHGCAR``,
            ``WAVECAR`` and ``AECCAR`` where the localisation is to be looked at.

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
    found = _localised(folder, run, outcar)
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
        charges=_charges(run, outcar, found, spin_polarized=spin_polarized),
        in_voids=found and found.in_voids,
        attractors=found.maxima if found else [],
        electride=found and found.electride,
        slice=found and found.slice,
        notes=[gap_note(is_metal=is_metal), *_notes(found)],
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


def _localised(folder: Path, run: Vasprun, outcar: Outcar) -> Localisation | None:
    """What the grids of the run say, where it left any.

    Raises:
        TruncatedOutputError: If one is not whole, or the valences are not said.
    """
    structure = run.final_structure
    elf = elf_grid(folder, structure)
    if elf is None:
        return None
    near_top = None
    if Path(zpath(str(folder / "WAVECAR"))).is_file():
        near_top = top_states_grid(folder, run, WINDOW, elf.values.shape)
    try:
        outcar.read_pseudo_zval()
        valences = [outcar.zval_dict[site.specie.symbol] for site in structure]
    except (RuntimeError, KeyError) as error:
        raise TruncatedOutputError(f"The OUTCAR in {folder} does not say the valences.") from error
    density, whole = density_grid(folder, structure), whole_density_grid(folder, structure)
    return localise(elf, density, near_top, valences, whole)


def _notes(found: Localisation | None) -> list[str]:
    if found is None:
        return [NO_ELF]
    return [*([NO_WAVES] if found.electride is None else []), *found.notes]


def _charges(
    run: Vasprun, outcar: Outcar, found: Localisation | None, *, spin_polarized: bool
) -> list[AtomicCharge]:
    """Bader charges, and moments within the PAW spheres."""
    bader: list[Any] = [None] * len(run.final_structure)
    if found is not None:
        bader = np.round(found.bader, 4).tolist()
    moments: list[Any] = [None] * len(run.final_structure)
    if spin_polarized:
        moments = [one["tot"] for one in outcar.magnetization]
    return [
        AtomicCharge(element=site.specie.symbol, bader=charge, loewdin=None, moment=moment)
        for site, charge, moment in zip(run.final_structure, bader, moments, strict=True)
    ]
