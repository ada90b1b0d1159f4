"""Flows of several pw.x jobs: relax until the volume settles, then static; two relaxations."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from jobflow import Flow, Maker, Response, job
from pymatgen.core import Structure
from typing_extensions import override

from dao_core.units import RYDBERG_EV
from dft_inputs.errors import IonsNotConvergedError
from dft_inputs.protocols import get_protocol
from dft_inputs.qe.makers.base import BasePwMaker
from dft_inputs.qe.makers.core import StaticMaker, VcRelaxMaker
from dft_inputs.qe.schemas.task import PwTaskDoc

SMEARING_NEGLIGIBLE = 1e-5
"""Smearing energy (eV/atom) below which occupations are whole: the fixed ones."""


@dataclass
class SettledRelaxMaker(Maker):
    """Makes cell relaxations until the volume settles.

    The plane waves are those of the starting cell; a cell that changed much was relaxed with the
    wrong ones, and is relaxed again.
    """

    name: str = "relax until settled"
    relax_maker: VcRelaxMaker = field(default_factory=VcRelaxMaker)

    def make(self, structure: Structure, prev_dir: str | Path | None = None) -> Flow:
        """Make the flow; its output is the task document of the last relaxation.

        Args:
            structure: Crystal.
            prev_dir: Folder of a run whose charge density is started from.

        Returns:
            The flow.
        """
        relax = self.relax_maker.make(structure, prev_dir=prev_dir)
        check = repeat_until_settled(relax.output, self.relax_maker, 1)
        return Flow([relax, check], output=check.output, name=self.name)


@job
def repeat_until_settled(task: PwTaskDoc, relax_maker: VcRelaxMaker, count: int) -> Response:
    """Relax again unless the last relaxation left the volume as it was.

    Args:
        task: The last relaxation.
        relax_maker: Makes the next one.
        count: Number of relaxations so far.

    Returns:
        The task document when settled, else the next relaxation.

    Raises:
        IonsNotConvergedError: If the volume has not settled after the protocol's last try.
    """
    protocol = get_protocol(relax_maker.input_set_generator.protocol)
    # A relaxation whose final scf had to be run by itself says nothing about its start.
    whole = task.calculation == relax_maker.input_set_generator.calculation
    change = abs(task.structure.volume / task.input_structure.volume - 1)
    if whole and change < protocol.volume_tolerance:
        return Response(output=task)
    if count >= protocol.max_relaxations:
        raise IonsNotConvergedError(
            f"The volume of {task.formula} still changes after {count} relaxations."
        )
    generator = relax_maker.input_set_generator
    pinned = replace(
        generator,
        least_mesh=generator.mesh(task.input_structure),
        least_bands=bands_needed(task),
    )
    next_maker = replace(relax_maker, input_set_generator=pinned)
    relax = next_maker.make(task.structure, prev_dir=task.dir_name)
    check = repeat_until_settled(relax.output, next_maker, count + 1)
    return Response(replace=Flow([relax, check], output=check.output))


@dataclass
class SettledRelaxStaticMaker(SettledRelaxMaker):
    """Makes cell relaxations until the volume settles, then a static run."""

    name: str = "relax until settled and static"
    static_maker: StaticMaker = field(default_factory=StaticMaker)

    @override
    def make(self, structure: Structure, prev_dir: str | Path | None = None) -> Flow:
        """Make the flow; its output is the task document of the static run."""
        settled = super().make(structure, prev_dir)
        end = settled.output
        static = self.static_maker.make(end.structure, prev_dir=end.dir_name)
        return Flow([settled, static], output=static.output, name=self.name)


@dataclass
class ByOccupationsMaker(Maker):
    """Makes a first scf, and then what follows with the occupations that it calls for.

    A metal is smeared; an insulator gets fixed occupations, with which relaxations are cheaper and
    free of the smearing's energy.
    """

    name: str = "occupations from a first scf"
    first_maker: StaticMaker = field(default_factory=lambda: StaticMaker(name="first scf"))
    then_maker: Maker = field(default_factory=StaticMaker)

    def make(self, structure: Structure) -> Flow:
        """Make the flow; its output is that of what follows.

        Args:
            structure: Crystal.

        Returns:
            The flow.
        """
        rule = {"_set": {"input_set_generator->occupations_rule": "first scf"}}
        unknown = {"_set": {**rule["_set"], "input_set_generator->occupations": "gaussian"}}
        first_maker = self.first_maker.update_kwargs(unknown, dict_mod=True)
        maker = self.then_maker.update_kwargs(rule, class_filter=BasePwMaker, dict_mod=True)
        first = first_maker.make(structure)
        then = follow_with_occupations(first.output, maker, structure)
        return Flow([first, then], output=then.output, name=self.name)


@job
def follow_with_occupations(first: PwTaskDoc, maker: Maker, structure: Structure) -> Response:
    """Go on with fixed occupations or with smearing, as a first scf calls for.

    Args:
        first: The first scf, with Gaussian smearing.
        maker: Makes what follows, from the density of the first scf.
        structure: Crystal.

    Returns:
        What follows; the first scf itself when a static run of an insulator would repeat it.
    """
    occupations = occupations_for(first)
    if isinstance(maker, StaticMaker):
        # Whole occupations are fixed occupations: the answer would be the same.
        whole = abs(first.smearing_energy) < SMEARING_NEGLIGIBLE * first.n_atoms
        if occupations == "fixed" and whole:
            return Response(output=first)
    settings: dict[str, Any] = {
        "_set": {
            "input_set_generator->occupations": occupations,
            "input_set_generator->least_bands": bands_needed(first),
        }
    }
    chosen = maker.update_kwargs(settings, class_filter=BasePwMaker, dict_mod=True)
    return Response(replace=chosen.make(structure, prev_dir=first.dir_name))


def bands_needed(task: PwTaskDoc) -> int:
    """Bands that a run was given because those of pw.x did not do; 0 if they did."""
    return int(task.inputs.get("system", {}).get("nbnd", 0))


def occupations_for(first: PwTaskDoc) -> str:
    """``fixed`` for an insulator without spin, else ``smearing``.

    Fixed occupations of a spin-polarised crystal would fix its moment too. A gap narrower than the
    smearing is none: the few k-points of a large cell leave one between any two levels of a metal.

    Args:
        first: A smeared scf.

    Returns:
        The occupations.
    """
    electronic = first.electronic
    spin = electronic.total_magnetization is not None
    degauss = float(first.inputs.get("system", {}).get("degauss", 0.0)) * RYDBERG_EV
    gap = electronic.band_gap
    narrow = electronic.is_metal or (gap is not None and gap < degauss)
    return "smearing" if narrow or spin else "fixed"
