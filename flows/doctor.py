"""What works on this machine: each part tried, not only looked for."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from dao_core.devices import available_devices
from dao_core.errors import DaoError
from dao_core.generator.generate import load_generator
from dao_core.potentials import load_potential
from stores import dao_home, open_store

PROGRAMS = ("pw.x", "ph.x", "pp.x", "vasp_std")


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
        *_programs(),
        _folder("pseudopotentials", "ESPRESSO_PSEUDO", "only Quantum ESPRESSO needs it"),
        _folder("POTCARs", "PMG_VASP_PSP_DIR", "only VASP needs it"),
        Check("devices", works=True, needed=False, detail=", ".join(available_devices())),
    ]


def as_result(checks: list[Check], store: str | None) -> dict[str, Any]:
    """The machine-readable form."""
    missing = [check.part for check in checks if check.needed and not check.works]
    level = next((c.detail for c in checks if c.part == "dao-p" and c.works), None)
    return {
        "level": level,
        "store": store,
        "home": str(dao_home()),
        "checks": [asdict(check) for check in checks],
        "missing": missing,
    }


def _tried(part: str, attempt: Callable[[], str], *, needed: bool) -> Check:
    try:
        return Check(part, works=True, needed=needed, detail=attempt())
    except DaoError as error:
        return Check(part, works=False, needed=needed, detail=str(error))


def _store_detail(store: str | None) -> str:
    with open_store(store) as opened:
        return f"{opened.uri} ({opened.campaigns.count()} campaigns)"


def _programs() -> Iterator[Check]:
    for program in PROGRAMS:
        path = shutil.which(program)
        missing = "not on PATH; only DFT validation needs it"
        yield Check(program, works=path is not None, needed=False, detail=path or missing)


def _folder(part: str, variable: str, purpose: str) -> Check:
    value = os.environ.get(variable)
    if value and Path(value).is_dir():
        return Check(part, works=True, needed=False, detail=value)
    problem = f"{variable}={value} is not a folder" if value else f"{variable} is not set"
    return Check(part, works=False, needed=False, detail=f"{problem}; {purpose}")
