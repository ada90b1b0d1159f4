"""What works on this machine: each part tried, not only looked for."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from dao_core.devices import available_devices
from dao_core.errors import DaoError, MissingError
from dao_core.generator.generate import load_generator
from dao_core.potentials import load_potential
from dft_inputs.errors import DftError
from dft_inputs.pseudos import list_families
from dft_inputs.qe.program import program_version, pw_command, sibling_command, split_command
from dft_inputs.vasp.potcar import potcar_folder
from stores import dao_home, default_store, open_store, redacted

PROGRAMS = ("pw.x", "ph.x", "pp.x")
"""Of Quantum ESPRESSO; only DFT checks need them."""


@dataclass(frozen=True)
class Check:
    """One part of the machine.

    Attributes:
        part: What was looked at.
        works: Whether it can be used.
        needed: Whether a campaign cannot run without it.
        detail: Where it is, or what to do.
    """

    part: str
    works: bool
    needed: bool
    detail: str


def examine(store: str | None) -> list[Check]:
    """Try all parts: data folder, store, models, potentials, DFT programs, devices."""
    return [
        Check("DAO_HOME", works=True, needed=False, detail=str(dao_home())),
        _tried("store", lambda: _store_detail(store), needed=True),
        _tried("dao-g", lambda: f"hash {load_generator().checkpoint_hash}", needed=True),
        _tried("dao-p", lambda: load_potential("dao-p").level, needed=True),
        _tried("chgnet", lambda: load_potential("chgnet").level, needed=False),
        *(_tried(p, partial(_version, p), needed=False) for p in PROGRAMS),
        _tried("pseudopotentials", _families, needed=False),
        _tried("vasp", _vasp, needed=False),
        _tried("POTCARs", lambda: str(potcar_folder()), needed=False),
        Check("devices", works=True, needed=False, detail=", ".join(available_devices())),
    ]


def as_result(checks: list[Check], store: str | None) -> dict[str, Any]:
    """The machine-readable form."""
    missing = [check.part for check in checks if check.needed and not check.works]
    level = next((c.detail for c in checks if c.part == "dao-p" and c.works), None)
    return {
        "level": level,
        "store": redacted(store or default_store()),
        "home": str(dao_home()),
        "checks": [asdict(check) for check in checks],
        "missing": missing,
    }


def _tried(part: str, attempt: Callable[[], str], *, needed: bool) -> Check:
    try:
        return Check(part, works=True, needed=needed, detail=attempt())
    except (DaoError, DftError) as error:
        return Check(part, works=False, needed=needed, detail=str(error))


def _store_detail(store: str | None) -> str:
    with open_store(store) as opened:
        return f"{opened.uri} ({opened.campaigns.count()} campaigns)"


def _version(program: str) -> str:
    command = sibling_command(pw_command(), program)
    version = program_version(command, program)
    path = shutil.which(split_command(command)[0])
    return f"{'.'.join(map(str, version))} ({path})"


def _families() -> str:
    families = list_families()
    if not families:
        raise MissingError("none is installed; run: dao pseudos install")
    return ", ".join(f"{family.name} ({len(family.pseudopotentials)})" for family in families)


def _vasp() -> str:
    command = os.environ.get("DAO_VASP_COMMAND", "vasp_std")
    path = shutil.which(command.split()[0]) if command.split() else None
    if path is None:
        raise MissingError(f"'{command}' is not on the PATH; name yours in DAO_VASP_COMMAND")
    return path
