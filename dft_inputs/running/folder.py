"""The folder of one calculation: its lock, its result, its failure, its last geometry."""

from __future__ import annotations

import fcntl
import json
import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, Field

from dao_core.drafts import draft_of
from dao_core.units import EV_PER_CUBIC_ANGSTROM_IN_GPA
from dft_inputs.corrections import Correction, corrections_below
from dft_inputs.qe import files
from dft_inputs.structure_field import StructureField

logger = logging.getLogger(__name__)


class CalculationResult(BaseModel):
    """What a finished calculation gives, the same fields for every code."""

    key: str
    formula: str
    chemical_system: str
    n_atoms: int
    structure: StructureField
    energy_per_atom: float = Field(description="eV/atom")
    energy_before: float | None = Field(
        default=None, description="eV/atom in the first ionic step on record; None without one"
    )
    steps: int = Field(default=0, description="Ionic steps of all relaxations")
    volume: float = Field(description="angstrom^3 per cell")
    pressure: float | None = Field(description="GPa, positive when compressed")
    max_force: float | None = Field(description="eV/angstrom")
    forces: list[list[float]] | None = Field(
        default=None, description="[n, 3] eV/angstrom, in the order of the structure's sites"
    )
    stress: list[list[float]] | None = Field(
        default=None, description="[3, 3] GPa, sign of dE/dstrain: negative when compressed"
    )
    band_gap: float | None = Field(description="eV; 0 for a metal")
    total_magnetization: float | None = Field(description="Bohr magnetons per cell")
    fingerprint: str
    level: str = Field(description="Level of theory, restricted to the crystal's elements")
    corrections: list[Correction] = Field(
        default_factory=list, description="What was corrected in all runs, in order"
    )
    code: str
    version: str
    dir_name: str
    task: dict[str, object] = Field(description="The whole task document of the last run")
    electrons: dict[str, Any] | None = Field(
        default=None, description="What the workflow ``electrons`` found, without its task"
    )

    def enthalpy_per_atom(self, pressure: float) -> float:
        """E + pV, eV/atom; the energy where there is no pressure.

        Args:
            pressure: GPa.
        """
        work = pressure / EV_PER_CUBIC_ANGSTROM_IN_GPA * self.volume / self.n_atoms
        return self.energy_per_atom + work


class CalculationFailure(BaseModel):
    """Why a calculation has no result."""

    key: str
    reason: str
    message: str
    exit_code: int
    corrections: list[Correction] = Field(
        default_factory=list, description="What was tried in all runs, in order"
    )


Outcome = TypeVar("Outcome", CalculationResult, CalculationFailure)


@dataclass(frozen=True)
class CalculationFolder:
    """Folder of one calculation."""

    root: Path
    key: str

    @property
    def path(self) -> Path:
        """The folder; two levels, for folders with a hundred thousand entries are slow."""
        return self.root / self.key[:2] / self.key

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the calculation, after waiting for whoever is at it.

        The system releases it when the process dies, however it dies.

        Yields:
            Nothing.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        with (self.path / "lock").open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    @contextmanager
    def locked_if_free(self) -> Iterator[bool]:
        """Hold the calculation if nobody is at it.

        Yields:
            Whether it is held.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        with (self.path / "lock").open("w") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True

    def result(self) -> CalculationResult | None:
        """The result, if the calculation is finished."""
        return self._read(CalculationResult, "result.json")

    def failure(self) -> CalculationFailure | None:
        """The failure of the last attempt, if it failed."""
        return self._read(CalculationFailure, "failure.json")

    def close(self, outcome: CalculationResult | CalculationFailure) -> None:
        """Write how the calculation ended, with what was corrected on the way."""
        self.write(outcome.model_copy(update={"corrections": corrections_below(self.path)}))

    def write(self, outcome: CalculationResult | CalculationFailure) -> None:
        """Write a result or a failure; a reader never sees half of it."""
        name = "result" if isinstance(outcome, CalculationResult) else "failure"
        self.path.mkdir(parents=True, exist_ok=True)
        with draft_of(self.path / f"{name}.json") as draft:
            draft.write_text(outcome.model_dump_json(), encoding="utf-8")

    def _read(self, kind: type[Outcome], name: str) -> Outcome | None:
        """An outcome, if it is there; a damaged one is set aside, and the calculation goes on."""
        path = self.path / name
        try:
            return kind.model_validate_json(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except ValueError:
            aside = path.replace(path.with_name(f"{name}.damaged"))
            logger.warning("%s: damaged, now %s; made again", path, aside)
            return None

    def forget_failure(self) -> None:
        """Remove the failure of an earlier attempt."""
        (self.path / "failure.json").unlink(missing_ok=True)

    def stop_orphans(self) -> int:
        """End programs that a killed attempt left running in this folder.

        Returns:
            How many were ended.
        """
        import psutil  # noqa: PLC0415  only a machine that computes needs it

        stopped = 0
        for process in psutil.process_iter(["cmdline", "cwd"]):
            if self._is_orphan(process.info["cmdline"] or [], process.info["cwd"] or ""):
                process.kill()
                stopped += 1
        return stopped

    def _is_orphan(self, command: list[str], cwd: str) -> bool:
        """Whether a process is a DFT program in this folder, not a user's shell or editor."""
        if not cwd or not Path(cwd).is_relative_to(self.path.resolve()):
            return False
        runs_pw = any(pair == ("-in", files.INPUT) for pair in pairwise(command))
        return runs_pw or any(Path(word).name.startswith("vasp") for word in command[:1])

    def remove_wave_functions(self) -> None:
        """Remove the save folders, which nothing reads once the result is there."""
        for path in self.path.glob(f"*/{files.OUTDIR}"):
            shutil.rmtree(path)

    def note(self, content: dict[str, object]) -> None:
        """Write what was asked for beside the results, for human readers."""
        (self.path / "request.json").write_text(json.dumps(content, indent=1, default=str) + "\n")
