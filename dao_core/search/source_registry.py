"""Sources of candidates by name: ours, and those of other packages (entry points ``dao.sources``).

Names are known without loading anything; a source is loaded when it is asked for, so that one that
is broken costs nobody who does without it.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from functools import cache
from importlib.metadata import EntryPoint
from typing import TYPE_CHECKING, cast

from dao_core.errors import InputError, did_you_mean
from dao_core.offered import load_offered, offered

if TYPE_CHECKING:
    from dao_core.search.sources.base import BredSource, CandidateSource

GROUP = "dao.sources"
OURS = {
    "dao-g": "dao_core.search.sources.generator:GeneratorSource",
    "template": "dao_core.search.sources.template:TemplateSource",
    "perturbation": "dao_core.search.sources.perturbation:PerturbationSource",
    "heredity": "dao_core.search.sources.heredity:HereditySource",
    "random": "dao_core.search.sources.random_symmetric:RandomSymmetricSource",
}
"""Sources that a request can name."""
DEFAULT = ("dao-g", "template", "perturbation")
BRED = frozenset({"perturbation", "heredity"})
"""Sources that are made anew for every share, from the best minima of its composition."""
_BESIDE = {
    "dao-g-guided": "dao_core.search.sources.generator:GuidedGeneratorSource",
    "dao-g-held": "dao_core.search.sources.generator:HeldGeneratorSource",
    "soft-mode": "dao_core.search.sources.soft_mode:SoftModeSource",
    "user": "dao_core.search.sources.user:UserSource",
}
"""Sources that come with other settings, or with what a store or the user brings."""


def source_names() -> tuple[str, ...]:
    """Names that a request can use: ours, then those of other packages, sorted."""
    return (*OURS, *sorted(_of_others()))


def check_sources(names: Sequence[str]) -> None:
    """Refuse names that no source has.

    Raises:
        InputError: says which, and the nearest one.
    """
    known = source_names()
    for name in names:
        if name not in known:
            hint = did_you_mean(name, known)
            raise InputError(f"--sources: no source {name!r}; {hint}known are {', '.join(known)}")


@cache
def source_class(name: str) -> type[CandidateSource]:
    """The class of a source.

    Raises:
        InputError: No source has that name.
        MissingError: The package that offers it is broken; says which and how.
    """
    place = OURS.get(name) or _BESIDE.get(name)
    if place is not None:
        module, _, attribute = place.partition(":")
        ours: type[CandidateSource] = getattr(importlib.import_module(module), attribute)
        return ours
    other = _of_others().get(name)
    if other is None:
        raise InputError(f"unknown source {name!r}; known are {', '.join(source_names())}")
    found: type[CandidateSource] = load_offered(other, "source")
    return found


def bred_class(name: str) -> type[BredSource]:
    """The class of a source among :data:`BRED`."""
    return cast("type[BredSource]", source_class(name))


def price(name: str) -> float:
    """Nominal seconds of one core for a proposal of ten atoms by a source."""
    return source_class(name).seconds_per_candidate


def _of_others() -> dict[str, EntryPoint]:
    """Sources of other packages by name."""
    return offered(GROUP, {*OURS, *_BESIDE})
