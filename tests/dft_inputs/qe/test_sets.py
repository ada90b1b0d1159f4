from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from pymatgen.core import Lattice, Structure

from dao_core.errors import InputError
from dft_inputs.errors import MissingPseudopotentialError
from dft_inputs.protocols import get_protocol
from dft_inputs.qe.makers.phonons import GammaPhononMaker
from dft_inputs.qe.sets import PwInputGenerator, PwInputSet


def made(structure: Structure, **kwargs: object) -> PwInputSet:
    generator = PwInputGenerator(pseudo_family="small", **kwargs)  # type: ignore[arg-type]
    return generator.get_input_set(structure)


@pytest.fixture
def iron() -> Structure:
    return Structure(Lattice.cubic(2.87), ["Fe", "Fe"], [[0, 0, 0], [0.5, 0.5, 0.5]])


@pytest.mark.usefixtures("small_home")
class TestInputs:
    def test_protocol_decides_every_accuracy(self, magnesia: Structure) -> None:
        pw_input = made(magnesia, calculation="relax", protocol="fast").pw_input
        assert pw_input.get("system", "ecutwfc") == 30.0  # 20 + 10 electrons of Mg, the low hint
        assert pw_input.get("system", "ecutrho") == 120.0
        assert pw_input.get("system", "degauss") == 0.0275
        assert pw_input.get("electrons", "conv_thr") == pytest.approx(8 * 0.4e-9)
        assert pw_input.get("control", "etot_conv_thr") == pytest.approx(8 * 1e-4)
        assert pw_input.cards["K_POINTS"][1] == "5 5 5 0 0 0"

    def test_cutoffs_are_those_of_the_whole_chemical_system(self, silicon: Structure) -> None:
        alone = made(silicon, protocol="balanced")
        in_oxide = made(silicon, protocol="balanced", chemical_system=("Mg", "O", "Si"))
        assert alone.pw_input.get("system", "ecutwfc") == 34.0
        assert in_oxide.pw_input.get("system", "ecutwfc") == 40.0
        assert alone.level.fingerprint() != in_oxide.level.fingerprint()

    def test_opposite_moments_become_two_types(self, iron: Structure) -> None:
        iron.add_site_property("magmom", [4.0, -4.0])
        pw_input = made(iron).pw_input
        assert pw_input.get("system", "nspin") == 2
        assert pw_input.get("system", "ntyp") == 2
        fractions = [pw_input.namelists["system"][f"starting_magnetization({i})"] for i in (1, 2)]
        assert sorted(fractions) == [-0.25, 0.25]  # 4 of 16 valence electrons
        assert sorted(pw_input.labels) == ["Fe", "Fe2"]
        assert pw_input.structure.composition.reduced_formula == "Fe"

    def test_repeated_relaxations_never_go_below_the_mesh_of_the_one_before(
        self, magnesia: Structure
    ) -> None:
        larger = magnesia.copy()
        larger.scale_lattice(magnesia.volume * 2)
        assert made(larger, protocol="fast").pw_input.cards["K_POINTS"][1] == "4 4 4 0 0 0"
        pinned = made(larger, protocol="fast", least_mesh=(5, 3, 5)).pw_input
        assert pinned.cards["K_POINTS"][1] == "5 4 5 0 0 0"

    def test_gamma_alone_has_real_wavefunctions_unless_other_programs_go_on(
        self, magnesia: Structure
    ) -> None:
        one_point = {"protocol": replace(get_protocol("fast"), kpoint_distance=3.0)}
        for calculation in ("scf", "vc-relax"):
            cards = made(magnesia, calculation=calculation, **one_point).pw_input.cards
            assert cards["K_POINTS"] == ["K_POINTS gamma"]
        for settings in ({"gamma_trick": False}, {"calculation": "nscf"}):
            cards = made(magnesia, **settings, **one_point).pw_input.cards
            assert cards["K_POINTS"] == ["K_POINTS automatic", "1 1 1 0 0 0"]
        flow = GammaPhononMaker().make(magnesia)
        assert not flow.jobs[0].maker.input_set_generator.gamma_trick

    def test_pressure_is_written_in_kbar(self, magnesia: Structure) -> None:
        pw_input = made(magnesia, calculation="vc-relax", pressure=5.0).pw_input
        assert pw_input.get("cell", "press") == 50.0

    def test_an_insulator_gets_empty_bands_for_its_gap(self, magnesia: Structure) -> None:
        pw_input = made(magnesia, occupations="fixed").pw_input
        assert pw_input.get("system", "nbnd") > 4 * 16 / 2
        assert pw_input.get("system", "smearing") is None

    def test_smearing_of_a_metal_and_of_a_crystal_not_yet_known(self, silicon: Structure) -> None:
        for occupations, smearing in (("smearing", "cold"), ("gaussian", "gaussian")):
            pw_input = made(silicon, occupations=occupations).pw_input
            assert pw_input.get("system", "occupations") == "smearing"
            assert pw_input.get("system", "smearing") == smearing

    def test_settings_without_effect_on_energy_keep_the_level(self, silicon: Structure) -> None:
        plain = made(silicon).level
        mixed = made(silicon, user_settings={"electrons": {"mixing_beta": 0.1}}).level
        harder = made(silicon, user_settings={"system": {"ecutwfc": 99.0}}).level
        assert mixed.fingerprint() == plain.fingerprint()
        assert harder.fingerprint() != plain.fingerprint()

    def test_hubbard_by_version(self, magnesia: Structure, monkeypatch: pytest.MonkeyPatch) -> None:
        magnesia.replace_species({"Mg": "Ni"})
        old = made(magnesia, hubbard=True).pw_input
        assert old.get("system", "hubbard_u(1)") == 6.2
        assert "HUBBARD" not in old.cards
        monkeypatch.setattr("dft_inputs.qe.sets.pw_version", lambda command: (7, 2))
        new = made(magnesia, hubbard=True).pw_input
        assert new.get("system", "lda_plus_u") is None
        assert new.cards["HUBBARD"][1] == "U Ni-3d 6.2"

    def test_bad_crystals_are_refused(self, silicon: Structure) -> None:
        silicon[0] = {"Si": 0.5, "Mg": 0.5}
        with pytest.raises(InputError, match="partial occupancies"):
            made(silicon)

    def test_missing_element_is_named(self, silicon: Structure) -> None:
        silicon.replace_species({"Si": "Ge"})
        with pytest.raises(MissingPseudopotentialError, match="has no Ge"):
            made(silicon)

    def test_files_are_written(self, silicon: Structure, tmp_path: Path) -> None:
        made(silicon).write_input(tmp_path / "run")
        assert "calculation      = 'scf'" in (tmp_path / "run" / "pw.in").read_text()
