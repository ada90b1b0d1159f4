from __future__ import annotations

from dft_inputs.hubbard import card_lines, hubbard_u, namelist_entries

SPECIES = [("Ni", "Ni"), ("Ni2", "Ni"), ("O", "O")]


def test_only_elements_of_the_table_get_a_u() -> None:
    assert hubbard_u({"Ni", "O", "Si"}) == {"Ni": ("3d", 6.2)}
    assert hubbard_u({"Mg", "O"}) == {}


def test_an_element_has_its_u_in_every_crystal_of_a_hull() -> None:
    assert hubbard_u({"Fe"}) == {"Fe": hubbard_u({"Fe", "O"})["Fe"]}


def test_old_syntax_counts_atomic_types() -> None:
    entries = namelist_entries(SPECIES, hubbard_u({"Ni"}))
    assert entries == {"lda_plus_u": True, "Hubbard_U(1)": 6.2, "Hubbard_U(2)": 6.2}


def test_new_syntax_is_a_card_of_labels_and_manifolds() -> None:
    assert card_lines(SPECIES, hubbard_u({"Ni"})) == [
        "HUBBARD (ortho-atomic)",
        "U Ni-3d 6.2",
        "U Ni2-3d 6.2",
    ]
