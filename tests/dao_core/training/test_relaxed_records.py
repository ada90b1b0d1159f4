"""Between the stages: every entry keeps its labels and says what was done to it."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dao_core.errors import InputError, MissingError
from dao_core.potentials import load_potential
from dao_core.training.records import read_crystals
from dao_core.training.relaxed_records import RecordRelaxation, parse_part, relax_records

SETTINGS = RecordRelaxation(shard_size=4, max_steps=60)


@pytest.fixture(scope="module")
def emt():
    return load_potential("ase:ase.calculators.emt:EMT")


@pytest.fixture
def records(tmp_path: Path) -> Path:
    """Squeezed fcc metals at growing distance from the hull, and three that are no crystals."""

    def fcc(number: int, edge: float, **labels: object) -> dict:
        half = edge / 2
        rows = [[0, half, half], [half, 0, half], [half, half, 0]]
        base = {"lattice": rows, "atomic_numbers": [number], "frac_coords": [[0, 0, 0]]}
        return {"material_id": f"{number}-{edge}", **base, **labels}

    rows = [
        fcc(29, 3.5, e_above_hull=0.0, band_gap=0.0),
        fcc(29, 3.4, e_above_hull=0.2, band_gap=0.1),
        fcc(79, 4.3, e_above_hull=0.3),
        fcc(47, 4.2, e_above_hull=0.9),
        fcc(13, 4.2),
        fcc(29, 3.6, e_above_hull=0.3)
        | {"atomic_numbers": [29, 29], "frac_coords": [[0, 0, 0], [0.02, 0, 0]]},
        {"material_id": "broken", "e_above_hull": 0.2},
        fcc(29, 0.0, e_above_hull=0.2),
    ]
    path = tmp_path / "mixed.json.gz"
    with gzip.open(path, "wt") as file:
        json.dump({"meta": {}, "records": rows}, file)
    return path


def shards(folder: Path) -> list[dict]:
    return [json.loads(gzip.open(path).read()) for path in sorted(folder.glob("relaxed-*"))]


def test_every_entry_is_accounted_for(records: Path, emt, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    counts = relax_records([records], emt, folder, SETTINGS)
    assert sum(counts.values()) == 8
    assert counts["relaxed"] == 2
    assert counts["as is: within 0.08 eV/atom of the hull"] == 1
    assert counts["as is: more than 0.5 eV/atom above the hull"] == 1
    assert counts["as is: no e_above_hull"] == 1
    assert counts["as is: relaxation ended distance_guard"] == 1, "two atoms in one place"
    assert sum(n for done, n in counts.items() if done.startswith("left out")) == 2
    written = {entry["source"]: entry for shard in shards(folder) for entry in shard["records"]}
    named = {entry["source"] for shard in shards(folder) for entry in shard["meta"]["left_out"]}
    assert named == {"mixed:broken", "mixed:29-0.0"}
    assert len(written) == 6
    copper = written["mixed:29-3.4"]
    assert (copper["band_gap"], copper["e_above_hull"]) == (0.1, 0.2)
    assert copper["relaxation"]["energy_per_atom"] < copper["relaxation"]["energy_per_atom_before"]
    volume = abs(np.linalg.det(copper["lattice"]))
    assert volume == pytest.approx(11.6, abs=0.3)  # EMT: a = 3.59 angstrom
    untouched = written["mixed:29-3.5"]
    assert abs(np.linalg.det(untouched["lattice"])) == pytest.approx(3.5**3 / 4)
    reading = read_crystals(sorted(folder.glob("relaxed-*.json.gz")), 20)
    assert all("done" in crystal.labels for crystal in reading.crystals)


def test_a_stopped_relaxation_goes_on_and_parts_add_up(records: Path, emt, tmp_path: Path) -> None:
    whole, folder = tmp_path / "whole", tmp_path / "parts"
    all_at_once = relax_records([records], emt, whole, SETTINGS)
    parts = [
        relax_records([records], emt, folder, replace(SETTINGS, part=(i, 2))) for i in range(2)
    ]
    assert sum(parts, Counter()) == all_at_once
    assert [s["records"] for s in shards(folder)] == [s["records"] for s in shards(whole)]

    first, second = sorted(whole.glob("relaxed-*"))
    second.unlink()
    stamp = first.stat().st_mtime_ns
    assert relax_records([records], emt, whole, SETTINGS) == all_at_once
    assert first.stat().st_mtime_ns == stamp
    assert second.is_file()


def test_entries_far_above_the_hull_may_be_left_out(records: Path, emt, tmp_path: Path) -> None:
    counts = relax_records([records], emt, tmp_path / "out", replace(SETTINGS, keep_beyond=False))
    assert counts["left out: more than 0.5 eV/atom above the hull"] == 1
    with pytest.raises(InputError, match="other settings"):
        relax_records([records], emt, tmp_path / "out", SETTINGS)


def test_wrong_input_is_named(emt, tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="absent"):
        relax_records([tmp_path / "absent.json.gz"], emt, tmp_path / "out", SETTINGS)
    assert parse_part("2/4") == (1, 4)
    for wrong in ("0/2", "3/2", "1", "a/b"):
        with pytest.raises(InputError, match="I/N"):
            parse_part(wrong)
