"""The potentials that have a name: package, weights, domain; nothing heavy is imported.

Other packages offer theirs by entry points ``dao.potentials``.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from importlib.metadata import EntryPoint

from dao_core.errors import InputError, MissingError, did_you_mean
from dao_core.offered import offered

GROUP = "dao.potentials"

EXTRA = "pip install 'dao-crystals[potentials]'"
IN_WHEEL = "in the package"
ON_FIRST_USE = "downloaded at the first use"
DAO_P = ("dao-p", "dao-p:PATH")
"""The shipped DAO-P, and one in a file."""
ANY_CALCULATOR = "ase:package.module:factory"


@dataclass(frozen=True)
class NamedPotential:
    """A universal potential of a kept library.

    Attributes:
        name: as users write it.
        package: what is imported.
        install: how it is installed.
        weights: where its weights come from.
        max_pressure: GPa up to which it is fit; None where nobody has measured it.
        bulk_only: whether surfaces and defects are outside of what it is fit for.
        raw_mp: whether it learned raw PBE and PBE+U energies of the Materials Project, which need
            the corrections MP2020 in a hull.
        own_environment: why it cannot be installed beside this program, or None.
    """

    name: str
    package: str
    install: str
    weights: str = ON_FIRST_USE
    max_pressure: float | None = None
    bulk_only: bool = True
    raw_mp: bool = False
    own_environment: str | None = None

    @property
    def installed(self) -> bool:
        """Whether its package is there; the package is not imported."""
        return importlib.util.find_spec(self.package) is not None


_PYTHON = "needs Python 3.12"
CATALOGUE = {
    named.name: named
    for named in (
        NamedPotential("sevennet-0", "sevenn", EXTRA, IN_WHEEL, max_pressure=20.0, raw_mp=True),
        NamedPotential(
            "sevennet-l3i5", "sevenn", EXTRA, IN_WHEEL,
            max_pressure=80.0, bulk_only=False, raw_mp=True,
        ),
        NamedPotential("chgnet", "chgnet", EXTRA, IN_WHEEL, max_pressure=80.0),
        NamedPotential("sevennet-omni", "sevenn", EXTRA, raw_mp=True),
        NamedPotential(
            "mace-mp-0", "mace", "pip install mace-torch",
            own_environment="pins e3nn 0.4.4; sevenn needs 0.5",
            raw_mp=True,
        ),
        NamedPotential(
            "mace-mpa-0", "mace", "pip install mace-torch",
            own_environment="pins e3nn 0.4.4; sevenn needs 0.5",
            raw_mp=True,
        ),
        NamedPotential(
            "orb-v3", "orb_models", "pip install orb-models", own_environment=_PYTHON, raw_mp=True
        ),
        NamedPotential(
            "mattersim-1m", "mattersim", "pip install mattersim",
            max_pressure=1000.0, own_environment=_PYTHON,
        ),
        NamedPotential(
            "mattersim-5m", "mattersim", "pip install mattersim",
            max_pressure=1000.0, own_environment=_PYTHON,
        ),
        NamedPotential("nequix-mp", "nequix", "pip install nequix", raw_mp=True),
        NamedPotential("nequix-oam", "nequix", "pip install nequix", raw_mp=True),
        NamedPotential(
            "grace-2l-oam", "tensorpotential", "pip install tensorpotential", raw_mp=True
        ),
        NamedPotential("pet-oam-xl", "upet", "pip install upet", raw_mp=True),
        NamedPotential(
            "uma-s", "fairchem", "pip install fairchem-core",
            weights=f"{ON_FIRST_USE}, with a Hugging Face account that may read facebook/UMA",
        ),
    )
}  # fmt: skip
"""By name, the ones that install beside this program first."""


def of_others() -> dict[str, EntryPoint]:
    """Potentials of other packages by name; none takes a name of ours."""
    return offered(GROUP, {"dao-p", "ase", *CATALOGUE})


def check_name(name: str) -> None:
    """Refuse a name that no potential has, with the nearest one.

    Raises:
        InputError: nothing is called like this.
    """
    kind = name.partition(":")[0]
    if name in CATALOGUE or kind == "ase" or (kind == "dao-p" and not name.endswith(":")):
        return
    others = of_others()
    if name in others:
        return
    known = ["dao-p", *CATALOGUE, *others]
    hint = did_you_mean(name.lower(), known)
    every = ", ".join((*DAO_P, *CATALOGUE, *others, ANY_CALCULATOR))
    raise InputError(f"unknown potential {name!r}; {hint}known are {every}")


def require_package(named: NamedPotential) -> None:
    """Refuse a potential whose package is not there.

    Raises:
        MissingError: says how to install it.
    """
    if not named.installed:
        beside = f" (in an environment of its own: {named.own_environment})"
        raise MissingError(
            f"the potential {named.name!r} needs the package {named.package}, which is not "
            f"installed; install it with: {named.install}"
            f"{beside if named.own_environment else ''}"
        )
