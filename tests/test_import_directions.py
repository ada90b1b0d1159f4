"""The import directions of the rooms, as the architecture has them."""

from __future__ import annotations

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
GROUND = (
    "dao_core.drafts",
    "dao_core.elements.ground_states",
    "dao_core.environment",
    "dao_core.errors",
    "dao_core.formula",
    "dao_core.hashing",
    "dao_core.hull",
    "dao_core.level_names",
    "dao_core.local_paths",
    "dao_core.units",
)
"""What every room stands on: plain modules that import nothing else of ours."""
ROOMS = ("dao_core", "stores", "dft_inputs", "flows")
FORBIDDEN = {
    "dao_core": {"stores", "dft_inputs", "flows", "prefect", "maggma", "atomate2", "jobflow"},
    "stores": {"flows", "prefect", "atomate2", "jobflow"},
    "dft_inputs": {"stores", "flows", "prefect"},
    "flows": {"torch", "scipy", "ase", "spglib"},
}


def imported_modules(source: Path) -> set[str]:
    """Every dotted module name that a file imports, wherever the import stands."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


@pytest.mark.parametrize("room", ROOMS)
def test_room_imports_only_what_it_may(room: str) -> None:
    sources = list((ROOT / room).rglob("*.py"))
    assert sources, f"the room {room} has no Python files"
    offences = [
        f"{source.relative_to(ROOT)} imports {name}"
        for source in sources
        for name in imported_modules(source)
        if name.split(".")[0] in FORBIDDEN[room]
    ]
    assert offences == []


@pytest.mark.parametrize("module", GROUND)
def test_the_ground_floor_imports_nothing_of_ours_but_itself(module: str) -> None:
    source = ROOT / Path(*module.split(".")).with_suffix(".py")
    ours = {name for name in imported_modules(source) if name.startswith(ROOMS)}
    assert {name for name in ours if not name.startswith(GROUND)} == set()


@pytest.mark.parametrize(
    ("room", "allowed"),
    [("stores", (*GROUND, "dao_core.crystal", "dao_core.search")), ("dft_inputs", GROUND)],
)
def test_room_takes_only_the_ground_floor_of_dao_core(room: str, allowed: tuple[str, ...]) -> None:
    offences = [
        f"{source.relative_to(ROOT)} imports {name}"
        for source in (ROOT / room).rglob("*.py")
        for name in imported_modules(source)
        if name.startswith("dao_core") and not name.startswith(allowed)
    ]
    assert offences == []


def test_stores_takes_only_the_readers_of_finished_runs_of_dft_inputs() -> None:
    allowed = ("dft_inputs.errors", "dft_inputs.finished", "dft_inputs.qe.finished",
               "dft_inputs.vasp.finished")  # fmt: skip
    taken = {
        (source.parent.name, name)
        for source in (ROOT / "stores").rglob("*.py")
        for name in imported_modules(source)
        if name.startswith("dft_inputs")
    }
    assert taken, "ingest reads runs with the readers of dft_inputs"
    assert {name for _, name in taken if not name.startswith(allowed)} == set()
    assert {room for room, _ in taken} == {"ingest"}


def test_no_modules_import_each_other_in_a_circle() -> None:
    files = {
        ".".join(source.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): source
        for room in ROOMS
        for source in (ROOT / room).rglob("*.py")
    }
    assert len(files) > 300
    graph = {
        name: (imported_modules(source) & files.keys()) - {name} for name, source in files.items()
    }
    assert graph["flows.cli.app"], "no import was found"
    TopologicalSorter(graph).prepare()
