"""A pseudopotential family: files, checksums and recommended cutoffs under one name."""

from __future__ import annotations

from collections.abc import Collection
from importlib import resources
from pathlib import Path

from pydantic import BaseModel, Field

from dao_core.errors import InputError
from dft_inputs.errors import MissingPseudopotentialError
from dft_inputs.protocols import CutoffHint
from dft_inputs.pseudos.upf import md5

FAMILY_FILE = "family.json"
_HINTS: dict[CutoffHint, int] = {"low": 0, "normal": 1, "high": 2}


class Pseudopotential(BaseModel):
    """One pseudopotential of a family."""

    element: str
    file: str = Field(description="File name inside the folder of the family")
    md5: str
    kind: str = Field(description="NC, USPP or PAW")
    z_valence: float = Field(description="Number of valence electrons")
    ecutwfc: tuple[float, float, float] = Field(
        description="Wave-function cutoffs for low, normal and high accuracy, Ry"
    )
    dual: float = Field(description="Ratio of the density cutoff to the wave-function cutoff")


class PseudoFamily(BaseModel):
    """An installed family."""

    name: str
    functional: str
    description: str = ""
    reference: str = ""
    source: str = Field(description="Where it was installed from")
    folder: Path = Field(default=Path(), exclude=True)
    pseudopotentials: dict[str, Pseudopotential]

    def require(self, elements: Collection[str]) -> dict[str, Pseudopotential]:
        """Pseudopotentials of some elements.

        Args:
            elements: Element symbols.

        Returns:
            Pseudopotential by element.

        Raises:
            MissingPseudopotentialError: If the family lacks one; the elements are named.
        """
        missing = sorted(set(elements) - self.pseudopotentials.keys())
        if missing:
            raise MissingPseudopotentialError(
                f"The pseudopotential family '{self.name}' has no {', '.join(missing)}. "
                "Install a family that has, or leave these elements out."
            )
        return {element: self.pseudopotentials[element] for element in sorted(elements)}

    def cutoffs(self, elements: Collection[str], hint: CutoffHint) -> tuple[float, float]:
        """Cutoffs that suffice for every one of some elements.

        Args:
            elements: Element symbols.
            hint: Accuracy.

        Returns:
            Wave-function and density cutoff, Ry.

        Raises:
            MissingPseudopotentialError: If the family lacks an element.
        """
        chosen = self.require(elements).values()
        ecutwfc = max(pseudo.ecutwfc[_HINTS[hint]] for pseudo in chosen)
        # The density of the hardest dual is needed at that element's own cutoff, not at the
        # largest wave-function cutoff of a softer-dual neighbour.
        ecutrho = max(pseudo.ecutwfc[_HINTS[hint]] * pseudo.dual for pseudo in chosen)
        return ecutwfc, max(ecutrho, 4.0 * ecutwfc)

    def problems(self) -> list[str]:
        """What is wrong with the files on disk: missing or changed ones, named."""
        found = []
        for element, pseudo in sorted(self.pseudopotentials.items()):
            path = self.folder / pseudo.file
            if not path.is_file():
                found.append(f"{element}: {pseudo.file} is missing")
            elif md5(path.read_bytes()) != pseudo.md5:
                found.append(f"{element}: {pseudo.file} is not the file that was installed")
        return found

    def write(self) -> None:
        """Write the table of the family into its folder."""
        (self.folder / FAMILY_FILE).write_text(self.model_dump_json(indent=1) + "\n")

    @classmethod
    def read(cls, folder: Path) -> PseudoFamily:
        """Read an installed family.

        Args:
            folder: Folder of the family.

        Returns:
            The family.

        Raises:
            MissingPseudopotentialError: If the folder holds no family.
        """
        path = folder / FAMILY_FILE
        if not path.is_file():
            raise MissingPseudopotentialError(f"There is no pseudopotential family in {folder}.")
        return cls.model_validate_json(path.read_text()).model_copy(update={"folder": folder})


class WheelSource(BaseModel):
    """A published Python package that carries the files of a family."""

    requirement: str
    folder: str = Field(description="Folder inside the wheel")


class CatalogueEntry(BaseModel):
    """Published checksum and cutoffs of one pseudopotential."""

    md5: str
    ecutwfc: tuple[float, float, float]
    dual: float


class Catalogue(BaseModel):
    """What is known about a published family before it is installed."""

    name: str
    functional: str
    description: str
    reference: str
    url: str | None = None
    wheel: WheelSource | None = None
    pseudopotentials: dict[str, CatalogueEntry]


def catalogue_names() -> list[str]:
    """Names of the families whose checksums and cutoffs are known here."""
    folder = resources.files("dft_inputs.pseudos") / "catalogue"
    return sorted(path.name.removesuffix(".json") for path in folder.iterdir())


def catalogue(name: str) -> Catalogue:
    """Catalogue of a published family.

    Args:
        name: Family name.

    Returns:
        Its checksums, cutoffs and sources.

    Raises:
        InputError: If the family is unknown.
    """
    if name not in catalogue_names():
        raise InputError(
            f"There is no known pseudopotential family '{name}'. "
            f"Known: {', '.join(catalogue_names())}."
        )
    path = resources.files("dft_inputs.pseudos") / "catalogue" / f"{name}.json"
    return Catalogue.model_validate_json(path.read_text())
