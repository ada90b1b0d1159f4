"""Energies of the elements by pw.x, which ship with the project so that a hull need not wait.

Every element of a system is relaxed as a corner of that system's hull, by ``dao_core``'s crystal of
its ground state and the protocol's level. What ends is added to the file at once; what stands there
is not computed again, so the script may be stopped at any time::

    python benchmarks/element_energies.py --protocol fast --minutes 30 --pseudos FOLDER
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from dft import ensure_pseudos

from dao_core.elements.ground_states import element_structure
from dft_inputs.method import Method
from dft_inputs.running.codes import level_for
from dft_inputs.running.element_energies import FILE, add_result, shipped_results
from dft_inputs.running.request import CalculationRequest, Limits
from dft_inputs.running.validation import validate

SYSTEMS = (
    "Mg-O", "Al-O", "Ti-Al", "Na-Cl", "Si-O", "Ca-O", "Li-O", "Na-O", "Zn-O", "Ti-O", "Zn-S",
    "Mg-Si", "Al-N", "Ca-N", "Li-N", "Si-C", "Li-S", "Na-S", "Li-Cl", "K-Cl", "Li-H", "Mg-H",
    "Al-P", "Li-P", "Na-P", "Mg-Al", "Cu-Al", "Cu-Zn", "Cu-O", "Cu-S", "Fe-Al", "Fe-S", "Fe-O",
)  # fmt: skip
"""The cheapest and most asked for first. Cutoffs are those of a whole system, so an element has an
energy for each of the cutoffs that its partners ask for."""


def requests(protocol: str) -> Iterator[CalculationRequest]:
    """What is to be computed, each once."""
    seen: set[str] = set()
    method = Method(protocol=protocol)
    for system in SYSTEMS:
        elements = tuple(sorted(system.split("-")))
        for element in elements:
            level = level_for(method, [element], elements)
            request = CalculationRequest(element_structure(element), method, elements, level)
            if request.key not in seen:
                seen.add(request.key)
                yield request


def main() -> None:
    """Compute what is missing until the time is over."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--protocol", default="fast")
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--pseudos", help="source of the pseudopotentials, where none are there")
    arguments = parser.parse_args()
    end = time.monotonic() + 60 * arguments.minutes
    with tempfile.TemporaryDirectory() as home:
        ensure_pseudos(Path(home), arguments.pseudos)
        # A run that the time cuts off is found again where DAO_HOME is one that stays.
        root = Path(os.environ.get("DAO_HOME", home)) / "validations"
        for request in requests(arguments.protocol):
            known = {result.key for result in shipped_results()}
            if request.key in known or time.monotonic() > end:
                continue
            symbol = request.structure.composition.chemical_system
            report = validate(
                {symbol: request.structure},
                request.method,
                Limits(cores=1, walltime=max(60.0, end - time.monotonic())),
                chemical_system=request.chemical_system,
                root=root,
            )
            (outcome,) = report.validations
            cutoff = request.level.settings["ecutwfc"]
            print(symbol, cutoff, outcome.state, outcome.reason, outcome.core_hours, flush=True)
            if outcome.result is not None:
                add_result(outcome.result)
    print(len(shipped_results()), "energies in", FILE.name)


if __name__ == "__main__":
    main()
