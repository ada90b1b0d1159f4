"""``dao pseudos``: pseudopotential families of Quantum ESPRESSO."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.cli.console import emit, set_up_logging
from flows.cli.options import Json, Verbose

if TYPE_CHECKING:
    from dft_inputs.pseudos import FamilyCheck

app = typer.Typer(help="Install, check and list pseudopotentials.", no_args_is_help=True)
DAMAGED = 4


@app.callback()
def pseudos() -> None:
    """Install, check and list pseudopotentials."""


@app.command("install")
def install(
    family: Annotated[
        str | None, typer.Argument(metavar="FAMILY", help="Default: PseudoDojo PBE standard.")
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="SOURCE",
            help="Folder, archive, wheel, http(s) address, or pypi:REQUIREMENT. "
            "Default: where the family is published.",
        ),
    ] = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Install a family, every file compared with its published checksum.

    Example: dao pseudos install pseudodojo-pbe-sr-0.4.1-standard --from dojo.tgz
    """
    set_up_logging(verbose=verbose)
    from dft_inputs.pseudos import DEFAULT_FAMILY, install_family

    done = install_family(family or DEFAULT_FAMILY, source)
    lines = [f"{done.family}: {len(done.elements)} elements in {done.folder}"]
    lines += [f"left out: {file}: {reason}" for file, reason in done.left_out.items()]
    if done.missing:
        lines.append(f"not in the source: {', '.join(done.missing)}")
    result = done.model_dump(mode="json")
    emit(result, as_json=as_json, human="\n".join(lines))


@app.command("check")
def check(as_json: Json = False, verbose: Verbose = False) -> None:
    """Compare every installed file with its checksum.

    Example: dao pseudos check
    """
    set_up_logging(verbose=verbose)
    from dao_core.errors import MissingError
    from dft_inputs.pseudos import check_families, pseudos_root

    checks = check_families()
    if not checks:
        raise MissingError(
            f"No pseudopotential family is installed in {pseudos_root()}. Run: dao pseudos install"
        )
    result = {"families": [c.model_dump(mode="json") for c in checks]}
    lines = [line for found in checks for line in _state(found)]
    emit(result, as_json=as_json, human="\n".join(lines))
    if any(found.problems for found in checks):
        raise typer.Exit(DAMAGED)


def _state(found: FamilyCheck) -> list[str]:
    state = f"{len(found.problems)} problems" if found.problems else "all files are as published"
    head = f"{found.family}: {len(found.elements)} elements, {state}"
    return [head, *(f"  {problem}" for problem in found.problems)]


@app.command("list")
def list_pseudos(as_json: Json = False, verbose: Verbose = False) -> None:
    """List the families that are known, and which of them are installed.

    Example: dao pseudos list
    """
    set_up_logging(verbose=verbose)
    from dft_inputs.pseudos import catalogue_names, list_families
    from flows.cli.tables import flat_table

    installed = {family.name: family for family in list_families()}
    rows: list[dict[str, Any]] = []
    for name in sorted({*catalogue_names(), *installed}):
        found = installed.get(name)
        rows.append(
            {
                "family": name,
                "installed": found is not None,
                "functional": found.functional if found else None,
                "elements": sorted(found.pseudopotentials) if found else [],
                "folder": str(found.folder) if found else None,
            }
        )
    shown = [{**row, "elements": len(row["elements"]) or None} for row in rows]
    table = flat_table(shown, ("family", "installed", "functional", "elements", "folder"))
    emit({"families": rows}, as_json=as_json, human=table)
