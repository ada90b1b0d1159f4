"""The example of DFT elsewhere: a flow that travelled as JSON, computed by pw.x, written back."""

from __future__ import annotations

import importlib
import json
import shutil
from pathlib import Path

import pytest
from jobflow import JobStore, run_locally
from maggma.stores import MemoryStore
from monty.json import MontyDecoder, MontyEncoder

from dao_core.elements.ground_states import element_structure
from dft_inputs.method import Method
from dft_inputs.pseudos import install_family
from flows.validation.command import validate_given
from flows.validation.settings import DftSettings
from stores import open_store
from stores.documents import LabelDocument, StructureDocument


@pytest.mark.dft
@pytest.mark.filterwarnings("ignore")
def test_what_was_computed_elsewhere_is_not_computed_again(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if shutil.which("pw.x") is None:
        pytest.skip("pw.x is not on the PATH (apt-get install quantum-espresso)")
    monkeypatch.setenv("DAO_HOME", str(tmp_path))
    family = shared / "pseudos" / "pseudodojo_pbe_sr_0.4.1_standard"
    install_family(source=str(family), root=tmp_path / "pseudos")
    example = importlib.import_module("remote_dft")
    aluminium = element_structure("Al")
    request = example.planned(aluminium, ("Al",), Method(protocol="fast", workflow="static"))
    flow = example.flow_of(request)

    outputs = JobStore(MemoryStore())
    sent = MontyDecoder().decode(json.dumps(flow, cls=MontyEncoder))
    (tmp_path / "cluster").mkdir()
    run_locally(sent, store=outputs, create_folders=True, root_dir=tmp_path / "cluster", log=False)

    crystal = StructureDocument.from_structure(aluminium)
    with open_store(tmp_path) as store:
        store.put(crystal)
        example.write_back(request, flow, outputs, store, "c-1")
        (label,) = store.find(LabelDocument)
    settings = DftSettings(protocol="fast", workflow="static")
    done = validate_given([crystal.structure_id], settings, tmp_path / "out", None, hull=False)
    (check,) = done["structures"]
    assert check["reused"]
    assert check["energy_per_atom"] == label.energy_per_atom
    assert check["core_hours"] == 0
