"""dao: which crystals of a chemical system there may be, and how stable they are.

    import dao_core as dao

    landscape = dao.search("Mg-O", candidates=100)
    landscape.ranking                   # pandas.DataFrame
    landscape.best("MgO").structure     # pymatgen Structure
    landscape.hull.plot()

    dao.generate("Cr6Os2", 20)
    dao.relax(structures, potential="chgnet")
    dao.predict(structures)
    dao.load_potential("dao-p").calculator()    # for ASE

Nothing is loaded before it is used, and no file is written unless it is asked for.
"""

from __future__ import annotations

import importlib
from typing import Any

_FACE = {
    "Landscape": "dao_core.notebook.landscape",
    "generate": "dao_core.notebook.structures",
    "load_potential": "dao_core.notebook.potential",
    "predict": "dao_core.notebook.structures",
}
_ROOMS = ("relax", "search")
"""Packages that are called as what they are for: ``dao.search(...)``, ``dao.relax(...)``."""

__all__ = ["Landscape", "generate", "load_potential", "predict", "relax", "search"]


def __getattr__(name: str) -> Any:
    """Load a part of the face when it is used first."""
    if name in _ROOMS:
        return importlib.import_module(f"dao_core.{name}")
    if name in _FACE:
        return getattr(importlib.import_module(_FACE[name]), name)
    raise AttributeError(f"module 'dao_core' has no attribute {name!r}")


def __dir__() -> list[str]:
    """What can be typed after ``dao.``."""
    return sorted([*globals(), *__all__])
