"""What a method means to pw.x: its input generator, its level of theory, and what both need."""

from __future__ import annotations

from collections.abc import Collection

from dft_inputs.level import LevelOfTheory
from dft_inputs.method import Method
from dft_inputs.pseudos import load_family
from dft_inputs.qe.program import pw_command, pw_version
from dft_inputs.qe.sets import Calculation, PwInputGenerator


def generator_for(
    method: Method, system: tuple[str, ...], calculation: Calculation = "scf"
) -> PwInputGenerator:
    """Input generator of a method.

    Args:
        method: How crystals are computed.
        system: Elements of the hull.
        calculation: What pw.x does.

    Returns:
        The generator.
    """
    return PwInputGenerator(
        calculation=calculation,
        protocol=method.protocol,
        pseudo_family=method.pseudo_family,
        chemical_system=system,
        occupations_rule="first scf",
        spin=method.spin,
        hubbard=method.hubbard,
        pressure=method.pressure,
    )


def require_programs(method: Method) -> None:
    """Make sure that pw.x and the pseudopotentials of a method are on this machine.

    Raises:
        InputError: If the family is unknown.
        MissingError: If something is not there; with what to do.
    """
    _version(method)
    load_family(method.pseudo_family)


def level_for(method: Method, elements: Collection[str], system: Collection[str]) -> LevelOfTheory:
    """Level of theory of pw.x energies.

    Args:
        method: How crystals are computed.
        elements: Elements that the level is restricted to.
        system: Elements of the hull, whose cutoffs are taken.

    Returns:
        The level.

    Raises:
        MissingError: If the program, the family or an element of it is missing.
    """
    generator = generator_for(method, tuple(sorted(system)))
    return generator.level(elements, load_family(method.pseudo_family), _version(method))


def _version(method: Method) -> tuple[int, ...]:
    return pw_version(method.command or pw_command())
