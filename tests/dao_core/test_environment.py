"""What the shell says, read in one place."""

from __future__ import annotations

from pathlib import Path

import pytest

from dao_core.environment import HOME, PW_COMMAND, dao_home
from dft_inputs.pseudos.install import pseudos_root
from dft_inputs.running.request import validations_root


def test_all_rooms_find_the_home_folder_that_the_shell_names(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv(HOME.name, "~/crystals")
    home = tmp_path / "crystals"
    assert (dao_home(), pseudos_root(), validations_root()) == (
        home,
        home / "pseudos",
        home / "validations",
    )


def test_an_empty_variable_is_one_that_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PW_COMMAND.name, "")
    assert PW_COMMAND.value == "pw.x"
    monkeypatch.setenv(PW_COMMAND.name, "mpirun -n 4 pw.x")
    assert PW_COMMAND.value == "mpirun -n 4 pw.x"
