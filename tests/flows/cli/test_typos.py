"""Every typo is answered before torch is loaded, and before a store is opened."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

CALL = """
import sys
from flows.cli.app import main
code = main(sys.argv[1:])
loaded = [name for name in ("torch", "prefect", "ase.io") if name in sys.modules]
assert not loaded, loaded
sys.exit(code)
"""


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("campaign mg-o", "did you mean Mg-O?"),
        ("campaign kbr", "did you mean KBr?"),
        ("campaign K0.5Br", "supercell that holds it, KBr2"),
        ("campaign KBr --sources templat", "did you mean template?"),
        ("campaign KBr --dft qee", "'qee' is not one of"),
        ("campaign KBr --hold bonds", "'bonds' is not one of"),
        ("campaign KBr --potential chgnett", "did you mean chgnet?"),
        ("campaign KBr --potentail chgnet", "--potential"),
        ("generate K0Br", "whole, positive"),
        ("generate K-Br", "give a formula"),
        ("validate a.cif --code qee", "'qee' is not one of"),
        ("validate a.cif --protocol quick", "'quick' is not one of"),
        ("store query --in lables", "did you mean labels?"),
        ("campaing KBr", "Did you mean 'campaign'?"),
    ],
)
def test_a_typo_is_answered_at_once(words: str, text: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CALL, *words.split()],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert text in " ".join(done.stderr.split())


@pytest.mark.parametrize("words", [(), ("store",), ("models",)])
def test_a_command_alone_shows_its_help(dao: Callable[..., Any], words: tuple[str, ...]) -> None:
    answer = dao(*words)
    assert answer.code == 0
    assert "Commands:" in answer.out
    assert answer.err == ""
