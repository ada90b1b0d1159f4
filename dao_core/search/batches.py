"""Dividing work into batches that fit into memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

Item = TypeVar("Item")


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
