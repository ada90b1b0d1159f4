"""What a training run is asked to do: a YAML file beneath the command line, validated."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, create_model, model_validator

from dao_core.crysformer.config import CONFIGS as CRYSFORMER_SIZES
from dao_core.crysformer.published.config import PUBLISHED_CONFIGS
from dao_core.predictor.config import CONFIGS as PREDICTOR_SIZES
from dao_core.settings_file import read_settings, validated
from dao_core.training.diffusion import DiffusionTraining
from dao_core.training.generator import GeneratorTraining
from dao_core.training.predictor_guidance import GuidanceTraining
from dao_core.training.predictor_settings import PredictorTraining
from dao_core.training.run import RunSettings

Paths = tuple[Path, ...]
MAY_BE_ZERO = {"warmup", "weight_decay", "seed", "energy_weight", "force_weight", "stress_weight"}


class _Request(BaseModel):
    """Strict; steps and hours exclude each other."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    out: Path

    @model_validator(mode="before")
    @classmethod
    def _one_schedule(cls, values: Mapping[str, Any]) -> Mapping[str, Any]:
        if values.get("hours") is not None and values.get("steps") is not None:
            raise ValueError("steps and hours are both given: the schedule follows one of them")
        return values

    def chosen(self, kind: type[RunSettings]) -> Any:
        """The settings of the run itself."""
        names = {field.name for field in dataclasses.fields(kind)}
        return kind(**{name: getattr(self, name) for name in names})


def _fields(kind: type[RunSettings], sizes: Mapping[str, Any]) -> dict[str, Any]:
    """A settings dataclass as pydantic fields with bounds."""
    hints = get_type_hints(kind)
    fields: dict[str, Any] = {}
    for field in dataclasses.fields(kind):
        bound = {"ge": 0} if field.name in MAY_BE_ZERO else {"gt": 0}
        numeric = isinstance(field.default, int | float) or field.name == "hours"
        limits: dict[str, Any] = bound if numeric else {}
        if field.name == "ema_decay":
            limits = {"ge": 0, "lt": 1}
        fields[field.name] = (hints[field.name], Field(field.default, **limits))
    default = fields["size"][1]
    fields["size"] = (Literal[tuple(sizes)], default)
    return fields


class _GeneratorData(_Request):
    process: Literal["flow"] = "flow"
    train: Paths = Field(min_length=1)
    validation: Paths = Field(min_length=1)
    stage: Literal[1, 2] = 1
    start: Path | None = None


class _DiffusionData(_GeneratorData):
    process: Literal["diffusion"] = "diffusion"  # type: ignore[assignment]


class _PhysicalData(_Request):
    head: Literal["physical"] = "physical"
    labels: Path
    validation_labels: Path
    doubt_labels: Path
    records: Paths = ()
    start: Path | None = None


class _GuidanceData(_Request):
    head: Literal["guidance"] = "guidance"
    labels: Path | None = None
    records: Paths = ()

    @model_validator(mode="after")
    def _some_energies(self) -> Self:
        if self.labels is None and not self.records:
            raise ValueError("give labels (teacher shards) or records (with e_above_hull), or both")
        return self


GeneratorRequest = create_model(
    "GeneratorRequest",
    __base__=_GeneratorData,
    **_fields(GeneratorTraining, CRYSFORMER_SIZES),
)
DiffusionRequest = create_model(
    "DiffusionRequest",
    __base__=_DiffusionData,
    **_fields(DiffusionTraining, PUBLISHED_CONFIGS),
)
PredictorRequest = create_model(
    "PredictorRequest", __base__=_PhysicalData, **_fields(PredictorTraining, PREDICTOR_SIZES)
)
GuidanceRequest = create_model(
    "GuidanceRequest", __base__=_GuidanceData, **_fields(GuidanceTraining, CRYSFORMER_SIZES)
)


def generator_request(given: Mapping[str, Any], file: Path | None) -> Any:
    """A validated run of ``dao train generator``, by flow matching or diffusion.

    Raises:
        InputError: Names every mistake; those of the file with their line.
    """
    diffusion = _chosen("process", given, file) == "diffusion"
    return _request(DiffusionRequest if diffusion else GeneratorRequest, given, file)


def predictor_request(given: Mapping[str, Any], file: Path | None) -> Any:
    """A validated run of ``dao train predictor``, physical or for guidance.

    Raises:
        InputError: Names every mistake; those of the file with their line.
    """
    guidance = _chosen("head", given, file) == "guidance"
    return _request(GuidanceRequest if guidance else PredictorRequest, given, file)


def _chosen(name: str, given: Mapping[str, Any], file: Path | None) -> Any:
    """A setting that decides which settings there are: the command line wins over the file."""
    return given.get(name) or (read_settings(file).get(name) if file else None)


def _request(kind: type[_Request], given: Mapping[str, Any], file: Path | None) -> _Request:
    config = read_settings(file) if file else None
    if given.get("hours") is not None and config is not None:
        config.pop("steps", None)
    if given.get("steps") is not None and config is not None:
        config.pop("hours", None)
    return validated(kind, given, config, file)
