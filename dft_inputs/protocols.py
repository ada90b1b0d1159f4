"""Protocols: one name, ``fast``, ``balanced`` or ``stringent``, for a set of accuracies.

The same name means the same intent for Quantum ESPRESSO and for VASP. The numbers follow the
protocols that the aiida-common-workflows project settled on (Huber et al., npj Comput. Mater. 7,
136 (2021)): they change together, so that no accuracy is spoilt by a coarser one beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from monty.json import MSONable

from dao_core.errors import InputError

ProtocolName = Literal["fast", "balanced", "stringent"]
CutoffHint = Literal["low", "normal", "high"]


@dataclass(frozen=True)
class Protocol(MSONable):
    """Accuracies of one protocol.

    Attributes:
        name: Protocol name.
        kpoint_distance: Largest distance between k-points, 1/angstrom (with the factor 2 pi).
        degauss: Width of the cold (Marzari-Vanderbilt) smearing, Ry.
        conv_thr_per_atom: Threshold of the self-consistent field, Ry/atom.
        forc_conv_thr: Largest force component after a relaxation, Ry/bohr.
        etot_conv_thr_per_atom: Energy change of the last ionic step, Ry/atom.
        press_conv_thr: Largest pressure deviation after a cell relaxation, kbar.
        cutoff_hint: Which of the cutoffs that the pseudopotential family recommends is taken.
        max_relaxations: How often a cell relaxation is repeated until its volume settles.
        volume_tolerance: Relative volume change below which a relaxation has settled.
    """

    name: str
    kpoint_distance: float
    degauss: float
    conv_thr_per_atom: float
    forc_conv_thr: float
    etot_conv_thr_per_atom: float
    cutoff_hint: CutoffHint
    press_conv_thr: float = 0.5
    max_relaxations: int = 5
    volume_tolerance: float = 0.01


PROTOCOLS: dict[str, Protocol] = {
    "fast": Protocol(
        name="fast",
        kpoint_distance=0.30,
        degauss=0.0275,
        conv_thr_per_atom=0.4e-9,
        forc_conv_thr=1e-3,
        etot_conv_thr_per_atom=1e-4,
        cutoff_hint="low",
    ),
    "balanced": Protocol(
        name="balanced",
        kpoint_distance=0.15,
        degauss=0.020,
        conv_thr_per_atom=0.2e-9,
        forc_conv_thr=1e-4,
        etot_conv_thr_per_atom=1e-5,
        cutoff_hint="normal",
    ),
    "stringent": Protocol(
        name="stringent",
        kpoint_distance=0.10,
        degauss=0.0125,
        conv_thr_per_atom=0.1e-9,
        forc_conv_thr=5e-5,
        etot_conv_thr_per_atom=5e-6,
        cutoff_hint="high",
    ),
}


def get_protocol(protocol: str | Protocol) -> Protocol:
    """Protocol by name; a protocol that was made by hand is returned as it is.

    Args:
        protocol: ``fast``, ``balanced``, ``stringent``, or a :class:`Protocol`.

    Returns:
        The protocol.

    Raises:
        InputError: If the name is unknown.
    """
    if isinstance(protocol, Protocol):
        return protocol
    if protocol not in PROTOCOLS:
        raise InputError(
            f"There is no protocol '{protocol}'. Choose one of: {', '.join(PROTOCOLS)}."
        )
    return PROTOCOLS[protocol]
