"""Versions of the packages that take part, for results that must be reproducible."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

PACKAGES = ("torch", "numpy", "pymatgen", "spglib", "prefect", "maggma", "chgnet", "sevenn")
"""Those that can change a number or the order of a campaign."""


def package_version(package: str) -> str | None:
    """The installed version of a distribution, or None where it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def versions() -> dict[str, str]:
    """Versions by name: ours, Python's, and those of the installed ``PACKAGES``."""
    found = {name: package_version(name) for name in PACKAGES}
    ours = {
        "dao": package_version("dao-crystals") or "unknown",
        "python": platform.python_version(),
    }
    return {**ours, **{name: number for name, number in found.items() if number}}
