"""The DFT codes, and the modules in which each says what it needs and does."""

from __future__ import annotations

import importlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from pymatgen.core import Structure

from dao_core.errors import InputError
from dft_inputs.level import LevelOfTheory
from dft_inputs.method import Method
from dft_inputs.protocols import get_protocol


@dataclass(frozen=True)
class CodeModules:
    """Names of the modules of a code; none is imported before the code is used.

    Attributes:
        level: Has ``require_programs(method)`` and ``level_for(method, elements, system)``.
        flow: Has ``flow_for(request, walltime)`` and ``result_of(request, output, documents)``.
        inputs: Has ``write_inputs(structure, method, system, folder)``; None where nothing of the
            code can be run by hand.
    """

    level: str
    flow: str
    inputs: str | None = None


CODES = {
    "qe": CodeModules("dft_inputs.qe.level", "dft_inputs.qe.flow", "dft_inputs.qe.inputs"),
    "vasp": CodeModules("dft_inputs.vasp.level", "dft_inputs.vasp.flow", "dft_inputs.vasp.inputs"),
}


def flow_module(method: Method) -> ModuleType:
    """Module that makes the flows of a method's code, and results of what they return.

    Raises:
        InputError: If the code is unknown.
    """
    # atomate2 takes seconds to import: only a VASP calculation pays for it.
    return importlib.import_module(_modules(method).flow)


def require_programs(method: Method) -> None:
    """Make sure that the program of a method and its potentials are on this machine.

    Raises:
        InputError: If the code, the protocol or the family is unknown.
        MissingError: If something is not there; with what to do.
    """
    _level_module(method).require_programs(method)


def level_for(method: Method, elements: Collection[str], system: Collection[str]) -> LevelOfTheory:
    """Level of theory of a method, after checking that everything it needs is there.

    Args:
        method: How crystals are computed.
        elements: Elements that the level is restricted to.
        system: Elements of the hull, whose cutoffs are taken.

    Returns:
        The level.

    Raises:
        InputError: If the code or the protocol is unknown.
        MissingError: If the program, the family or an element of it is missing.
    """
    level: LevelOfTheory = _level_module(method).level_for(method, elements, system)
    return level


def write_inputs(
    structure: Structure, method: Method, system: Sequence[str], folder: Path
) -> list[Path]:
    """Write the inputs of a crystal into a folder; the program is not needed for it.

    Args:
        structure: Crystal.
        method: How it is computed.
        system: Elements of the hull, whose cutoffs are taken.
        folder: Where to.

    Returns:
        The main input file of each run.

    Raises:
        InputError: If the code or the protocol is unknown, or the crystal cannot be computed.
        MissingError: If pseudopotentials of Quantum ESPRESSO are missing.
    """
    get_protocol(method.protocol)
    module = _modules(method).inputs
    if module is None:
        raise InputError(f"The inputs of '{method.code}' cannot be written without running it.")
    writer = importlib.import_module(module).write_inputs
    written: list[Path] = writer(structure, method, system, folder)
    return written


def _level_module(method: Method) -> ModuleType:
    modules = _modules(method)
    get_protocol(method.protocol)
    return importlib.import_module(modules.level)


def _modules(method: Method) -> CodeModules:
    if method.code not in CODES:
        raise InputError(f"There is no DFT code '{method.code}'. Choose {' or '.join(CODES)}.")
    return CODES[method.code]
