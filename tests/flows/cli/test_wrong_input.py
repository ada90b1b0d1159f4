"""Wrong input gets a clear error and the right exit code before any work."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pymatgen.core import Lattice, Structure

Dao = Callable[..., Any]
FAST = ("--potential", "chgnet", "--sources", "template")


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["campaign", "Mg-Xx"], "'Xx' is not an element"),
        (["campaign", "Mg2O)"], "malformed"),
        (["campaign", ""], "no chemical system"),
        (["campaign"], "name a chemical system"),
        (["campaign", "He-Ne"], "noble gases"),
        (["campaign", "Mg-O", "--dft-budget", "3"], "--dft-budget: means nothing without dft"),
        (["campaign", "Mg-O", "--relax", "0"], "--relax"),
        (["campaign", "Mg-O", "--candidates", "0"], "nothing to relax"),
        (["campaign", "Mg-O", "--z", "two"], "--z"),
        (["campaign", "Mg-O", "--store", "results.json"], "flat files"),
        (["campaign", "Mg-O", "--store", "ftp://there"], "no such kind of store"),
        (["campaign", "Mg-O", "--sources", "oracle"], "--sources"),
        (["campaign", "Mg-O", "--potential", "oracle"], "unknown potential"),
        (["campaign", "Mg-O", "--config", "absent.yaml"], "cannot be read"),
        (["campaign", "Mg-O", "--seed-structures", "absent.cif"], "no such file"),
        (["campaign", "Mg-O", "--template", "absent.cif"], "no such file"),
        (["campaign", "Mg-O", "--hold", "bonds"], "--hold"),
        (["predict", "absent.cif"], "no such file"),
        (["predict", "absent"], "no such file"),
        (["explain", "c-nothing"], "is not in the store"),
        (["campaign", "Mg-O", "--sources", ""], "--sources: "),
        (["campaign", "Mg-O", "--z", "4", "--max-atoms", "3"], "no composition"),
        (["generate", "Mg-O"], "give a formula"),
        (["report", "nothing"], "no campaign nothing"),
        (["nonsense"], "No such command"),
        (["campaign", "Mg-O", "--candidats", "3"], "--candidates) (see `dao campaign --help`)"),
    ],
)
def test_says_what_is_wrong_and_ends_with_2(dao: Dao, words: list[str], text: str) -> None:
    answer = dao(*words, "--json")
    assert answer.code == 2
    assert text in answer.err
    assert text in answer.result["error"]
    assert answer.result["exit_code"] == 2


def test_more_atoms_than_the_domain_names_the_domain(dao: Dao) -> None:
    answer = dao("campaign", "MgO", "--z", "300", *FAST)
    assert answer.code == 2
    assert "600 atoms per cell" in answer.err
    assert "at most 444" in answer.err
    assert "--force" in answer.err


def test_a_folder_that_cannot_be_written_is_named(dao: Dao, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    answer = dao("campaign", "Mg-O", *FAST, "--out", str(tmp_path / "file" / "out"))
    assert answer.code == 2
    assert "is not a folder" in answer.err


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs Linux's read-only /proc")
def test_a_read_only_folder_is_named_even_to_root(dao: Dao) -> None:
    answer = dao("campaign", "Mg-O", *FAST, "--out", "/proc/dao")
    assert answer.code == 2
    assert "/proc cannot be written" in answer.err


def test_a_store_that_does_not_answer_ends_with_3(dao: Dao) -> None:
    address = "mongodb://127.0.0.1:9/dao?serverSelectionTimeoutMS=300"
    answer = dao("campaign", "Mg-O", *FAST, "--store", address)
    assert answer.code == 3


def test_a_missing_and_a_corrupt_model(dao: Dao, tmp_path: Path) -> None:
    missing = dao("campaign", "Mg-O", "--potential", "dao-p:absent.safetensors")
    assert missing.code == 3
    assert "absent.safetensors" in missing.err
    corrupt = tmp_path / "corrupt.safetensors"
    corrupt.write_bytes(b"not a model")
    answer = dao("campaign", "Mg-O", "--potential", f"dao-p:{corrupt}")
    assert answer.code == 2
    assert "not a readable model file" in answer.err


def test_own_structures_are_named_when_none_can_take_part(dao: Dao, tmp_path: Path) -> None:
    disordered = Structure(Lattice.cubic(4.2), [{"Mg": 0.5, "Ca": 0.5}], [[0, 0, 0]])
    disordered.to(str(tmp_path / "disordered.cif"))
    (tmp_path / "broken.cif").write_text("data_\n_cell_length_a what\n")
    answer = dao(
        "campaign", "Mg-O", *FAST,
        "--seed-structures", "disordered.cif", "--seed-structures", "broken.cif",
    )  # fmt: skip
    assert answer.code == 2
    assert "disordered.cif" in answer.err
    assert "broken.cif" in answer.err


def test_a_mistake_in_a_file_is_named_with_its_line(dao: Dao, tmp_path: Path) -> None:
    (tmp_path / "campaign.yaml").write_text("targets: Mg-O\nrelax: none\n")
    answer = dao("campaign", "--config", "campaign.yaml")
    assert answer.code == 2
    assert "campaign.yaml, line 2" in answer.err
