"""Base of the makers that go on from the charge density of a static run."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from jobflow import Flow, Job, Maker
from pymatgen.core import Structure

from dft_inputs.protocols import get_protocol
from dft_inputs.qe.makers.core import NonScfMaker, StaticMaker
from dft_inputs.qe.post_process import PostProcessor
from dft_inputs.qe.schemas.task import PwTaskDoc


@dataclass
class AfterStaticMaker(Maker):
    """Makes a static run and what follows it.

    Attributes:
        name: Flow name.
        static_maker: Makes the charge density.
    """

    name: str = "after static"
    static_maker: StaticMaker = field(default_factory=StaticMaker)

    def make(self, structure: Structure, prev_dir: str | Path | None = None) -> Flow:
        """Make the flow; its output is that of the last job.

        Args:
            structure: Crystal.
            prev_dir: Folder of a run whose charge density is started from.

        Returns:
            The flow.
        """
        generator = replace(self.static_maker.input_set_generator, gamma_trick=False)
        maker = replace(self.static_maker, input_set_generator=generator)
        static = maker.make(structure, prev_dir=prev_dir)
        following = self.follow(static.output, structure)
        return Flow([static, *following], output=following[-1].output, name=self.name)

    @property
    def programs(self) -> PostProcessor:
        """Runs what follows with the launcher and the time limit of the static run."""
        kwargs = self.static_maker.run_pw_kwargs
        return PostProcessor(kwargs.get("command"), kwargs.get("walltime"))

    @abstractmethod
    def follow(self, static: PwTaskDoc, structure: Structure) -> list[Job]:
        """Jobs after the static run, of which the last has the output.

        Args:
            static: Document of the static run; a reference to it while the flow is made.
            structure: Crystal.

        Returns:
            The jobs.
        """

    def non_scf(self, name: str, static: PwTaskDoc, structure: Structure, **settings: Any) -> Job:
        """Job that computes bands from the charge density of the static run.

        Args:
            name: Job name.
            static: As for :meth:`follow`.
            structure: Crystal.
            **settings: What the input generator has other than that of the static run.

        Returns:
            The job; its output is a :class:`PwTaskDoc`.
        """
        maker = NonScfMaker(
            name=name,
            input_set_generator=replace(self.static_maker.input_set_generator, **settings),
            run_pw_kwargs=self.static_maker.run_pw_kwargs,
        )
        return maker.make(structure, prev_dir=static.dir_name)

    def on_dense_mesh(self, static: PwTaskDoc, structure: Structure, density: float) -> Job:
        """Job that computes bands on a denser mesh, with tetrahedra.

        Args:
            static: As for :meth:`follow`.
            structure: Crystal.
            density: How many times closer the k-points are.

        Returns:
            The job; its output is a :class:`PwTaskDoc`.
        """
        protocol = get_protocol(self.static_maker.input_set_generator.protocol)
        return self.non_scf(
            "nscf",
            static,
            structure,
            calculation="nscf",
            occupations="tetrahedra",
            protocol=replace(protocol, kpoint_distance=protocol.kpoint_distance / density),
        )
