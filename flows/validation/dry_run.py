"""``dao validate --dry-run``: the inputs of DFT, and nothing that runs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dao_core.errors import DaoError
from dao_core.writable import check_output_folder
from dft_inputs.running.codes import write_inputs
from flows.validation.crystals import find_crystals
from flows.validation.settings import DftSettings, require_packages
from stores import open_store

UNSAFE = re.compile(r"[^\w.-]+")


def write_given(
    words: Sequence[str], settings: DftSettings, out: Path, store: str | None
) -> dict[str, Any]:
    """Write the inputs of crystals, each into a folder of its name.

    Args:
        words: Files, folders, or ids of candidates, relaxations and structures.
        settings: How they would be computed.
        out: Folder of the folders.
        store: URI of the store; None is the embedded one.

    Returns:
        ``store``, ``structures`` (``name``, ``folder``, ``inputs``) and ``failures``.

    Raises:
        DaoError: There is no crystal, or a package is missing.
    """
    require_packages()
    check_output_folder(out)
    with open_store(store) as opened:
        found = find_crystals(words, opened)
        uri = opened.uri
    method = settings.method()
    rows: list[dict[str, Any]] = []
    failures = list(found.failures)
    for crystal in found.crystals:
        folder = out / UNSAFE.sub("_", crystal.name).strip("_.")
        system = sorted(element.symbol for element in crystal.structure.elements)
        try:
            inputs = write_inputs(crystal.structure, method, system, folder)
        except DaoError as error:
            failures.append({"file": crystal.name, "reason": str(error)})
            continue
        rows.append({"name": crystal.name, "folder": str(folder), "inputs": [*map(str, inputs)]})
    return {"store": uri, "structures": rows, "failures": failures}
