"""A data folder in which a pseudopotential family is installed."""

from __future__ import annotations

from pathlib import Path

import pytest

from dft_inputs.pseudos import DEFAULT_FAMILY, PseudoFamily


@pytest.fixture
def small_family_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A ``DAO_HOME`` with an empty family under the default name: enough to be asked for DFT."""
    home = tmp_path / "home"
    folder = home / "pseudos" / DEFAULT_FAMILY
    folder.mkdir(parents=True)
    family = PseudoFamily(
        name=DEFAULT_FAMILY, functional="pbe", source="test", folder=folder, pseudopotentials={}
    )
    family.write()
    monkeypatch.setenv("DAO_HOME", str(home))
    return home
