"""A campaign whose tasks run on the workers of a Dask cluster ends like one on a single machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dask
import numpy as np
import pytest
from ase.build import bulk
from ase.io import write
from prefect_dask import DaskTaskRunner

from flows.campaign.flow import campaign
from flows.campaign.request import CampaignRequest
from flows.campaign.server import prefect_server
from stores import open_store
from stores.documents import CampaignDocument, EventDocument, RelaxationDocument

RELAX = 60
"""Tiers of 8, 16 and some 32, of which a few are alike: the workers share the third."""


@pytest.fixture
def crystals(tmp_path: Path) -> Path:
    """Alloys of copper and gold, more than are relaxed, strained and rattled."""
    random = np.random.default_rng(0)
    made = []
    for index in range(RELAX + 12):
        atoms = bulk("Cu", cubic=True, a=random.uniform(3.5, 4.2))
        atoms.symbols[random.random(4) < 0.5] = "Au"
        atoms.rattle(0.1, seed=index)
        made.append(atoms)
    write(tmp_path / "given.xyz", made, format="extxyz")
    return tmp_path / "given.xyz"


def request_in(home: Path, crystals: Path) -> CampaignRequest:
    return CampaignRequest(
        targets=("Cu-Au",), potential="ase:ase.calculators.emt:EMT", sources=(), candidates=0,
        seed_structures=(str(crystals),), relax=RELAX, store=str(home), out=str(home / "out"),
    )  # fmt: skip


def results(home: Path) -> tuple[list[Any], dict[str, Any], set[str]]:
    """Ranking, what became of each relaxation, and the batches that are done."""
    with open_store(home) as store:
        (document,) = store.find(CampaignDocument)
        found = {r.relaxation_id: (r.energy_per_atom, r.steps, r.stop_reason)
                 for r in store.find(RelaxationDocument)}  # fmt: skip
        done = {event.event_id for event in store.find(EventDocument, {"kind": "batch"})}
    return [(row["candidate_id"], row["energy_per_atom"]) for row in document.ranking], found, done


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_dask_cluster_makes_the_same_store(tmp_path: Path, crystals: Path) -> None:
    cluster = DaskTaskRunner(cluster_kwargs={"n_workers": 2, "threads_per_worker": 1})
    with prefect_server():
        with dask.config.set({"distributed.worker.daemon": False}):  # as docs/deploy.md has it
            campaign.with_options(task_runner=cluster)(request_in(tmp_path / "cluster", crystals))
        campaign(request_in(tmp_path / "alone", crystals))
    there, here = results(tmp_path / "cluster"), results(tmp_path / "alone")
    assert there == here
    assert here[0]
    assert len(here[1]) > 8 + 16 + 16, "the third tier has two batches"
