"""``dao train`` in real processes: killed and gone on with, and two together as one alone."""

from __future__ import annotations

import csv
import gzip
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from dao_core.checkpoints.format import load_checkpoint, save_checkpoint
from dao_core.generator.model_file import KIND
from dao_core.predictor.checkpoint import KIND as PHYSICAL
from dao_core.predictor.config import named_config
from dao_core.predictor.energy_model import EnergyModel

DAO = (sys.executable, "-m", "flows")
TORCHRUN = (sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--standalone")
PATIENCE = 600
"""Seconds; it takes a few on an idle machine."""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    random = np.random.default_rng(0)
    records = [
        {
            "material_id": str(index),
            "lattice": (random.uniform(2.5, 4.0) * np.eye(3)).tolist(),
            "atomic_numbers": random.integers(3, 60, 2).tolist(),
            "frac_coords": [[0, 0, 0], [0.5, 0.5, 0.5]],
        }
        for index in range(60)
    ]
    with gzip.open(tmp_path / "toy.json.gz", "wt") as file:
        json.dump({"records": records}, file)
    path = tmp_path / "run.yaml"
    path.write_text(
        "train: [toy.json.gz]\nvalidation: [toy.json.gz]\nout: run\nsize: tiny\nsteps: 24\n"
        "metric_steps: 3\natoms_per_batch: 16\nwarmup: 2\nprecision: 32-true\nmax_atoms: 4\n"
        "checkpoint_minutes: 0.001\n"
    )
    return path


def run(*words: str, cwd: Path, threads: str = "1") -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "OMP_NUM_THREADS": threads, "DAO_HOME": str(cwd / "home")}
    done = subprocess.run(
        words,
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done


def curve(folder: Path) -> list[float]:
    with (folder / "logs/version_0/metrics.csv").open() as file:
        return [float(row["coordinates"]) for row in csv.DictReader(file) if row["coordinates"]]


@pytest.mark.training
def test_two_processes_learn_what_one_does(config: Path) -> None:
    folder = config.parent
    words = ("train", "generator", "--config", "run.yaml", "--json", "--out")
    together = run(*TORCHRUN, "-m", "flows", *words, "two", cwd=folder)
    answer = json.loads(together.stdout)
    assert answer["kind"] == KIND, "one process alone speaks"
    config.write_text(config.read_text() + "accumulate: 2\n")
    run(*DAO, *words, "one", cwd=folder)
    one, two = curve(folder / "one"), curve(folder / "two")
    assert len(one) == len(two) >= 4
    np.testing.assert_allclose(two, one, rtol=2e-4)
    assert np.ptp(one) > 100 * np.abs(np.subtract(one, two)).max(), "the curve is no line"
    weights = [
        load_checkpoint(folder / name / "dao-g.safetensors", KIND)[0] for name in ("one", "two")
    ]
    for name, tensor in weights[0].items():
        torch.testing.assert_close(weights[1][name], tensor, rtol=1e-2, atol=2e-4)


@pytest.mark.training
def test_a_killed_run_goes_on(config: Path) -> None:
    folder = config.parent
    words = (*DAO, "train", "generator", "--config", "run.yaml", "--json", "--steps")
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    last = folder / "run/last.ckpt"
    with subprocess.Popen(
        (*words, "1000000"), cwd=folder, env=environment, stdout=subprocess.DEVNULL
    ) as process:
        deadline = time.monotonic() + PATIENCE
        while not last.is_file() and time.monotonic() < deadline:
            time.sleep(0.2)
        time.sleep(0.5)
        process.send_signal(signal.SIGKILL)
    reached = torch.load(last, weights_only=False)["global_step"]
    assert reached > 0
    assert not (folder / "run/dao-g.safetensors").exists()
    answer = json.loads(run(*words, str(reached + 20), cwd=folder).stdout)
    assert (folder / answer["model"]).is_file()
    assert {"level", "store", "versions", "seconds"} <= answer.keys()
    with (folder / "run/logs/version_1/metrics.csv").open() as file:
        steps = [int(row["step"]) for row in csv.DictReader(file)]
    assert reached <= steps[0] <= steps[-1] <= reached + 20
    assert list((folder / "run/logs/version_1").glob("events.*")), "TensorBoard"


@pytest.mark.training
def test_a_property_is_trained_and_predicted(config: Path) -> None:
    folder = config.parent
    with gzip.open(folder / "toy.json.gz", "rt") as file:
        records = json.load(file)["records"]
    for record in records:
        record["stiffness"] = float(np.sum(record["atomic_numbers"]))
    with gzip.open(folder / "toy.json.gz", "wt") as file:
        json.dump({"records": records}, file)
    backbone = EnergyModel(named_config("tiny-physical"))
    save_checkpoint(
        folder / "tiny.safetensors",
        backbone.state_dict(),
        {"kind": PHYSICAL, "config": "tiny-physical"},
    )
    words = ("train", "property", "toy.json.gz", "--label", "stiffness", "--log", "--out", "p")
    words += ("--start", "tiny.safetensors")
    trained = json.loads(run(*DAO, *words, "--json", cwd=folder).stdout)
    assert trained["crystals"] == 60
    assert 0 < trained["mae_unseen"] < 1.2 * trained["mae_of_the_mean"]
    (folder / "POSCAR").write_text(
        "MgO\n2.98\n0 1 1\n1 0 1\n1 1 0\nMg O\n1 1\nDirect\n0 0 0\n.5 .5 .5\n"
    )
    asked = ("predict", "POSCAR", "--property", trained["model"], "--json")
    answer = json.loads(run(*DAO, *asked, cwd=folder).stdout)
    (row,) = answer["structures"]
    assert 0 < row["property_low"] <= row["property"] <= row["property_high"]
    assert answer["property"]["label"] == "stiffness"
