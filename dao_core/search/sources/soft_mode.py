"""What unstable crystals became along their soft modes, as candidates."""

from __future__ import annotations

from dao_core.search.sources.user import UserSource


class SoftModeSource(UserSource):
    """Crystals that phonons led to: an instability is a direction, not a dead end."""

    name = "soft-mode"
    named_by = "fallen_candidate_id"
