from __future__ import annotations

import torch

from dao_core.elements.features import element_table


def test_nine_properties_are_binned_and_padding_is_zero() -> None:
    table = element_table()
    assert table.shape == (101, 92)
    assert table[0].sum() == 0
    assert int(table[26].sum()) == 9


def test_neighbours_in_a_group_share_more_than_strangers() -> None:
    table = element_table()
    sodium_potassium = float(table[11] @ table[19])
    sodium_chlorine = float(table[11] @ table[17])
    assert sodium_potassium > sodium_chlorine


def test_nearly_all_elements_to_curium_are_told_apart() -> None:
    assert torch.unique(element_table()[1:97], dim=0).shape[0] > 85
