"""A campaign as YAML: the line of every mistake is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from dao_core.errors import DaoError, InputError
from dao_core.settings_file import lines_named, read_settings
from flows.campaign.config_file import build_request
from flows.campaign.request import CampaignRequest
from flows.campaign.running import Campaign

INTERPRET = "targets: Mg-O\ninterpret:\n"


@pytest.fixture
def config_file(tmp_path: Path) -> Path:
    return tmp_path / "campaign.yaml"


def test_reads_a_campaign_and_lets_the_command_line_win(config_file: Path) -> None:
    config_file.write_text("# oxides\ntargets: Mg-O\nseed: 3\nz: [1, 2]\nrelax: 5\n")
    request = build_request({"seed": 4, "out": None}, read_settings(config_file), config_file)
    assert (request.targets, request.seed, request.z, request.relax) == (("Mg-O",), 4, (1, 2), 5)


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ("targets: Mg-O\nseed: minus\n", 2, "seed"),
        ("targets: Mg-O\n\ncolour: red\n", 3, "unknown setting"),
        ("targets: Mg-O\nz:\n  - 1\n  - none\n", 2, "whole numbers"),
        ("targets: Mg-O\nsources: [dao-g, oracle]\n", 2, "sources"),
        ("targets: Mg-O\nseed: [1\n", 3, "YAML"),
        ("targets: Mg-O\ntargets: Na-Cl\n", 2, "YAML"),
        ("relax: 5\ntargets: Mg-Xx\n", 2, "'Xx' is not an element"),
        ("targets: Mg-O\n\ndft_budget: 3\n", 3, "without dft"),
        (f"{INTERPRET}  phonons:\n", 3, "phonons: is empty"),
        (f"{INTERPRET}  phonons: none\n", 3, "phonons"),
        (
            f"{INTERPRET}  pressure:\n    best: 2\n    to: 40\n",
            5,
            "known are best, potential, pres",
        ),
        (f"{INTERPRET}  pressure:\n    pressures: [9, 1]\n", 4, "rising"),
        (f"{INTERPRET}  surface:\n    miller: [0, 0]\n", 4, "surface.miller"),
        (f"{INTERPRET}  defects:\n    mu:\n      Xx: 1\n", 4, "no element: Xx"),
        (f"{INTERPRET}  electrons:\n    code: abinit\n", 4, "'qe' or 'vasp'"),
        (f"{INTERPRET}  auras: 3\n", 3, "known are network, phonons"),
    ],
)
def test_names_the_line_of_a_mistake(config_file: Path, text: str, line: int, word: str) -> None:
    config_file.write_text(text)
    with pytest.raises(InputError, match=word) as caught:
        build_request({}, read_settings(config_file), config_file)
    assert f"line {line}:" in str(caught.value)


@pytest.mark.parametrize(
    ("setting", "reason"),
    [
        ("potential: oracle", "unknown potential"),
        ("potential: dao-p:absent.safetensors", "absent.safetensors"),
        ("out: /proc/nowhere", "cannot be written"),
        ("guidance: absent.safetensors", "absent.safetensors"),
        ("template: absent.cif", "absent.cif"),
        ("seed_structures: absent.cif", "absent.cif"),
        ("store: elsewhere://", "no such kind of store"),
        ("interpret.phonons.potential: oracle", "unknown potential"),
        ("interpret.network.symbol: H", "H is not among Si"),
    ],
)
def test_names_the_line_of_what_is_only_found_when_it_is_opened(
    config_file: Path, tmp_path: Path, setting: str, reason: str
) -> None:
    *above, last = setting.split(".") if setting.startswith("interpret") else [setting]
    tables = "".join(f"{' ' * place}{name}:\n" for place, name in enumerate(above))
    config_file.write_text(f"targets: Si\n\n{tables}{' ' * len(above)}{last}\n")
    config = read_settings(config_file)
    given = {"store": None if setting.startswith("store") else str(tmp_path / "store")}
    with pytest.raises(DaoError, match=reason) as caught, lines_named(given, config, config_file):
        Campaign(build_request(given, config, config_file))
    name = setting.partition(":")[0]
    assert str(caught.value).startswith(f"{config_file}, line {3 + len(above)}: {name}: ")


def test_reads_what_is_asked_about_the_best(config_file: Path) -> None:
    config_file.write_text(f"{INTERPRET}  electrons: {{protocol: balanced}}\n  phonons: 5\n")
    request = build_request({}, read_settings(config_file), config_file)
    (first, phonons), (second, electrons) = request.interpret.asked()
    assert (first, phonons.best) == ("phonons", 5)
    assert (second, electrons.best, electrons.method().protocol) == ("electrons", 1, "balanced")
    assert CampaignRequest.model_validate(request.model_dump(mode="json")) == request
    assert "interpret" not in request.for_identity()


def test_a_setting_of_the_command_line_is_not_looked_for_in_the_file(config_file: Path) -> None:
    config_file.write_text("targets: Si\npotential: dao-p\n")
    config, given = read_settings(config_file), {"potential": "oracle"}
    with pytest.raises(InputError) as caught, lines_named(given, config, config_file):
        Campaign(build_request(given, config, config_file))
    assert "line" not in str(caught.value)


def test_names_the_option_of_a_mistake_on_the_command_line() -> None:
    with pytest.raises(InputError, match="--relax"):
        build_request({"targets": ["Si"], "relax": 0})


def test_refuses_targets_in_both_places(config_file: Path) -> None:
    config_file.write_text("targets: Mg-O\n")
    with pytest.raises(InputError, match="give it once"):
        build_request({"targets": ["Si"]}, read_settings(config_file), config_file)


@pytest.mark.parametrize("content", [b"just words", b"", b"\xff\xfe\x00"])
def test_refuses_what_holds_no_settings(config_file: Path, content: bytes) -> None:
    config_file.write_bytes(content)
    with pytest.raises(InputError, match=config_file.name):
        read_settings(config_file)


def test_missing_targets_are_explained(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="name a chemical system"):
        build_request({})
    with pytest.raises(InputError, match="cannot be read"):
        read_settings(tmp_path / "absent.yaml")
