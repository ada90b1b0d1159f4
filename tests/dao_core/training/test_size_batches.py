from __future__ import annotations

import numpy as np

from dao_core.training.size_batches import SizeBatchSampler

SIZES = np.random.default_rng(0).integers(1, 21, 500).tolist()


def test_every_crystal_once_and_no_batch_over_its_budget() -> None:
    batches = list(SizeBatchSampler(SIZES, 200, seed=1))
    assert sorted(index for batch in batches for index in batch) == list(range(500))
    assert max(len(batch) * max(SIZES[i] for i in batch) for batch in batches) <= 200


def test_little_padding() -> None:
    batches = list(SizeBatchSampler(SIZES, 200, seed=1))
    padded = sum(len(batch) * max(SIZES[i] for i in batch) for batch in batches)
    assert padded < 1.05 * sum(SIZES)


def test_order_is_a_function_of_seed_and_epoch() -> None:
    sampler = SizeBatchSampler(SIZES, 200, seed=1)
    first = list(sampler)
    assert list(sampler) == first
    sampler.set_epoch(1)
    assert list(sampler) != first


def test_ranks_share_the_epoch_evenly_and_without_overlap() -> None:
    ranks = [list(SizeBatchSampler(SIZES, 90, seed=1, rank=rank, ranks=3)) for rank in range(3)]
    assert len({len(batches) for batches in ranks}) == 1
    indices = [index for batches in ranks for batch in batches for index in batch]
    assert len(indices) == len(set(indices))
