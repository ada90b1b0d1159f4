"""An electronic interpretation in the figures that tables show and programs read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def electron_facts(result: Mapping[str, Any]) -> dict[str, Any]:
    """What a table shows of an electronic interpretation, and programs read.

    Args:
        result: An :class:`~dft_inputs.electrons.document.ElectronicInterpretation` as JSON values.
    """
    kinds: dict[str, dict[str, Any]] = {}
    for maximum in result["attractors"]:
        kind = kinds.setdefault(maximum["kind"], {"number": 0, "highest_elf": 0.0})
        kind["number"] += 1
        kind["highest_elf"] = max(kind["highest_elf"], maximum["elf"])
    verdict = result["electride"]
    return {
        "metal": result["is_metal"],
        "band_gap": None if result["is_metal"] else result["band_gap"],
        "direct": result["direct"],
        "total_magnetization": result["total_magnetization"],
        "states_at_top": result["states"]["at_top"],
        "charges": result["charges"],
        "electrons_in_voids": result["in_voids"],
        "elf_maxima": kinds,
        "electride": verdict and verdict["electride"],
        "electride_evidence": verdict,
    }
