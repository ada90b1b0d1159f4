"""Set-up and deployments against a real Prefect server."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from prefect.client.orchestration import get_client
from prefect.utilities.importtools import import_object
from pydantic import TypeAdapter
from ruamel.yaml import YAML

from flows.campaign.request import CampaignRequest
from flows.orchestration import POOLS, ZOMBIES, bootstrap
from flows.slots import LIMITS
from flows.sweep import PRIORITIES
from flows.validation.settings import DftSettings


def compose(root: Path) -> dict[str, Any]:
    return YAML(typ="safe").load((root / "compose.yaml").read_text())


def declared(root: Path) -> dict[str, dict[str, Any]]:
    content = YAML(typ="safe").load((root / "prefect.yaml").read_text())
    return {deployment["name"]: deployment for deployment in content["deployments"]}


def test_every_deployment_names_a_flow_and_takes_its_parameters(
    request: pytest.FixtureRequest,
) -> None:
    root = request.config.rootpath
    for name, deployment in declared(root).items():
        file, function = deployment["entrypoint"].split(":")
        flow = import_object(f"{file.removesuffix('.py').replace('/', '.')}.{function}")
        flow.validate_parameters(deployment["parameters"])
        assert flow.description, name
        assert deployment["work_pool"]["name"] in POOLS
        assert deployment["work_pool"]["work_queue_name"] in PRIORITIES
        assert not any(schedule["active"] for schedule in deployment.get("schedules", []))


def test_parameters_become_a_form(request: pytest.FixtureRequest) -> None:
    for name, deployment in declared(request.config.rootpath).items():
        file, function = deployment["entrypoint"].split(":")
        flow = import_object(f"{file.removesuffix('.py').replace('/', '.')}.{function}")
        schema = flow.parameters.model_dump()
        fields = [schema, *schema.get("definitions", {}).values()]
        assert any(one.get("properties") for one in fields), name
        for one in fields:
            if one.get("title") not in {"Retraining", None}:  # a dataclass: told in one paragraph
                settings = one.get("properties", {}).values()
                assert all(setting.get("description") for setting in settings), (name, one)


def test_each_setting_of_a_form_is_explained_where_it_stands() -> None:
    schema = CampaignRequest.model_json_schema()
    assert "Attributes" not in schema["description"]
    assert schema["properties"]["z"]["description"] == "Formula units per cell, or ``auto``."
    assert "Hubbard" in DftSettings.model_json_schema()["properties"]["hubbard"]["description"]


@pytest.mark.slow
def test_deploy_all_makes_every_deployment_and_no_schedule_runs(
    deployed: Any, request: pytest.FixtureRequest
) -> None:
    wanted = declared(request.config.rootpath)
    found = {one["name"]: one for one in deployed.ask("/deployments/filter")}
    assert found.keys() == wanted.keys()
    for name, deployment in wanted.items():
        assert found[name]["work_pool_name"] == deployment["work_pool"]["name"]
        assert found[name]["work_queue_name"] == deployment["work_pool"]["work_queue_name"]
        assert not any(schedule["active"] for schedule in found[name]["schedules"])
        limit = deployment.get("concurrency_limit")
        if limit:
            assert found[name]["global_concurrency_limit"]["limit"] == limit["limit"]
    triggers = {t["name"] for one in wanted.values() for t in one.get("triggers", [])}
    assert {*triggers, ZOMBIES} <= {one["name"] for one in deployed.ask("/automations/filter")}


@pytest.mark.slow
def test_set_up_twice_leaves_what_its_owner_changed(deployed: Any) -> None:
    deployed.prefect("work-pool", "set-concurrency-limit", "cpu", "7", cwd=Path.cwd())
    again = bootstrap()
    assert again.made == ()
    assert len(again.kept) == len(POOLS) + len(LIMITS) + 2  # automations
    pools = {one["name"]: one for one in deployed.ask("/work_pools/filter")}
    assert pools["cpu"]["concurrency_limit"] == 7
    queues = deployed.ask("/work_queues/filter")
    cpu = [q["name"] for q in queues if q["work_pool_id"] == pools["cpu"]["id"]]
    assert set(PRIORITIES) <= set(cpu)


@pytest.mark.slow
def test_set_up_on_the_command_line(deployed: Any) -> None:
    command = [sys.executable, "-m", "flows", "setup", "--json"]
    done = subprocess.run(command, env=deployed.environment, check=False, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    assert b'"made": []' in done.stdout
    nowhere = {**deployed.environment, "PREFECT_API_URL": "http://127.0.0.1:9/api"}
    done = subprocess.run(command, env=nowhere, check=False, capture_output=True)
    assert done.returncode == 3
    assert b"does not serve" in done.stderr


def test_schema_of_a_sweep_orders_by_priority() -> None:
    from flows.sweep import QueuedCampaign, in_order

    words = [("Na-Cl", "low"), ("Mg-O", "high"), ("Si", "normal"), ("C", "high")]
    queue = TypeAdapter(list[QueuedCampaign]).validate_python(
        [{"request": {"targets": target}, "priority": priority} for target, priority in words]
    )
    assert [one.request.targets[0] for one in in_order(queue)] == ["Mg-O", "C", "Si", "Na-Cl"]


def test_the_compose_file_holds_together(request: pytest.FixtureRequest) -> None:
    content = compose(request.config.rootpath)
    services = content["services"]
    mounted = {one.split(":")[0] for s in services.values() for one in s.get("volumes", [])}
    assert mounted == content["volumes"].keys()
    for name, service in services.items():
        assert ("image" in service) != ("build" in service), name
        for other, wanted in service.get("depends_on", {}).items():
            healthy = wanted["condition"] == "service_healthy"
            assert not healthy or "healthcheck" in services[other]
    text = (request.config.rootpath / "compose.yaml").read_text()
    secrets = set(re.findall(r"\$\{(\w+)", text))
    assert secrets == {"POSTGRES_PASSWORD", "MONGO_PASSWORD"}
    assert {f"${{{name}:?set {name}}}" in text for name in secrets} == {True}, "no default"
    host = services["worker"]["environment"]["DAO_STORE"].split("@")[1].split(":")[0]
    assert {host, "postgres", "server"} <= services.keys()


@pytest.mark.slow
def test_the_worker_of_the_compose_file_takes_a_run_of_a_deployment(
    deployed: Any, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    with get_client(sync_client=True) as client:
        deployment = client.read_deployment_by_name("maintenance/maintenance")
        run = client.create_flow_run_from_deployment(deployment.id)
        program, *words = compose(request.config.rootpath)["services"]["worker"]["command"].split()
        assert program == "prefect"
        done = subprocess.run(
            [deployed.program, *words, "--run-once"],
            env={**deployed.environment, "DAO_HOME": str(tmp_path)},
            check=False,
            capture_output=True,
        )
        state = client.read_flow_run(run.id).state
    assert state is not None
    assert state.is_completed(), done.stdout.decode() + done.stderr.decode()
    assert (tmp_path / "store.sqlite").is_file()
