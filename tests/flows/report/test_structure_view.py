"""Drawn crystals: all atoms of the cell with their images on its faces, sticks to neighbours."""

from __future__ import annotations

import numpy as np
import pytest

from flows.report.structure_view import ATOMS_DRAWN, structure_view
from flows.report.summary import CampaignSummary, RankedStructure


def view_of(row: RankedStructure) -> tuple[dict, np.ndarray, np.ndarray]:
    view = structure_view(row)
    atoms = np.array(view["atoms"])
    ends = np.array(view["sticks"], dtype=int).reshape(-1, 2)
    return view, atoms[:, :3], np.linalg.norm(atoms[ends[:, 0], :3] - atoms[ends[:, 1], :3], axis=1)


def test_rocksalt_shows_its_face_atoms_and_only_sticks_between_unlike_atoms(
    binary: CampaignSummary,
) -> None:
    view, coords, lengths = view_of(binary.ranking[0])
    assert [element["symbol"] for element in view["elements"]] == ["Mg", "O"]
    assert len(coords) == 27  # eight corners, twelve edges, six faces, one centre
    assert len(lengths) == 54
    assert lengths == pytest.approx(4.21 / 2, abs=2e-3)
    assert coords.mean(axis=0) == pytest.approx(0, abs=1e-3)


def test_diamond_joins_each_inner_atom_to_four(element: CampaignSummary) -> None:
    view, coords, lengths = view_of(element.ranking[0])
    assert len(coords) == 18
    assert len(lengths) == 16
    assert lengths == pytest.approx(5.43 * np.sqrt(3) / 4, abs=2e-3)
    assert view["elements"][0]["colour"] == "#f0c8a0"


def test_lone_atoms_have_no_sticks(element: CampaignSummary) -> None:
    row = element.ranking[0]
    cell = row.symmetrised()
    cell.scale_lattice(cell.volume * 8)
    _, coords, lengths = view_of(row.model_copy(update={"conventional": cell.as_dict()}))
    assert len(coords) == 18
    assert len(lengths) == 0


def test_a_very_large_conventional_cell_is_drawn_as_relaxed(element: CampaignSummary) -> None:
    row = element.ranking[0]
    large = row.symmetrised().make_supercell([3, 3, 3])
    assert len(large) > ATOMS_DRAWN
    view = structure_view(row.model_copy(update={"conventional": large.as_dict()}))
    assert np.array(view["cell"]) == pytest.approx(row.relaxed().lattice.matrix, abs=1e-3)
