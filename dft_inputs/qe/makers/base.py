"""Base of the makers of pw.x jobs."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jobflow import Maker, Response, job
from pymatgen.core import Structure

from dao_core.hashing import text_hash
from dft_inputs.qe import files
from dft_inputs.qe.geometry import last_geometry
from dft_inputs.qe.program import pw_command
from dft_inputs.qe.run import run_pw
from dft_inputs.qe.schemas.task import PwTaskDoc
from dft_inputs.qe.sets import PwInputGenerator, PwInputSet

KEY = "pw.key"


def pw_job(method: Callable[..., Response]) -> Callable[..., Any]:
    """Decorate the ``make`` method of a pw.x maker: its output is a :class:`PwTaskDoc`."""
    return job(method, output_schema=PwTaskDoc)


@dataclass
class BasePwMaker(Maker):
    """Makes one pw.x job.

    Attributes:
        name: Job name.
        input_set_generator: Makes the input set.
        run_pw_kwargs: Passed to :func:`dft_inputs.qe.run.run_pw`.
        resume: Whether an earlier attempt in a sibling folder is gone on from: a finished one is
            adopted, an interrupted relaxation continues at its last geometry.
    """

    name: str = "pw"
    input_set_generator: PwInputGenerator = field(default_factory=PwInputGenerator)
    run_pw_kwargs: dict[str, Any] = field(default_factory=dict)
    resume: bool = False

    @pw_job
    def make(self, structure: Structure, prev_dir: str | Path | None = None) -> Response:
        """Run pw.x in the current folder.

        Args:
            structure: Crystal.
            prev_dir: Folder of a run whose charge density is started from.

        Returns:
            Response with the task document.

        Raises:
            InputError: If the crystal cannot be computed.
            MissingError: If the program or a pseudopotential is missing.
            CalculationError: If the calculation fails; the reason says how.
        """
        folder = Path.cwd()
        command = self.run_pw_kwargs.get("command") or pw_command()
        input_set = self.input_set_generator.get_input_set(structure, command)
        key = _run_key(input_set)
        if self.resume:
            done = _finished_sibling(folder, key)
            if done is not None:
                return Response(output=done)
            _continue_sibling(folder, key, input_set)
        # A density that was deleted meanwhile costs iterations, not the run.
        if prev_dir is not None and files.save_path(Path(prev_dir)).is_dir():
            copy_save(Path(prev_dir), folder)
            input_set.pw_input.update({"electrons": {"startingpot": "file"}})
        (folder / files.INPUT).write_text(str(input_set.pw_input))
        (folder / KEY).write_text(key)
        run_pw(**{**self.run_pw_kwargs, "command": command})
        document = PwTaskDoc.from_directory(folder, input_set.level, task_label=self.name)
        unfinished = folder / f".{files.TASK}"
        unfinished.write_text(document.model_dump_json())
        unfinished.rename(folder / files.TASK)
        return Response(output=document)


def copy_save(source: Path, target: Path) -> None:
    """Copy the charge density and wave functions of a run.

    Args:
        source: Folder of the run.
        target: Folder of the next run.
    """
    shutil.copytree(files.save_path(source), files.save_path(target), dirs_exist_ok=True)
    if files.xml_path(source).is_file():
        shutil.copy(files.xml_path(source), files.xml_path(target))


def _run_key(input_set: PwInputSet) -> str:
    content = f"{input_set.pw_input}{input_set.level.fingerprint()}"
    return text_hash(content, 64)


def _siblings(folder: Path, key: str) -> list[Path]:
    """Earlier attempts at the very same run, newest first."""
    keys = [path for path in folder.parent.glob(f"*/{KEY}") if path.parent != folder]
    keys.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    return [path.parent for path in keys if path.read_text() == key]


def _finished_sibling(folder: Path, key: str) -> PwTaskDoc | None:
    for sibling in _siblings(folder, key):
        if (sibling / files.TASK).is_file():
            return PwTaskDoc.model_validate_json((sibling / files.TASK).read_text())
    return None


def _continue_sibling(folder: Path, key: str, input_set: PwInputSet) -> None:
    """Take over the last geometry of an interrupted relaxation."""
    if input_set.pw_input.get("control", "calculation") not in ("relax", "vc-relax"):
        return
    for sibling in _siblings(folder, key):
        geometry = last_geometry(sibling)
        if geometry is not None:
            input_set.pw_input.set_geometry(geometry.lattice.matrix, geometry.frac_coords)
            return
