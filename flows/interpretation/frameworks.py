"""``dao fill``: a framework filled by DAO-G, released, its networks described and clustered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pymatgen.core import Structure
from pymatgen.io.cif import CifWriter

from dao_core import progress
from dao_core.crystal.symmetry import space_group_of
from dao_core.crystal.volume import rescaled
from dao_core.errors import InputError
from dao_core.frameworks import FilledCrystal, Filling, FillingOutcome, fill_framework, fillings
from dao_core.generator.generate import Generator, load_generator
from dao_core.model_files import model_file
from dao_core.potentials import Potential, load_potential
from dao_core.search.records import Candidate
from dao_core.search.sources.template import substituted, templates
from dao_core.writable import check_output_folder
from flows.interpretation.keeping import keep
from flows.validation.crystals import Crystal, find_crystals
from stores import DaoStore, open_store
from stores.search_memory import StoreMemory

STAGE = "fill"


@dataclass(frozen=True)
class FillRequest:
    """What is filled, with how much, and how.

    Attributes:
        framework: file, id of the store, or ``PROTOTYPE:ELEMENT,...`` of the AFLOW library.
        symbol: element of the filling.
        lowest: its atoms per cell of the framework, at least ...
        highest: ... and at most.
        samples: of each amount.
        volume: of the framework's cell, cubic angstrom; None as it stands.
        pressure: GPa.
        potential: name of the potential.
        model: name or file of the generator.
        seed: of the samples.
    """

    framework: str
    symbol: str
    lowest: float
    highest: float
    samples: int = 16
    volume: float | None = None
    pressure: float = 0.0
    potential: str = "dao-p"
    model: str = "dao-g"
    seed: int = 0


def fill(request: FillRequest, out: Path, store: str | None) -> dict[str, Any]:
    """Fill a framework with every amount asked for.

    Args:
        request: What and how.
        out: Folder of the CIFs.
        store: URI of the store; None is the embedded one.

    Returns:
        ``level``, ``store``, ``structures`` (each amount's by enthalpy, with network and cluster),
        ``amounts`` (samples and losses of each), ``warnings`` and ``failures``.

    Raises:
        DaoError: The framework cannot be used, the amounts are impossible, or something is missing.
    """
    check_output_folder(out)
    with open_store(store) as opened:
        framework, warnings = _framework(request, opened)
        generator = load_generator(model_file(request.model))
        cells = fillings(
            framework, request.symbol, request.lowest, request.highest, generator.max_atoms
        )
        potential = load_potential(request.potential)
        progress.begin(STAGE, len(cells))
        records, amounts = [], []
        for cell in cells:
            outcome = fill_framework(
                cell, generator, potential, request.samples, request.pressure, request.seed
            )
            amounts.append(_amount(cell, outcome))
            records += [
                _record(place, crystal, request, generator, potential, opened, out)
                for place, crystal in enumerate(outcome.crystals)
            ]
            progress.advance(STAGE, 1)
        uri = opened.uri
    warnings |= {flag for record in records for flag in record["flags"]}
    empty = [amount for amount in amounts if not amount["distinct"]]
    return {
        "level": potential.level,
        "store": uri,
        "pressure": request.pressure,
        "structures": records,
        "amounts": amounts,
        "warnings": sorted(warnings),
        "failures": [
            {"file": f"{a['number']} {request.symbol}", "reason": f"all samples lost: {a['lost']}"}
            for a in empty
        ],
    }


def _framework(request: FillRequest, store: DaoStore) -> tuple[Structure, set[str]]:
    """The atoms that are held, and what was changed about them."""
    label, _, elements = request.framework.partition(":")
    warnings = set()
    if elements and not Path(request.framework).exists():
        framework = _prototype(label, elements.split(","))
        warnings.add("the volume of the prototype's cell is an estimate at no pressure")
    else:
        (crystal, *others) = find_crystals([request.framework], store).crystals
        if others:
            raise InputError(f"{request.framework} holds several structures; give one framework")
        framework = crystal.structure.copy()
    own = [i for i, s in enumerate(framework) if s.specie.symbol == request.symbol]
    if own and len(own) < len(framework):
        framework.remove_sites(own)
        warnings.add(f"{len(own)} {request.symbol} of the framework itself were taken out")
    if request.volume is not None:
        framework.scale_lattice(request.volume)
    return framework, warnings


def _prototype(label: str, elements: Sequence[str]) -> Structure:
    """A prototype of the AFLOW library with other elements, at a sensible volume.

    Raises:
        InputError: There is no such prototype, or it has another number of elements.
    """
    found = next((template for template in templates() if template.label == label), None)
    if found is None:
        raise InputError(f"no file, id or AFLOW prototype {label!r}, such as A_cF4_225_a:La")
    symbols = [element.symbol for element in found.structure.elements]
    if len(symbols) != len(elements):
        raise InputError(
            f"{label} has {len(symbols)} elements ({', '.join(symbols)}); name as many"
        )
    return rescaled(substituted(found.structure, dict(zip(symbols, elements, strict=True))))


def _amount(cell: Filling, outcome: FillingOutcome) -> dict[str, Any]:
    return {
        "number": cell.number,
        "framework": cell.framework.formula,
        "per_framework_atom": cell.per_framework_atom,
        "sampled": outcome.sampled,
        "lost": outcome.lost,
        "distinct": len(outcome.crystals),
    }


def _record(
    place: int,
    crystal: FilledCrystal,
    request: FillRequest,
    generator: Generator,
    potential: Potential,
    store: DaoStore,
    out: Path,
) -> dict[str, Any]:
    """Keep one crystal as a candidate with its network, and write its CIF."""
    formula, z = crystal.structure.composition.get_reduced_formula_and_factor()
    settings = {
        "pressure": request.pressure,
        "number": crystal.filling.number,
        "samples": request.samples,
        "seed": request.seed,
        "model": generator.checkpoint_hash,
    }
    provenance = {
        "source": "framework",
        "origin": f"framework:{Path(request.framework).name}",
        "formula": formula,
        "z": int(z),
        "level": potential.level,
        "place": place,
        **settings,
    }
    candidate = Candidate.of(crystal.structure, provenance, generator.checkpoint_hash)
    StoreMemory(store).put_candidates([candidate])
    result = {
        "formula": formula,
        "natoms": len(crystal.structure),
        "per_framework_atom": crystal.filling.per_framework_atom,
        "enthalpy_per_atom": crystal.enthalpy_per_atom,
        "energy_std": crystal.energy_std,
        "space_group": space_group_of(crystal.structure)[0],
        "volume_per_atom": crystal.structure.volume / len(crystal.structure),
        "network": asdict(crystal.network),
        "cluster": crystal.cluster,
        "population": crystal.population,
        "outside_domain": crystal.outside_domain,
    }
    named = Crystal(candidate.candidate_id, crystal.structure, candidate.candidate_id)
    flags = [crystal.outside_domain, crystal.network.objection]
    identity = keep(store, "network", named, potential.level, settings, result, flags)
    out.mkdir(parents=True, exist_ok=True)
    file = out / f"{formula}_{candidate.candidate_id}.cif"
    CifWriter(crystal.structure, symprec=0.01).write_file(file)
    return {
        "candidate_id": candidate.candidate_id,
        "interpretation_id": identity,
        **result,
        "flags": [flag for flag in flags if flag],
        "cif": str(file),
    }
