"""Container and compose file: what they run exists, nothing listens to the world by itself.

The commands of Prefect among them are run by `tests/flows/server`.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from typer.main import get_command

from flows.cli.app import app
from flows.orchestration import POOLS

ROOT = Path(__file__).parents[2]
INSTRUCTIONS = {"FROM", "WORKDIR", "COPY", "RUN", "ENV", "ENTRYPOINT", "CMD", "USER", "EXPOSE"}


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    found: dict[str, Any] = YAML(typ="safe").load((ROOT / "compose.yaml").read_text())["services"]
    return found


def commands(services: dict[str, Any]) -> list[list[str]]:
    """The words of every command, those in ``sh -c`` one by one."""
    texts = [one["command"] for one in services.values() if "command" in one]
    inner = [re.sub(r'^sh -c "(.*)"$', r"\1", text) for text in texts]
    return [shlex.split(part) for text in inner for part in text.split("&&")]


def test_every_command_of_a_service_exists(services: dict[str, Any]) -> None:
    found = commands(services)
    assert {words[0] for words in found} == {"dao", "prefect"}
    for words in found:
        if words[0] == "dao":
            assert words[1] in get_command(app).commands
        else:
            plain = [word for word in words[1:] if word in {"deploy", "server", "start", "worker"}]
            assert plain in (["server", "start"], ["worker", "start"], ["deploy"])
    assert next(words[-1] for words in found if "worker" in words) in POOLS


def test_services_wait_for_what_they_need(services: dict[str, Any]) -> None:
    for name, service in services.items():
        for other, how in service.get("depends_on", {}).items():
            healthy = how["condition"] == "service_healthy"
            assert ("healthcheck" in services[other]) or not healthy, (name, other)


def test_nothing_listens_to_the_world_and_no_password_has_a_default(
    services: dict[str, Any],
) -> None:
    ports = [port for service in services.values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)
    passwords = re.findall(r"\$\{(\w*PASSWORD\w*)(:[^}]*)?\}", (ROOT / "compose.yaml").read_text())
    assert {name for name, _ in passwords} == {"POSTGRES_PASSWORD", "MONGO_PASSWORD"}
    assert all(default in {"", ":?set " + name} for name, default in passwords)


def test_the_image_copies_what_is_there() -> None:
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    assert {line.split()[0] for line in lines} <= INSTRUCTIONS
    assert lines[0].startswith("FROM python:3.11")
    for line in lines:
        if line.startswith("COPY"):
            assert all((ROOT / name).exists() for name in line.split()[1:-1])
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert {".git", ".venv"} <= {name.rstrip("/") for name in ignored}
