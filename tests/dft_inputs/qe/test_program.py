from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dft_inputs.errors import MissingProgramError
from dft_inputs.qe.program import pw_command, pw_version, sibling_command, split_command


def test_missing_program_says_how_to_get_it() -> None:
    with pytest.raises(MissingProgramError, match=r"'no-such-pw\.x'.*quantum-espresso") as caught:
        split_command("no-such-pw.x -nk 2")
    assert caught.value.exit_code == 3


def test_command_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAO_PW_COMMAND", "mpirun -n 2 pw.x")
    assert pw_command() == "mpirun -n 2 pw.x"
    assert sibling_command("mpirun -n 2 /opt/qe/pw.x", "ph.x") == "mpirun -n 2 /opt/qe/ph.x"


def test_version_is_that_of_the_banner(stand_in: Callable[..., tuple[str, Path]]) -> None:
    assert pw_version(stand_in()[0]) == (7, 2)


def test_another_program_is_not_taken_for_pw() -> None:
    with pytest.raises(MissingProgramError, match="introduce itself"):
        pw_version("cat")
