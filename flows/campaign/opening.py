"""The sources of candidates by the names that a request uses."""

from __future__ import annotations

import hashlib
from functools import lru_cache

from dao_core.checkpoints.format import checkpoint_hash
from dao_core.crystal.reading import read_structures
from dao_core.errors import InputError
from dao_core.generator.generate import load_generator
from dao_core.generator.guidance import Guidance
from dao_core.generator.held_parts import HeldParts
from dao_core.predictor.guidance import load_noisy_energy
from dao_core.search.sources import (
    CandidateSource,
    GeneratorSource,
    GuidedGeneratorSource,
    HeldGeneratorSource,
    PerturbationSource,
    RandomSymmetricSource,
    TemplateSource,
)
from flows.campaign.request import CampaignRequest, HeldPart
from flows.model_files import model_file


def open_sources(request: CampaignRequest, generator: str) -> dict[str, CandidateSource]:
    """The sources of a request by name, but for ``perturbation``, which needs parents.

    Args:
        request: Names them.
        generator: Name or file of the model behind ``dao-g``.

    Raises:
        MissingError: A model is not on this machine.
        CheckpointError: A model is corrupt, or cannot guide this generator.
        InputError: The crystal to be held cannot be used.
    """
    sources: dict[str, CandidateSource] = {
        name: _open(name, generator) for name in request.sources if name != PerturbationSource.name
    }
    if request.guidance:
        sources[GuidedGeneratorSource.name] = _guided(
            generator, request.guidance, request.guidance_weight
        )
    if request.hold:
        sources[HeldGeneratorSource.name] = _held(generator, request.hold, request.held)
    return sources


@lru_cache(maxsize=4)
def _open(name: str, generator: str) -> CandidateSource:
    """A source; models are loaded once per process."""
    if name == GeneratorSource.name:
        return GeneratorSource(load_generator(generator))
    return RandomSymmetricSource() if name == RandomSymmetricSource.name else TemplateSource()


@lru_cache(maxsize=2)
def _guided(generator: str, guidance: str, weight: float) -> CandidateSource:
    """DAO-G guided by an energy."""
    file = model_file(guidance)
    bend = Guidance(load_noisy_energy(file), weight)
    variant = f"guidance:{checkpoint_hash(file)}@{weight:g}"
    model = load_generator(generator)
    model.sampler.check(model.sampler.default_steps, bend, None)
    return GuidedGeneratorSource(model, guidance=bend, variant=variant)


def _held(generator: str, file: str, part: HeldPart) -> CandidateSource:
    """DAO-G around a part of the one crystal in a file."""
    reading = read_structures([file])
    if len(reading.structures) != 1:
        reasons = "; ".join(failure.reason for failure in reading.failures)
        found = f"{len(reading.structures)} structures" + (f" ({reasons})" if reasons else "")
        raise InputError(f"{file}: {found}; give a file with the one crystal whose {part} is held")
    crystal = reading.structures[0].structure
    parts = HeldParts(
        lattice=crystal.lattice if part == "lattice" else None,
        sites=crystal if part == "sites" else None,
        orbits=crystal if part == "orbits" else None,
    )
    content = hashlib.sha256(crystal.to_json().encode()).hexdigest()[:20]
    return HeldGeneratorSource(load_generator(generator), held=parts, variant=f"{part}:{content}")
