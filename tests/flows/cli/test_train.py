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

from dao_core.checkpoints.format import load_checkpoint
from dao_core.generator.generate import KIND

DAO = (sys.executable, "-m", "flows")
TORCHRUN = (sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--standalone")


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
        "atoms_per_batch: 16\nwarmup: 2\nprecision: 32-true\nmax_atoms: 4\n"
        "checkpoint_minutes: 0.001\n"
    )
    return path


def run(*words: str, cwd: Path, threads: str = "1") -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "OMP_NUM_THREADS": threads, "DAO_HOME": str(cwd / "home")}
    done = subprocess.run(
        words, cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=240
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
        deadline = time.monotonic() + 120
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
