"""A bad crystal costs itself, never its batch."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from pymatgen.core import Lattice, Structure

from dao_core.errors import InputError
from dao_core.potentials import Domain, Evaluation
from dao_core.relax import RelaxSettings, relax

HELIUM, XENON, NEON, BORON, GOLD = 2, 54, 10, 5, 79


class Moody:
    """The given potential, but some elements bring trouble.

    He explodes, two B run into each other, Xe turns NaN, Ne is refused, Au has
    forces that no energy knows about.
    """

    level = "moody"
    domain = Domain()

    def __init__(self, sane):
        self.sane = sane

    def evaluate(self, batch):
        copper = batch.atomic_numbers.clone()
        copper[copper > 0] = 29
        is_first = batch.atomic_numbers[:, 0]
        sane = self.sane.evaluate(type(batch)(copper, batch.frac_coords, batch.lattice, batch.mask))
        energy, forces, stress = sane.energy, sane.forces, sane.stress
        eye = torch.eye(3, dtype=torch.float64)
        exploding, collapsing = is_first == HELIUM, is_first == BORON
        energy[exploding] = -0.1 * batch.volume[exploding]
        forces[exploding] = 0.0
        stress[exploding] = -0.1 * eye
        if collapsing.any():
            apart = (batch.cart_coords[:, 1] - batch.cart_coords[:, 0])[collapsing]
            energy[collapsing] = 2 * apart.norm(dim=1)
            pull = 2 * apart / apart.norm(dim=1, keepdim=True)
            forces[collapsing, :2] = torch.stack([pull, -pull], dim=1)
            stress[collapsing] = 0.0
        energy[is_first == XENON] = torch.nan
        forces[is_first == GOLD] = batch.mask[is_first == GOLD][..., None].double()
        energy[is_first == GOLD] = -1.0
        errors = {row: "no neon here" for row, z in enumerate(is_first.tolist()) if z == NEON}
        energy[list(errors)] = torch.nan
        return Evaluation(energy, forces, stress, errors=errors)


def pair(symbol):
    return Structure(Lattice.cubic(3.6), [symbol] * 2, [[0, 0, 0], [0.47, 0.52, 0.5]])


@pytest.fixture
def bad():
    """Stop reason -> a crystal that must end so under the Moody potential."""
    flat = Structure(Lattice.cubic(3.0), ["Cu"], [[0, 0, 0]])
    flat.lattice = Lattice([[3, 0, 0], [0, 3, 0], [3, 3, 0]])
    not_a_number = pair("Cu")
    not_a_number.translate_sites([0], [np.nan, 0, 0], to_unit_cell=False)
    return [
        ("volume_guard", pair("He")),
        ("distance_guard", pair("B")),
        ("not_finite", pair("Xe")),
        ("failed", pair("Ne")),
        ("stalled", pair("Au")),
        ("distance_guard", Structure(Lattice.cubic(4), ["Cu", "Cu"], [[0, 0, 0], [0, 0, 1e-9]])),
        ("unusable", flat),
        ("unusable", not_a_number),
        ("unusable", Structure(Lattice.cubic(4), [{"Cu": 0.5, "Mg": 0.5}], [[0, 0, 0]])),
        ("unusable", Structure(Lattice.cubic(4), [], [])),
    ]


def test_each_bad_item_ends_with_its_own_reason(lennard_jones, bad):
    results = relax([structure for _, structure in bad], Moody(lennard_jones))
    assert [r.stop_reason for r in results] == [reason for reason, _ in bad]
    assert not any(r.converged for r in results)


def test_errors_say_what_was_wrong(lennard_jones, bad):
    results = relax([structure for _, structure in bad], Moody(lennard_jones))
    by_reason = {}
    for result in results:
        by_reason.setdefault(result.stop_reason, []).append(result.error)
    assert by_reason["failed"] == ["no neon here"]
    texts = by_reason["unusable"]
    for expected in ("no volume", "finite", "disordered", "no atoms"):
        assert any(expected in text for text in texts), expected


def test_good_crystals_among_bad_ones_are_unaffected(lennard_jones, rattled, bad):
    potential = Moody(lennard_jones)
    alone = relax(rattled, potential)
    mixed = [
        rattled[0],
        *(s for _, s in bad[:5]),
        rattled[1],
        *(s for _, s in bad[5:]),
        *rattled[2:],
    ]
    among = relax(mixed, potential)
    good = [among[mixed.index(structure)] for structure in rattled]
    assert [r.steps for r in good] == [r.steps for r in alone]
    for a, b in zip(good, alone, strict=True):
        assert a.energy_per_atom == pytest.approx(b.energy_per_atom, abs=1e-9)
        assert a.converged


def test_an_exploding_cell_keeps_its_last_accepted_point(lennard_jones):
    [result] = relax([pair("He")], Moody(lennard_jones))
    assert 1 < result.volume / pair("He").volume <= 4
    assert result.energy_per_atom < result.energy_per_atom_before
    assert result.energy_per_atom == pytest.approx(-0.1 * result.volume / 2)


def test_items_never_evaluated_have_no_energy(lennard_jones, bad):
    results = relax([structure for _, structure in bad[5:]], Moody(lennard_jones))
    assert all(r.energy_per_atom is None and r.energy_per_atom_before is None for r in results)
    assert all(r.enthalpy_per_atom is None and r.max_force is None for r in results)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("fmax", 0.0),
        ("smax", -1.0),
        ("max_step", 0),
        ("max_steps", -1),
        ("batch_atoms", 0),
        ("pressure", float("nan")),
        ("fmax", float("inf")),
    ],
)
def test_impossible_settings_are_refused_by_name(name, value):
    with pytest.raises(InputError, match=name):
        RelaxSettings(**{name: value})
