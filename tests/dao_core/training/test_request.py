"""Training as YAML: the shipped files are valid, and the line of every mistake is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from dao_core.errors import InputError
from dao_core.training.generator import GeneratorTraining
from dao_core.training.request import generator_request, predictor_request

CONFIGS = Path(__file__).parents[3] / "configs"


@pytest.mark.parametrize("file", sorted(CONFIGS.glob("*.yaml")), ids=lambda file: file.stem)
def test_shipped_configurations_are_valid(file: Path) -> None:
    read = generator_request if file.name.startswith("generator") else predictor_request
    request = read({}, file)
    assert (request.size.startswith("base")) == ("base" in file.name)
    assert ("8gpu" in file.name) == (request.devices == 8)


def test_there_is_one_for_each_machine() -> None:
    names = {file.stem for file in CONFIGS.glob("*.yaml")}
    machines = {f"{size}" for size in ("mini-2cores", "base-1gpu", "base-8gpu")}
    assert names >= {f"{model}-{m}" for model in ("generator", "predictor") for m in machines}


def test_the_command_line_wins(tmp_path: Path) -> None:
    file = tmp_path / "run.yaml"
    file.write_text("train: [a.json.gz]\nvalidation: [b.json.gz]\nout: run\nhours: 2\nseed: 3\n")
    settings = generator_request({"steps": 40}, file).chosen(GeneratorTraining)
    assert (settings.steps, settings.hours, settings.seed) == (40, None, 3)


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ("size: huge\n", 4, "size"),
        ("colour: red\n", 4, "unknown setting"),
        ("seed: 1\nlearning_rate: -1\n", 5, "learning_rate"),
        ("precision: bf8\n", 4, "precision"),
        ("stage: 3\n", 4, "stage"),
        ("ema_decay: 1.5\n", 4, "ema_decay"),
    ],
)
def test_names_the_line_of_a_mistake(tmp_path: Path, text: str, line: int, word: str) -> None:
    file = tmp_path / "run.yaml"
    file.write_text("train: [a.json.gz]\nvalidation: [b.json.gz]\nout: run\n" + text)
    with pytest.raises(InputError, match=word) as caught:
        generator_request({}, file)
    assert f"line {line}:" in str(caught.value)


def test_names_what_is_missing_or_contradicts(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--labels: is missing"):
        predictor_request({"head": "physical", "out": "run"}, None)
    with pytest.raises(InputError, match="give labels"):
        predictor_request({"head": "guidance", "out": "run"}, None)
    file = tmp_path / "run.yaml"
    file.write_text("train: [a]\nvalidation: [b]\nout: run\nhours: 2\nsteps: 3\n")
    with pytest.raises(InputError, match="steps and hours"):
        generator_request({}, file)
