"""VASP runs: every ``vasprun.xml`` below a folder."""

from __future__ import annotations

import warnings
import zlib
from pathlib import Path

import numpy as np
from pymatgen.io.vasp import Vasprun

from dao_core.crystal.reading import PARSER_ERRORS
from dao_core.units import EV_PER_CUBIC_ANGSTROM_IN_GPA, KBAR_PER_GPA
from stores.ingest.entry import Entry
from stores.ingest.runs import RunFolder

KBAR = 1 / KBAR_PER_GPA / EV_PER_CUBIC_ANGSTROM_IN_GPA
"""eV/angstrom^3."""


class VaspRuns(RunFolder):
    """The last ionic step of every converged run.

    Unless it is given, the level names functional, kind of POTCAR and cutoff.
    """

    name = "vasp"
    pattern = "vasprun*.xml*"

    def read(self, file: Path, identity: str) -> Entry:
        """The entry of one run."""
        return _entry(file, identity, self.level)


def _entry(file: Path, identity: str, level: str | None) -> Entry:
    try:
        with warnings.catch_warnings():
            # It warns of missing POTCARs and unconverged runs; neither is overlooked here.
            warnings.simplefilter("ignore")
            run = Vasprun(file, parse_dos=False, parse_eigen=False, parse_potcar_file=False)
            return _taken(run, identity, level)
    except (OSError, EOFError, zlib.error, *PARSER_ERRORS) as error:
        reason = f"unreadable_run: {type(error).__name__}: {error}"
        return Entry(identity, reason=reason, cursor=identity)


def _taken(run: Vasprun, identity: str, level: str | None) -> Entry:
    if not run.converged:
        return Entry(identity, reason="not_converged", cursor=identity)
    step = run.ionic_steps[-1]
    facts = {
        "energy_per_atom": float(run.final_energy) / len(run.final_structure),
        "forces": np.asarray(step["forces"]).tolist() if "forces" in step else None,
        # VASP counts the stress of a compressed crystal as positive.
        "stress": (-KBAR * np.asarray(step["stress"])).tolist() if "stress" in step else None,
        "properties": {"code": f"vasp {run.vasp_version}", "potcars": list(run.potcar_symbols)},
    }
    family = min(title.split()[0] for title in run.potcar_symbols)
    level = level or f"vasp-{run.run_type}-{family}-{run.parameters['ENMAX']:.0f}eV".lower()
    return Entry(identity, run.final_structure, level, facts, cursor=identity)
