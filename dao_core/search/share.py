"""What a request means in work: how many candidates of each cell from each source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict
from pymatgen.core import Composition

from dao_core.crystal.reading import NamedStructure
from dao_core.hashing import content_id, text_hash
from dao_core.search.compositions import CompositionCell
from dao_core.search.sources import UserSource


class Share(BaseModel):
    """The candidates that one source is asked for in one cell.

    Attributes:
        key: Content key: equal for all that decides the candidates, in any campaign.
        source: Name of the source.
        formula: Reduced formula.
        z: Formula units per cell.
        natoms: Atoms per cell.
        n: Number of candidates.
        first: Candidates of this source and cell that earlier rounds asked for.
        model: Hash of the model or of the files behind the source, may be empty.
        variant: What guides the model or is held, may be empty.
        seed: Seed of the campaign.
        parents: Ids of what the source starts from: known structures or relaxed candidates.
        reference: Only there to compete on the hull.
    """

    model_config = ConfigDict(frozen=True)

    key: str
    source: str
    formula: str
    z: int
    natoms: int
    n: int
    first: int = 0
    model: str = ""
    variant: str = ""
    seed: int = 0
    parents: tuple[str, ...] = ()
    reference: bool = False

    @classmethod
    def of(
        cls,
        source: str,
        model: str,
        cell: CompositionCell,
        n: int,
        seed: int,
        *,
        first: int = 0,
        parents: tuple[str, ...] = (),
        reference: bool = False,
        variant: str = "",
    ) -> Share:
        """A share with the key that follows from its content."""
        content: dict[str, Any] = {
            "source": source, "model": model, "formula": cell.formula, "z": cell.z, "n": n,
            "seed": seed, "first": first, "parents": parents,
        }  # fmt: skip
        if variant:
            content["variant"] = variant
        return cls(
            **content,
            key=content_id("proposal", content),
            natoms=cell.natoms,
            reference=reference,
        )

    @property
    def cell(self) -> CompositionCell:
        """The cell to fill."""
        unit = Composition(self.formula)
        # Not z: one atom of O2 is half a formula unit, and such a cell is counted as one.
        composition = unit * (self.natoms / unit.num_atoms)
        return CompositionCell(self.formula, self.z, composition, self.natoms)


def with_parents(share: Share, parents: tuple[str, ...]) -> Share:
    """The share that starts from ``parents``."""
    return Share.of(
        share.source, share.model, share.cell, share.n, share.seed,
        first=share.first, parents=parents, reference=share.reference, variant=share.variant,
    )  # fmt: skip


def share_out(
    cells: Sequence[CompositionCell],
    sources: Mapping[str, str],
    candidates: int,
    seed: int,
    *,
    reference: bool = False,
    variants: Mapping[str, str] | None = None,
) -> list[Share]:
    """Divide the candidates evenly among cells and sources, small cells served first.

    Args:
        cells: Compositions and numbers of formula units.
        sources: Names of the sources, each with the hash of the model behind it or ``""``.
        candidates: Number in all.
        seed: Seed of the campaign.
        reference: Mark the shares as references.
        variants: What guides the sources or is held, by name.

    Returns:
        Shares of at least one candidate; their numbers add up to ``candidates``.
    """
    pairs = [(cell, source) for cell in cells for source in sources]
    base, extra = divmod(candidates, len(pairs)) if pairs else (0, 0)
    by_size = sorted(range(len(pairs)), key=lambda i: (pairs[i][0].natoms, i))
    larger = set(by_size[:extra])
    numbers = [base + (position in larger) for position in range(len(pairs))]
    return [
        Share.of(
            source,
            sources[source],
            cell,
            n,
            seed,
            reference=reference,
            variant=(variants or {}).get(source, ""),
        )
        for (cell, source), n in zip(pairs, numbers, strict=True)
        if n
    ]


def own_shares(own: UserSource, seed: int) -> list[Share]:
    """One share for each cell of the user's structures."""
    return [
        Share.of(own.name, _content(structures), cell, len(structures), seed)
        for cell, structures in own.cells().items()
    ]


def _content(structures: Sequence[NamedStructure]) -> str:
    """A hash of structures and the names of their files."""
    text = "".join(named.source + named.structure.to_json() for named in structures)
    return text_hash(text)


def own_provenance(named: NamedStructure) -> dict[str, Any]:
    """Provenance of a structure of the user's: its file and its content."""
    content = text_hash(named.structure.to_json(), 64)
    formula, z = named.structure.composition.get_reduced_formula_and_factor()
    origin = f"user:{named.source}"
    return {"source": "user", "origin": origin, "formula": formula, "z": int(z), "content": content}
