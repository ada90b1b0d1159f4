"""What a search found, for eyes and for further work."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import pandas as pd
from pymatgen.analysis.phase_diagram import PDEntry, PhaseDiagram
from pymatgen.core import Composition

from dao_core.crystal.writing import Fact, write_extxyz
from dao_core.errors import InputError
from dao_core.formula import canonical
from dao_core.notebook.found import FoundCrystal
from dao_core.notebook.hull import LandscapeHull
from dao_core.search.ranking import Ranking
from dao_core.search.result import Failure, FunnelRow
from dao_core.search.search import Search
from dao_core.search.survey import Survey

COLUMNS = (
    "formula", "space_group", "energy_above_hull", "energy_per_atom", "energy_std",
    "volume_per_atom", "z", "prototype", "population", "origin", "novel", "known_as",
    "converged", "flags", "structure_id", "candidate_id",
)  # fmt: skip
"""Of the ranking; energies in eV/atom, volumes in cubic angstrom per atom."""
Form = Literal["entries", "extxyz", "cif", "parquet"]


class Landscape:
    """The crystals of a search, best first, on the hull of one level.

    Attributes:
        level: Level of all energies; under pressure these are enthalpies.
        interrupted: Whether the search was ended before it was done.
        warnings: What a reader must know of domain and hull.
        funnel: How many candidates entered and left each stage, and why the others did not.
        failures: What was lost on the way.
    """

    def __init__(
        self, search: Search, survey: Survey, ranking: Ranking, *, interrupted: bool = False
    ) -> None:
        self._search, self._survey, self._ranking = search, survey, ranking
        self.level = search.level
        self.interrupted = interrupted
        self.warnings = [*search.warnings, *ranking.warnings]
        self.funnel: list[FunnelRow] = list(survey.funnel.rows)
        self.failures: list[Failure] = list(search.lost)

    @cached_property
    def ranking(self) -> pd.DataFrame:
        """One row for each distinct crystal, by rank; columns as in :data:`COLUMNS`."""
        rows = [{name: getattr(row, name) for name in COLUMNS} for row in self._ranking.rows]
        index = pd.Index([row.rank for row in self._ranking.rows], name="rank")
        return pd.DataFrame(rows, index=index, columns=list(COLUMNS))

    def __len__(self) -> int:
        return len(self._ranking.rows)

    def __getitem__(self, rank: int) -> FoundCrystal:
        """The crystal of a rank, from 1.

        Raises:
            InputError: There is none.
        """
        if not 1 <= rank <= len(self):
            raise InputError(f"there is no crystal of rank {rank}: there are {len(self)}")
        row = self._ranking.rows[rank - 1]
        return FoundCrystal(row, self._survey.candidates[row.candidate_id].provenance)

    def best(self, formula: str | None = None) -> FoundCrystal:
        """The best crystal, of all or of one composition.

        Args:
            formula: In any spelling: ``MgO``, ``OMg``, ``Mg4O4``.

        Raises:
            InputError: None was found, or it is no formula.
        """
        wanted = canonical(formula) if formula else None
        for row in self._ranking.rows:
            if wanted in (None, row.formula):
                return self[row.rank]
        found = ", ".join(sorted({row.formula for row in self._ranking.rows})) or "nothing"
        raise InputError(f"no crystal of {formula or 'the search'} was found; there is {found}")

    @property
    def entries(self) -> list[PDEntry]:
        """The crystals, and what else the hull holds, as pymatgen takes them; energies in eV."""
        found = [_entry(row.formula, row.energy_per_atom) for row in self._ranking.rows]
        others = [_entry(one.formula, one.energy_per_atom) for one in self._ranking.competing]
        return [*found, *others]

    @cached_property
    def hull(self) -> LandscapeHull:
        """The convex hull.

        Raises:
            InputError: An element has no energy, so that there is none; says which.
        """
        elements = sorted(self._search.target.elements)
        present = {e.composition.elements[0].symbol for e in self.entries if e.is_element}
        missing = [symbol for symbol in elements if symbol not in present]
        if missing:
            raise InputError(
                f"there is no hull: {', '.join(missing)} has no energy at {self.level}"
            )
        return LandscapeHull(PhaseDiagram(self.entries))

    def to(self, form: Form, path: str | Path | None = None) -> Any:
        """The crystals in a form that others read.

        Args:
            form: ``entries`` (pymatgen), ``extxyz``, ``cif`` (a folder) or ``parquet``.
            path: File or folder to write; needed for all but ``entries``.

        Returns:
            The entries, or the path.

        Raises:
            InputError: The form is not known, or a path is missing.
        """
        writers: Mapping[str, Any] = {
            "extxyz": self._write_extxyz, "cif": self._write_cifs, "parquet": self._write_parquet,
        }  # fmt: skip
        if form == "entries":
            return self.entries
        if form not in writers:
            raise InputError(f"{form!r} is no form; use entries, {', '.join(writers)}")
        if path is None:
            raise InputError(f"say where to write: landscape.to({form!r}, path)")
        writers[form](Path(path))
        return Path(path)

    def _write_extxyz(self, file: Path) -> None:
        rows = self._ranking.rows
        crystals = [row.relaxed() for row in rows]
        facts: list[dict[str, Fact]] = [
            {
                "rank": row.rank,
                "energy": row.energy_per_atom * len(crystal),
                "level": self.level,
                "candidate_id": row.candidate_id,
            }
            for row, crystal in zip(rows, crystals, strict=True)
        ]
        write_extxyz(crystals, facts, file)

    def _write_cifs(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for row in self._ranking.rows:
            (folder / f"{row.rank:04d}_{row.formula}.cif").write_text(self[row.rank].cif())

    def _write_parquet(self, file: Path) -> None:
        self.ranking.to_parquet(file)

    def __repr__(self) -> str:
        state = ", interrupted" if self.interrupted else ""
        best = f", best {self.best().formula}" if len(self) else ""
        return (
            f"Landscape({self._search.system}: {len(self)} crystals at {self.level}{best}{state})"
        )

    def _repr_html_(self) -> str:
        """The hull as a picture, where there is one, above the head of the ranking."""
        shown = ["formula", "space_group", "energy_above_hull", "prototype", "novel", "known_as"]
        table = self.ranking[shown].head(20).to_html(float_format=lambda value: f"{value:.4f}")
        return f"<p>{self!r}</p>{self._picture()}{table}"

    def _picture(self) -> str:
        try:
            figure = self.hull.plot()
        except (InputError, ValueError):
            return ""
        file = io.BytesIO()
        figure.savefig(file, format="png", dpi=80, bbox_inches="tight")
        data = base64.b64encode(file.getvalue()).decode()
        return f'<img src="data:image/png;base64,{data}" alt="convex hull">'


def _entry(formula: str, energy_per_atom: float) -> PDEntry:
    composition = Composition(formula)
    return PDEntry(composition, energy_per_atom * composition.num_atoms)
