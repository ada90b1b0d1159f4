"""Models compute on a GPU where there is one."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from pymatgen.core import Composition

from dao_core.devices import available_devices, default_device
from dao_core.errors import InputError
from dao_core.generator.generate import load_generator
from dao_core.potentials import load_potential
from dao_core.relax import RelaxSettings, relax
from dao_core.training.teacher_prototypes import prototype_structure


def test_the_device_is_chosen_by_machine_and_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DAO_DEVICE", raising=False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert default_device() == "cpu"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert default_device() == "cuda"
    monkeypatch.setenv("DAO_DEVICE", "cpu")
    assert default_device() == "cpu"
    assert load_generator().device.type == "cpu"
    monkeypatch.setenv("DAO_DEVICE", "abacus")
    with pytest.raises(InputError, match=r"abacus.*there are: cpu"):
        load_potential("dao-p")
    assert available_devices()[0].startswith("cpu")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no CUDA GPU")
def test_a_gpu_makes_what_a_cpu_makes() -> None:
    cells = [Composition("Mg2O2"), Composition("Si2")]
    made = [
        [crystal.structure for crystal in load_generator("dao-g", device).generate(cells, 2)]
        for device in ("cpu", "cuda")
    ]
    for one, other in zip(*made, strict=True):
        np.testing.assert_allclose(one.lattice.abc, other.lattice.abc, rtol=1e-2)
    start = prototype_structure("rocksalt", 12, 8, 1.05).copy().perturb(0.05)
    ends = [
        relax([start], load_potential("dao-p", device), RelaxSettings(fmax=0.02))[0]
        for device in ("cpu", "cuda")
    ]
    assert ends[0].energy_per_atom == pytest.approx(ends[1].energy_per_atom, abs=1e-3)
