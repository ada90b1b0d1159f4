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
def open_source(name: str, generator: str = "dao-g") -> CandidateSource:
    """The source of a name; models are loaded once per process.

    Args:
        name: Name of the source.
        generator: Name or file of the model behind ``dao-g``.

    Raises:
        MissingError: Its model is not on this machine.
        CheckpointError: Its model is corrupt.
    """
    if name == GeneratorSource.name:
        return GeneratorSource(load_generator(generator))
    return RandomSymmetricSource() if name == RandomSymmetricSource.name else TemplateSource()
