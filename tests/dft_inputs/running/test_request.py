from __future__ import annotations

from dataclasses import replace

import pytest
from pymatgen.core import Structure

from dao_core.errors import InputError, MissingError
from dft_inputs.method import Method
from dft_inputs.running.codes import level_for
from dft_inputs.running.memory import estimated_memory
from dft_inputs.running.request import CalculationRequest, Limits

METHOD = Method(protocol="fast", pseudo_family="small")


@pytest.fixture
def request_for(small_home: object, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("dft_inputs.qe.level.pw_version", lambda command: (6, 7))

    def make(structure: Structure, method: Method = METHOD) -> CalculationRequest:
        elements = [element.symbol for element in structure.composition.elements]
        return CalculationRequest(
            structure, method, tuple(elements), level_for(method, elements, elements)
        )

    return make


def test_same_crystal_at_the_same_level_has_one_key(request_for, magnesia: Structure) -> None:
    keys = {request_for(magnesia).key, request_for(magnesia.get_primitive_structure()).key}
    assert len(keys) == 1


@pytest.mark.parametrize(
    "change",
    [{"protocol": "balanced"}, {"workflow": "static"}, {"pressure": 5.0}, {"spin": False}],
)
def test_every_change_of_method_is_another_calculation(
    request_for, magnesia: Structure, change: dict[str, object]
) -> None:
    assert request_for(magnesia, replace(METHOD, **change)).key != request_for(magnesia).key


def test_pressure_and_hubbard_change_the_level(request_for, magnesia: Structure) -> None:
    magnesia.replace_species({"Mg": "Ni"})
    plain = request_for(magnesia).level
    assert request_for(magnesia, replace(METHOD, hubbard=True)).level != plain
    assert request_for(magnesia, replace(METHOD, hubbard=True)).level.hubbard_u == {"Ni": 6.2}


def test_memory_grows_with_cell_and_cutoff(request_for, magnesia: Structure) -> None:
    small = estimated_memory(request_for(magnesia.get_primitive_structure()))
    large = estimated_memory(request_for(magnesia * (2, 2, 2)))
    finer = estimated_memory(request_for(magnesia, replace(METHOD, protocol="stringent")))
    assert 0.04 < small < 0.5
    assert large > 5 * small
    assert finer > estimated_memory(request_for(magnesia))


def test_limits_are_checked() -> None:
    with pytest.raises(InputError, match="4 of 2 cores"):
        Limits(cores=2, cores_each=4)


def test_unknown_code_and_missing_potcars(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="no DFT code 'abinit'"):
        level_for(Method(code="abinit"), ["Si"], ["Si"])  # type: ignore[arg-type]
    monkeypatch.setattr("dft_inputs.vasp.potcar.SETTINGS", {})
    with pytest.raises(MissingError, match="PMG_VASP_PSP_DIR is not set") as caught:
        level_for(Method(code="vasp"), ["Si"], ["Si"])
    assert caught.value.exit_code == 3
