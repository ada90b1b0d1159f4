"""The sources of candidates by the names that a request uses."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from dao_core.checkpoints.format import checkpoint_hash
from dao_core.errors import concerning
from dao_core.generator.generate import load_generator
from dao_core.generator.guidance import Guidance
from dao_core.generator.template_parts import Hold, held_parts
from dao_core.model_files import model_file
from dao_core.predictor.guidance import load_noisy_energy
from dao_core.search.request import SearchRequest
from dao_core.search.source_registry import BRED, source_class
from dao_core.search.sources import (
    CandidateSource,
    GeneratorSource,
    GuidedGeneratorSource,
    HeldGeneratorSource,
)


def open_sources(request: SearchRequest, generator: str) -> dict[str, CandidateSource]:
    """The sources of a request by name, but for those that need parents.

    Args:
        request: Names them.
        generator: Name or file of the model behind ``dao-g``.

    Raises:
        MissingError: A model is not on this machine.
        CheckpointError: A model is corrupt, or cannot guide this generator.
        InputError: The template cannot be used.
    """
    sources: dict[str, CandidateSource] = {
        name: _open(name, generator) for name in request.sources if name not in BRED
    }
    if request.guidance:
        with concerning("guidance"):
            sources[GuidedGeneratorSource.name] = _guided(
                generator, request.guidance, request.guidance_weight
            )
    if request.template:
        with concerning("template"):
            sources[HeldGeneratorSource.name] = _held(generator, request.template, request.hold)
    return sources


@lru_cache(maxsize=8)
def _open(name: str, generator: str) -> CandidateSource:
    """A source; models are loaded once per process."""
    if name == GeneratorSource.name:
        return GeneratorSource(load_generator(generator))
    return source_class(name)()


@lru_cache(maxsize=2)
def _guided(generator: str, guidance: str, weight: float) -> CandidateSource:
    """DAO-G guided by an energy."""
    file = model_file(guidance)
    bend = Guidance(load_noisy_energy(file), weight)
    variant = f"guidance:{checkpoint_hash(file)}@{weight:g}"
    model = load_generator(generator)
    model.sampler.check(model.sampler.default_steps, bend, None)
    return GuidedGeneratorSource(model, guidance=bend, variant=variant)


def _held(generator: str, template: str, hold: Hold) -> CandidateSource:
    """DAO-G around parts of the one crystal in a file."""
    parts, kept = held_parts(Path(template), hold)
    variant = f"{kept['held']}:{kept['template']}"
    return HeldGeneratorSource(load_generator(generator), held=parts, variant=variant)
