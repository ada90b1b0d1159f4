"""Dividing work: into batches that fit into memory, and batches into tasks for Prefect."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TypeVar

Item = TypeVar("Item")

TASKS_PER_STAGE = 16
"""Of one round. Three stages and four rounds stay under two hundred task runs, however many the
candidates; each costs Prefect some 10 ms."""


def by_atoms(
    items: Sequence[Item],
    natoms: Callable[[Item], int],
    *,
    max_atoms: int,
    max_items: int,
) -> list[list[Item]]:
    """Cut items into consecutive batches; padding is what makes equal sizes worth sorting for.

    Args:
        items: Sorted by size.
        natoms: Atoms of one item.
        max_atoms: Padded atoms of a batch, unless one item alone has more.
        max_items: Items of a batch.
    """
    batches: list[list[Item]] = []
    largest = 0
    for item in items:
        largest = max(largest, natoms(item))
        if (
            batches
            and len(batches[-1]) < max_items
            and largest * (len(batches[-1]) + 1) <= max_atoms
        ):
            batches[-1].append(item)
        else:
            batches.append([item])
            largest = natoms(item)
    return batches


def grouped(items: Sequence[Item], at_most: int = TASKS_PER_STAGE) -> list[list[Item]]:
    """Divide items into at most ``at_most`` consecutive groups of nearly equal length."""
    count = min(at_most, len(items))
    edges = [len(items) * i // count for i in range(count + 1)] if count else []
    return [list(items[low:high]) for low, high in pairwise(edges)]
