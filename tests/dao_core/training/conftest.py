"""Small record files and settings with which a training run takes a second."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest


@pytest.fixture
def record_file(tmp_path: Path) -> Path:
    """Rocksalts and caesium chlorides of many sizes: two atoms at half the cell."""
    random = np.random.default_rng(0)
    records = []
    for index in range(64):
        edge = random.uniform(2.5, 4.0)
        records.append(
            {
                "material_id": str(index),
                "lattice": (edge * np.eye(3)).tolist(),
                "atomic_numbers": [int(random.integers(3, 40)), int(random.integers(41, 60))],
                "frac_coords": [[0, 0, 0], [0.5, 0.5, 0.5]],
                "e_above_hull": round(0.2 * (index % 4), 2),
            }
        )
    path = tmp_path / "toy.json.gz"
    with gzip.open(path, "wt") as file:
        json.dump({"records": records}, file)
    return path
