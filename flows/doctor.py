"""What works on this machine: each part tried, not only looked for."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from prefect.client.orchestration import get_client
from prefect.settings import get_current_settings

from dao_core.devices import available_devices
from dao_core.environment import VASP_COMMAND, dao_home
from dao_core.errors import DaoError, MissingError
from dao_core.generator.generate import load_generator
from dao_core.potentials import load_potential
from dao_core.potentials.catalogue import CATALOGUE, of_others
from dao_core.writable import require_writable
from dft_inputs.pseudos import check_families
from dft_inputs.qe.program import program_version, pw_command, sibling_command, split_command
from dft_inputs.vasp.potcar import potcar_folder
from flows.prefect_api import require_answer
from flows.serving import model_name, served_models
from stores import DaoStore, default_store, open_store, redacted
from stores.documents import DOCUMENTS
from stores.errors import StoreError
from stores.maintenance import outdated

SPACE = 1e9
"""Bytes; a campaign writes some ten megabytes, DFT and training far more."""
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
    """Try all parts: data folder, store, models, potentials, DFT programs, server, devices."""
    return [
        _tried("DAO_HOME", _home, needed=True),
        _tried("store", lambda: _in_store(store, _store_detail), needed=True),
        _tried("documents", lambda: _in_store(store, _schemas), needed=True),
        _tried("dao-g", lambda: _in_store(store, _generator), needed=True),
        _tried("dao-p", lambda: _in_store(store, _predictor), needed=True),
        *(_tried(name, partial(_potential, name), needed=False) for name in CATALOGUE),
        *(_tried(name, partial(_offered, name), needed=False) for name in of_others()),
        *(_tried(p, partial(_version, p), needed=False) for p in PROGRAMS),
        _tried("pseudopotentials", _families, needed=False),
        _tried("vasp", _vasp, needed=False),
        _tried("POTCARs", lambda: str(potcar_folder()), needed=False),
        _tried("Prefect server", _server, needed=True),
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
    except DaoError as error:
        return Check(part, works=False, needed=needed, detail=str(error))


def _home() -> str:
    home = dao_home()
    require_writable(home, "DAO_HOME")
    nearest = next(folder for folder in (home, *home.parents) if folder.exists())
    free = shutil.disk_usage(nearest).free
    if free < SPACE:
        raise MissingError(
            f"{home}: {free / 1e6:.0f} MB are free on its disk; a campaign wants 1 GB"
        )
    return f"{home} ({free / 1e9:.0f} GB free)"


def _in_store(store: str | None, look: Callable[[DaoStore], str]) -> str:
    with open_store(store) as opened:
        return look(opened)


def _store_detail(store: DaoStore) -> str:
    with store.transaction():
        pass  # a store that can only be read says so here
    waiting = store.spool.waiting() if store.spool else 0
    spooled = f", {waiting} documents wait on this machine" if waiting else ""
    return f"{store.uri} ({store.campaigns.count()} campaigns{spooled})"


def _schemas(store: DaoStore) -> str:
    """Whether this program reads all documents.

    Raises:
        StoreError: some are of an older or newer release.
    """
    newer = {
        kind.collection: count
        for kind in DOCUMENTS
        if (count := store.collections[kind.collection].count(
            {"schema_version": {"$gt": kind.schema_current}}))
    }  # fmt: skip
    if newer:
        raise StoreError(f"of a newer dao: {_counts(newer)}; update this program")
    if older := outdated(store):
        raise StoreError(
            f"of an older schema: {_counts(older)}; run: dao store backup FOLDER, then "
            "dao store migrate"
        )
    return "all of the present schema"


def _counts(found: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in found.items())


def _generator(store: DaoStore) -> str:
    name = model_name(store, "generator", served_models(store))
    return f"hash {load_generator(name).checkpoint_hash}"


def _predictor(store: DaoStore) -> str:
    name = model_name(store, "predictor", served_models(store))
    return load_potential(name if name == "dao-p" else f"dao-p:{name}").level


def _potential(name: str) -> str:
    """A potential of a kept library; what would be downloaded is not."""
    return f"{load_potential(name).level} (weights: {CATALOGUE[name].weights})"


def _offered(name: str) -> str:
    """A potential of another package."""
    return load_potential(name).level


def _server() -> str:
    """The Prefect server that is configured.

    Raises:
        MissingError: it does not answer.
    """
    url = get_current_settings().api.url
    if not url:
        return "none configured: each campaign starts its own"
    require_answer(url)
    with get_client(sync_client=True) as client:
        problem = client.api_healthcheck()
    if problem is not None:
        raise MissingError(
            f"{url} does not answer ({type(problem).__name__}); start it, or unset PREFECT_API_URL"
        )
    return url


def _version(program: str) -> str:
    command = sibling_command(pw_command(), program)
    version = program_version(command, program)
    path = shutil.which(split_command(command)[0])
    return f"{'.'.join(map(str, version))} ({path})"


def _families() -> str:
    families = check_families()
    if not families:
        raise MissingError("none is installed; run: dao pseudos install")
    problems = [f"{one.family}: {problem}" for one in families for problem in one.problems]
    if problems:
        raise MissingError(f"{'; '.join(problems[:3])}; run: dao pseudos install FAMILY")
    return ", ".join(f"{family.family} ({len(family.elements)})" for family in families)


def _vasp() -> str:
    command = VASP_COMMAND.value or "vasp_std"
    path = shutil.which(command.split()[0]) if command.split() else None
    if path is None:
        raise MissingError(f"'{command}' is not on the PATH; name yours in DAO_VASP_COMMAND")
    return path
