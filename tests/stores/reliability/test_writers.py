"""Several processes write at once: nothing lost, nothing doubled."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from pymatgen.core import Structure

from stores import DaoStore, open_store
from stores.documents import CandidateDocument, StructureDocument, composition_fields
from stores.registry import history, promote, register_model

DOCUMENTS = 60


def _in_processes(count: int, work: Callable[[int], None]) -> None:
    """Run ``work(number)`` in children at once; every one must succeed."""
    children = []
    for number in range(count):
        child = os.fork()
        if child == 0:
            code = 1
            try:
                work(number)
                code = 0
            finally:
                os._exit(code)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * count


@pytest.mark.parametrize("writers", [2, 8])
def test_nothing_lost_nothing_doubled(
    writers: int, tmp_path: Path, rocksalt: Callable[..., Structure]
) -> None:
    shared = StructureDocument.from_structure(rocksalt())
    fields = composition_fields(rocksalt())

    def write(number: int) -> None:
        with open_store(tmp_path / "s") as store:
            for part in range(0, DOCUMENTS, 5):
                own = [
                    CandidateDocument(candidate_id=f"c-{number}-{part + one}", origin="r", **fields)
                    for one in range(5)
                ]
                everyones = CandidateDocument(
                    candidate_id=f"c-shared-{part}",
                    origin="r",
                    campaign_ids=[f"{number}"],
                    **fields,
                )
                store.put([*own, everyones, shared])

    _in_processes(writers, write)
    with open_store(tmp_path / "s") as store:
        assert store.candidates.count() == writers * DOCUMENTS + DOCUMENTS // 5
        assert store.structures.count() == 1
        # Each writer adds its campaign to the same documents; none overwrites another's.
        campaigns = [set(one.campaign_ids) for one in store.find(
            CandidateDocument, {"candidate_id": {"$regex": "shared"}})]  # fmt: skip
        assert campaigns == [{str(number) for number in range(writers)}] * (DOCUMENTS // 5)


def test_promotions_of_many_processes_keep_one_history(tmp_path: Path) -> None:
    with open_store(tmp_path / "s") as store:
        for number in range(4):
            _register(store, tmp_path, number)

    def work(number: int) -> None:
        with open_store(tmp_path / "s") as store:
            promote(store, f"model-{number}")

    _in_processes(4, work)
    with open_store(tmp_path / "s") as store:
        steps = history(store, "generator")
        assert [step.number for step in steps] == [1, 2, 3, 4]
        assert len({step.model_id for step in steps}) == 4


def _register(store: DaoStore, folder: Path, number: int) -> None:
    file = folder / f"{number}.safetensors"
    file.write_bytes(bytes([number]) * 10)
    register_model(store, file, kind="generator", name=f"model-{number}")
