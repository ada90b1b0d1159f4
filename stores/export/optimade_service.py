"""The store as an OPTIMADE service, on the reference server."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any
from uuid import uuid4

import uvicorn
from bson.errors import BSONError
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from optimade.adapters.structures.pymatgen import from_pymatgen
from optimade.exceptions import BadRequest
from optimade.filtertransformers.mongo import MongoTransformer
from optimade.server.config import ServerConfig
from optimade.server.create_app import create_app
from optimade.server.exception_handlers import general_exception
from pymongo.errors import PyMongoError

from dao_core.errors import InputError
from stores.dao_store import DaoStore
from stores.documents import StructureDocument, ThermoDocument
from stores.export.service_limits import (
    MOST_CONNECTIONS,
    Deadline,
    ImpatientProtocol,
    QueryLimits,
)

PREFIX = "dao"
FIELDS: tuple[dict[str, str], ...] = (
    {"name": "space_group", "type": "string", "description": "Space group symbol at 0.1 angstrom"},
    {"name": "space_group_number", "type": "integer", "description": "Space group number"},
    {"name": "levels", "type": "list", "description": "Energy levels at which it was computed"},
    {"name": "stable_at", "type": "list", "description": "Levels at which it lies on the hull"},
    {"name": "energy_per_atom", "type": "float", "unit": "eV/atom",
     "description": "Energy at the level in _dao_level"},
    {"name": "energy_above_hull", "type": "float", "unit": "eV/atom",
     "description": "Energy above the hull of the level in _dao_level"},
    {"name": "formation_energy_per_atom", "type": "float", "unit": "eV/atom",
     "description": "Formation energy at the level in _dao_level"},
    {"name": "level", "type": "string", "description": "Level of the three energies"},
)  # fmt: skip
BATCH = 200
FILTER_ERRORS = (
    *(ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError),
    *(BSONError, PyMongoError),
)
"""What the reference server raises on filters such as ``last_modified != 0``."""


def optimade_app(
    store: DaoStore,
    *,
    level: str | None = None,
    on_progress: Callable[[int], None] = lambda _: None,
) -> FastAPI:
    """An OPTIMADE service over the present state of a store.

    The service holds a copy in memory, so that it never writes to the store nor locks it; start it
    anew to serve later states.

    Args:
        store: the store.
        level: energies of this level are served; by default, for each structure, those of the
            alphabetically first level that it has.
        on_progress: called with the number of structures of each batch.
    """
    app = create_app(_config(), logger_tag="dao")
    app.add_middleware(QueryLimits)
    for kind in FILTER_ERRORS:
        app.add_exception_handler(kind, _bad_filter)
    collection = app.state.entry_collections["structures"]
    collection.transformer = _LiteralText(mapper=collection.resource_mapper)
    documents = store.find(StructureDocument)
    while batch := list(islice(documents, BATCH)):
        collection.insert(list(_resources(store, batch, level)))
        on_progress(len(batch))
    return app


class _LiteralText(MongoTransformer):
    """Filters whose text is text.

    The reference server searches for what follows CONTAINS, STARTS and ENDS as a regular
    expression: ``"."`` was found in everything, and some expressions take for ever.
    """

    def transform(self, tree: Any) -> Any:
        """The criteria of a filter, which end when its time is up."""
        return {"$and": [{"id": {"$ne": Deadline()}}, super().transform(tree)]}

    def fuzzy_string_op_rhs(self, arg: list[Any]) -> dict[str, str]:
        """The criterion of ``CONTAINS value``, ``STARTS [WITH] value`` or ``ENDS [WITH] value``."""
        *operator, value = arg
        criterion: dict[str, str] = super().fuzzy_string_op_rhs([*operator, re.escape(str(value))])
        return criterion


def _bad_filter(request: Request, error: Exception) -> Response:
    """A query that the reference server cannot follow is the client's mistake, not its own."""
    if isinstance(error, RequestValidationError):
        what = "; ".join(f"{one['loc'][-1]}: {one['msg']}" for one in error.errors())
        error = BadRequest(f"the query cannot be answered: {what}")
    elif "filter" in request.query_params:
        error = BadRequest(f"the filter cannot be answered: {type(error).__name__}: {error}")
    return general_exception(request, error)


def check_address(host: str, port: int) -> None:
    """Make sure that a service can listen there.

    Raises:
        InputError: the port is taken, or there is no such address.
    """
    try:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        raise InputError(f"{host}:{port}: cannot listen there ({error.strerror})") from error


def is_loopback(host: str) -> bool:
    """Whether an address is reached from this machine alone."""
    try:
        found = socket.getaddrinfo(host, None)
    except OSError:
        return False
    return all(ipaddress.ip_address(str(one[4][0])).is_loopback for one in found)


def run(app: FastAPI, *, host: str = "127.0.0.1", port: int = 5000) -> None:
    """Serve until interrupted, on an address that :func:`check_address` found free."""
    uvicorn.run(
        app, host=host, port=port, log_level="warning", http=ImpatientProtocol,
        limit_concurrency=MOST_CONNECTIONS,
    )  # fmt: skip


def _config() -> ServerConfig:
    return ServerConfig(
        insert_test_data=False,
        database_backend="mongomock",
        # mongomock keeps databases of one name together within a process.
        mongo_database=f"dao_{uuid4().hex}",
        page_limit=100,
        provider={
            "prefix": PREFIX,
            "name": "dao",
            "description": "Crystal structures of a dao store",
            "homepage": None,
        },
        provider_fields={"structures": [dict(field) for field in FIELDS]},
        validate_api_response=True,
    )


def _resources(
    store: DaoStore, batch: list[StructureDocument], level: str | None
) -> Iterator[dict[str, Any]]:
    """What the reference server keeps of each structure."""
    identities = [one.structure_id for one in batch]
    energies: dict[str, list[ThermoDocument]] = {}
    for thermo in store.find(ThermoDocument, {"structure_id": {"$in": identities}}):
        energies.setdefault(thermo.structure_id, []).append(thermo)
    for one in batch:
        known = sorted(energies.get(one.structure_id, []), key=lambda entry: entry.level)
        served = next((entry for entry in known if level in (None, entry.level)), None)
        attributes = from_pymatgen(one.to_pymatgen()).model_dump(exclude_unset=True, mode="json")
        yield {
            **attributes,
            "id": one.structure_id,
            "last_modified": one.last_updated.replace(microsecond=0),
            "space_group": one.space_group,
            "space_group_number": one.space_group_number,
            "levels": [entry.level for entry in known],
            "stable_at": [entry.level for entry in known if entry.is_stable],
            "energy_per_atom": served.energy_per_atom if served else None,
            "energy_above_hull": served.energy_above_hull if served else None,
            "formation_energy_per_atom": served.formation_energy_per_atom if served else None,
            "level": served.level if served else None,
        }
