"""The hull of a landscape, to be looked at."""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure
from pymatgen.analysis.phase_diagram import PDEntry, PDPlotter, PhaseDiagram


class LandscapeHull:
    """The convex hull of a landscape.

    Attributes:
        diagram: pymatgen's phase diagram, for all that it can do.
    """

    def __init__(self, diagram: PhaseDiagram) -> None:
        self.diagram = diagram

    @property
    def stable(self) -> list[str]:
        """Reduced formulas of the phases on the hull, elements included, sorted."""
        return sorted(entry.composition.reduced_formula for entry in self.diagram.stable_entries)

    def energy_above(self, entry: PDEntry) -> float:
        """Energy of an entry above the hull, eV/atom; below zero where it lies beneath."""
        above = self.diagram.get_e_above_hull(entry, allow_negative=True)
        return float(above or 0.0)

    def plot(self) -> Figure:
        """The hull as a matplotlib figure.

        Raises:
            ValueError: It has one element, or more than four.
        """
        if not 2 <= self.diagram.dim <= 4:
            raise ValueError(f"a hull of {self.diagram.dim} elements cannot be drawn")
        axes: Any = PDPlotter(self.diagram, backend="matplotlib").get_plot()
        figure: Figure = axes.get_figure()
        return figure

    def _repr_png_(self) -> bytes:
        import io  # noqa: PLC0415

        file = io.BytesIO()
        self.plot().savefig(file, format="png", dpi=80, bbox_inches="tight")
        return file.getvalue()
