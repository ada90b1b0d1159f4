"""Options that several commands share, so that they are spelt and explained alike."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

POTENTIALS = "dao-p (shipped), dao-p:FILE, sevennet-0, chgnet, ... (dao doctor lists all)."


def known_potential(name: str | None) -> str | None:
    """Refuse a misspelt potential at once, before anything heavy is loaded.

    Raises:
        InputError: nothing is called like this.
    """
    from dao_core.potentials.catalogue import check_name

    if name is not None:
        check_name(name)
    return name


def known_or_auto(name: str) -> str:
    """The same where the best potential for the purpose may be asked for.

    Raises:
        InputError: nothing is called like this.
    """
    return name if name == "auto" else str(known_potential(name))


def known_or_none(name: str) -> str:
    """The same where a benchmark may do without a potential.

    Raises:
        InputError: nothing is called like this.
    """
    return name if name == "none" else str(known_potential(name))


def known_refinement(name: str | None) -> str | None:
    """The same of ``--refine``.

    Raises:
        InputError: nothing is called like this.
    """
    return name if name in {"auto", "none"} else known_potential(name)


def targets(texts: list[str] | None) -> list[str] | None:
    """Refuse what is no chemical system and no formula before anything heavy is loaded.

    Raises:
        InputError: says what may have been meant.
    """
    from dao_core.search.target import parse_target

    if texts:
        parse_target(texts)
    return texts


def cell_formula(text: str) -> str:
    """The same where the atoms of one cell are meant.

    Raises:
        InputError: it is a chemical system, or no formula.
    """
    from dao_core.search.target import parse_cell

    parse_cell(text)
    return text


def known_sources(text: str | None) -> str | None:
    """Refuse a misspelt source of candidates.

    Raises:
        InputError: nothing is called like this.
    """
    from dao_core.search.source_registry import check_sources

    if text is not None:
        check_sources(text.split(","))
    return text


Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Show logs on stderr.")]
StoreUri = Annotated[
    str | None,
    typer.Option(
        "--store",
        metavar="URI",
        help="Where documents live: a folder, mongodb://..., memory://. "
        "Default: the embedded store in DAO_HOME.",
    ),
]
PotentialName = Annotated[
    str,
    typer.Option(
        "--potential",
        metavar="NAME",
        callback=known_potential,
        help=POTENTIALS,
    ),
]
PotentialOrNone = Annotated[
    str,
    typer.Option(
        "--potential",
        metavar="NAME",
        callback=known_or_none,
        help=f"none (samples are not ranked), {POTENTIALS}",
    ),
]
PotentialByPurpose = Annotated[
    str,
    typer.Option(
        "--potential",
        metavar="NAME",
        callback=known_or_auto,
        help=f"auto (the best installed one for this), {POTENTIALS}",
    ),
]
Code = Annotated[Literal["qe", "vasp"], typer.Option("--code", help="DFT program.")]
Functional = Annotated[
    Literal["pbe", "r2scan"], typer.Option("--functional", help="Functional of VASP.")
]
ProtocolName = Literal["fast", "balanced", "stringent"]
Protocol = Annotated[ProtocolName, typer.Option("--protocol", help="Accuracy of DFT.")]
Held = Literal["framework", "sites", "lattice", "orbits"]
Pseudos = Annotated[
    str | None,
    typer.Option("--pseudos", metavar="FAMILY", help="Pseudopotentials of Quantum ESPRESSO."),
]
CoreHours = Annotated[
    float | None,
    typer.Option("--core-hours", metavar="H", help="Budget of this command and its repeats."),
]
Cores = Annotated[
    int | None, typer.Option("--cores", metavar="N", help="Cores to use. Default: all.")
]
Files = Annotated[
    list[Path],
    typer.Argument(metavar="FILES...", help="CIF, POSCAR or extended XYZ files, or folders."),
]
Crystals = Annotated[
    list[str],
    typer.Argument(
        metavar="IDS|FILES...",
        help="Ids of candidates, relaxations or structures of the store; files or folders.",
    ),
]
MOST_SAMPLES = 100_000
"""Of one call: each is told in the answer, and has a file of its own."""
Seed = Annotated[int, typer.Option("--seed", min=0, help="Seed of all randomness.")]
