"""The sources of candidates by the names that a request uses."""

from __future__ import annotations

from functools import lru_cache

from dao_core.generator.generate import load_generator
from dao_core.search.sources import (
    CandidateSource,
    GeneratorSource,
    RandomSymmetricSource,
    TemplateSource,
)


@lru_cache(maxsize=4)
def open_source(name: str) -> CandidateSource:
    """The source of a name; models are loaded once per process.

    Raises:
        MissingError: Its model is not on this machine.
        CheckpointError: Its model is corrupt.
    """
    if name == GeneratorSource.name:
        return GeneratorSource(load_generator())
    return RandomSymmetricSource() if name == RandomSymmetricSource.name else TemplateSource()
