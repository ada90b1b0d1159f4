"""The crystal behind an id of the store, whatever it is the id of."""

from __future__ import annotations

from pymatgen.core import Structure

from dao_core.errors import InputError
from stores.dao_store import DaoStore
from stores.documents import CandidateDocument, RelaxationDocument, StructureDocument

MOMENTS = "magmom"
"""Site property of magnetic moments, Bohr magnetons."""


def with_moments(relaxed: Structure, start: CandidateDocument | None) -> Structure:
    """A relaxed crystal with the moments that its candidate came with.

    Potentials know no moments, and one relaxation serves all magnetic orders of a crystal; its
    atoms stay in their order.
    """
    given = start.to_pymatgen() if start else None
    moments = given.site_properties.get(MOMENTS) if given else None
    if given is None or moments is None or given.atomic_numbers != relaxed.atomic_numbers:
        return relaxed
    return relaxed.copy(site_properties={**relaxed.site_properties, MOMENTS: moments})


def crystal_of(store: DaoStore, identity: str) -> tuple[Structure, str | None]:
    """The crystal of an id, and the id of its candidate; of a candidate, what it was relaxed to.

    Args:
        store: Where it is looked up.
        identity: Of a candidate, a relaxation or a structure.

    Raises:
        InputError: The store has none of that id.
    """
    either = {"$or": [{"candidate_id": identity}, {"relaxation_id": identity}]}
    for relaxation in store.find(RelaxationDocument, either, sort={"last_updated": -1}):
        relaxed = relaxation.to_pymatgen()
        if relaxed is not None:
            start = store.get(CandidateDocument, relaxation.candidate_id or identity)
            return with_moments(relaxed, start), relaxation.candidate_id
    candidate = store.get(CandidateDocument, identity)
    generated = candidate.to_pymatgen() if candidate else None
    if generated is not None:
        return generated, identity
    document = store.get(StructureDocument, identity)
    if document is not None:
        return document.to_pymatgen(), None
    raise InputError(
        f"{identity}: neither a file nor the id of a candidate, relaxation or structure in "
        f"{store.uri}"
    )
