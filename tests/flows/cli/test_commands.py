"""Each command does its work and prints one object with the promised keys."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pymatgen.core import Lattice, Structure
from typer.main import get_command
from typer.testing import CliRunner

from flows.cli.app import app

Dao = Callable[..., Any]
EMT = ("--potential", "ase:ase.calculators.emt:EMT")


def commands(group: Any, words: tuple[str, ...] = ()) -> Iterator[list[str]]:
    """Every command of the application, groups gone through."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*words, name))
        else:
            yield [*words, name]


COMMANDS = list(commands(get_command(app)))


@pytest.fixture
def copper(tmp_path: Path) -> Path:
    file = tmp_path / "Cu.cif"
    Structure.from_spacegroup("Fm-3m", Lattice.cubic(3.5), ["Cu"], [[0, 0, 0]]).to(str(file))
    return file


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_help_has_an_example_and_json(command: list[str]) -> None:
    shown = CliRunner().invoke(app, [*command, "--help"])
    assert shown.exit_code == 0
    assert f"Example: dao {' '.join(command)}" in shown.output
    assert "--json" in shown.output


def test_help_answers_without_loading_torch_or_prefect() -> None:
    code = (
        "import sys; from flows.cli.app import main; main(['--help']);"
        "sys.exit(bool({'torch', 'prefect', 'pymatgen'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True)
    assert done.returncode == 0


def test_predict_gives_energy_force_and_pressure(dao: Dao, copper: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.cif").write_text("not a crystal")
    answer = dao("predict", "Cu.cif", "broken.cif", *EMT, "--json")
    assert answer.code == 4
    (row,) = answer.result["structures"]
    assert (row["formula"], row["natoms"], row["file"]) == ("Cu", 4, "Cu.cif")
    assert row["pressure"] > 5.0, "a compressed crystal pushes outwards"
    assert row["max_force"] == pytest.approx(0.0, abs=1e-6)
    assert answer.result["failures"][0]["file"] == "broken.cif"
    assert {"level", "store", "versions", "seconds"} <= answer.result.keys()


def test_what_is_lost_is_told_with_its_reason(dao: Dao, copper: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.cif").write_text("not a crystal")
    structure = Structure(Lattice.cubic(4.2), ["Mg"], [[0, 0, 0]])
    structure.to(str(tmp_path / "Mg.cif"))
    answer = dao("predict", "Cu.cif", "broken.cif", "Mg.cif", *EMT)
    assert answer.code == 4
    assert "lost: broken.cif: not readable as cif" in answer.out
    assert "lost: Mg.cif: NotImplementedError" in answer.out


def test_relax_writes_what_became_of_it_and_does_it_once(dao: Dao, copper: Path) -> None:
    first = dao("relax", "Cu.cif", *EMT, "--out", "relaxed", "--json")
    assert first.code == 0
    (row,) = first.result["structures"]
    assert row["space_group"] == "Fm-3m"
    assert row["stop_reason"] == "converged"
    assert row["energy_per_atom"] < row["energy_before"]
    relaxed = Structure.from_file(row["cif"])
    assert relaxed.volume / len(relaxed) == pytest.approx(11.6, abs=0.3)  # EMT: a = 3.59 angstrom

    again = dao("relax", "Cu.cif", *EMT, "--out", "relaxed", "--json")
    assert again.result["structures"] == first.result["structures"]
    explained = dao("explain", row["candidate_id"], "--json").result
    assert explained["candidates"][0]["origin"] == "user:Cu.cif"
    assert explained["relaxations"][0]["structure_id"] == row["structure_id"]
    assert "user:Cu.cif" in dao("explain", row["structure_id"]).out
    (reached,) = explained["chain"]["leads_to"]
    assert (reached["relation"], reached["collection"]) == ("relaxed to", "relaxations")
    counts = dao("store", "info", "--json").result["documents"]
    assert (counts["candidates"], counts["relaxations"]) == (1, 1)


def test_generate_keeps_what_it_makes(dao: Dao) -> None:
    answer = dao("generate", "Mg2O2", "-n", "2", "--out", "made", "--json")
    assert answer.code == 0
    rows = answer.result["structures"]
    assert [(row["formula"], row["z"], row["natoms"]) for row in rows] == [("MgO", 2, 4)] * 2
    assert all(Path(row["cif"]).is_file() for row in rows)
    again = dao("generate", "Mg2O2", "-n", "2", "--out", "made", "--json").result["structures"]
    assert [row["candidate_id"] for row in again] == [row["candidate_id"] for row in rows]
    assert dao("generate", "MgO", "--z", "500", "--out", "made").code == 2


def test_generate_holds_a_framework_or_orbits(dao: Dao, tmp_path: Path) -> None:
    rutile = Structure.from_spacegroup(
        "P4_2/mnm", Lattice.tetragonal(4.6, 2.95), ["Ti", "O"], [[0, 0, 0], [0.305, 0.305, 0]]
    )
    rutile.to(str(tmp_path / "rutile.cif"))
    metal = rutile.copy().remove_species(["O"])
    metal.to(str(tmp_path / "Ti.cif"))
    words = ("generate", "Ti2O4", "-n", "1", "--json", "--template")
    (row,) = dao(*words, "Ti.cif").result["structures"]
    made = Structure.from_file(row["cif"])
    assert made.lattice.abc == pytest.approx(rutile.lattice.abc, abs=1e-3)
    first, second = (site for site in made if site.specie.symbol == "Ti")
    assert first.distance(second) == pytest.approx(metal.get_distance(0, 1), abs=1e-3)
    (kept,) = dao(*words, "rutile.cif", "--hold", "orbits").result["structures"]
    assert kept["space_group"] == "P4_2/mnm"
    assert kept["candidate_id"] != row["candidate_id"]
    assert dao(*words, "rutile.cif", "--hold", "sites").code == 0
    assert dao("generate", "MgO", "--template", "rutile.cif").code == 2
    assert dao(*words, "absent.cif").code == 2


def test_doctor_names_every_part(dao: Dao) -> None:
    answer = dao("doctor", "--json")
    assert answer.code == (3 if answer.result["missing"] else 0)
    parts = {check["part"]: check for check in answer.result["checks"]}
    assert {"DAO_HOME", "store", "dao-g", "dao-p", "chgnet", "pw.x", "devices"} <= parts.keys()
    assert {"ph.x", "pp.x", "pseudopotentials", "vasp", "POTCARs"} <= parts.keys()
    if parts["pw.x"]["works"]:
        assert re.match(r"\d+\.\d+ \(/", parts["pw.x"]["detail"]), "its version and place"
    assert "dao pseudos install" in parts["pseudopotentials"]["detail"]
    assert parts["store"]["works"]
    assert all(check["detail"] for check in parts.values())


def test_models_are_listed_with_their_hash(dao: Dao) -> None:
    rows = dao("models", "list", "--json").result["models"]
    assert all(len(row["hash"]) == 8 and Path(row["file"]).is_file() for row in rows)
