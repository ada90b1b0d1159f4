"""What a request means in work: how many candidates of each cell from each source."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

from dao_core.crystal.reading import NamedStructure
from dao_core.search.compositions import CompositionCell
from flows.campaign.request import content_key


class Share(BaseModel):
    """The candidates that one source is asked for in one cell.

    Attributes:
        key: Content key: equal for equal source, model, seed, cell and number, in any campaign.
        source: Name of the source.
        formula: Reduced formula.
        z: Formula units per cell.
        natoms: Atoms per cell.
        n: Number of candidates.
        reference: Only there to compete on the hull.
    """

    model_config = ConfigDict(frozen=True)

    key: str
    source: str
    formula: str
    z: int
    natoms: int
    n: int
    reference: bool = False


def share_out(
    cells: Sequence[CompositionCell],
    sources: Mapping[str, str],
    candidates: int,
    seed: int,
    *,
    reference: bool = False,
) -> list[Share]:
    """Divide the candidates evenly among cells and sources, small cells served first.

    Args:
        cells: Compositions and numbers of formula units.
        sources: Names of the sources, each with the hash of the model behind it or ``""``.
        candidates: Number in all.
        seed: Seed of the campaign.
        reference: Mark the shares as references.

    Returns:
        Shares of at least one candidate; their numbers add up to ``candidates``.
    """
    pairs = [(cell, source) for cell in cells for source in sources]
    base, extra = divmod(candidates, len(pairs)) if pairs else (0, 0)
    by_size = sorted(range(len(pairs)), key=lambda i: (pairs[i][0].natoms, i))
    larger = set(by_size[:extra])
    numbers = [base + (position in larger) for position in range(len(pairs))]
    return [
        _share(source, sources[source], cell, n, seed, reference)
        for (cell, source), n in zip(pairs, numbers, strict=True)
        if n
    ]


def _share(
    source: str, model: str, cell: CompositionCell, n: int, seed: int, reference: bool
) -> Share:
    content: dict[str, Any] = {
        "source": source,
        "model": model,
        "formula": cell.formula,
        "z": cell.z,
        "n": n,
        "seed": seed,
    }
    return Share(
        key=content_key("proposal", content),
        source=source,
        formula=cell.formula,
        z=cell.z,
        natoms=cell.natoms,
        n=n,
        reference=reference,
    )


def own_share(named: NamedStructure) -> Share:
    """The share that one structure of the user's is."""
    provenance = own_provenance(named)
    return Share(
        key=content_key("proposal", provenance),
        source="user",
        formula=provenance["formula"],
        z=provenance["z"],
        natoms=len(named.structure),
        n=1,
    )


def own_provenance(named: NamedStructure) -> dict[str, Any]:
    """Provenance of a structure of the user's: its file and its content."""
    content = hashlib.sha256(named.structure.to_json().encode()).hexdigest()
    formula, z = named.structure.composition.get_reduced_formula_and_factor()
    origin = f"user:{named.source}"
    return {"source": "user", "origin": origin, "formula": formula, "z": int(z), "content": content}
