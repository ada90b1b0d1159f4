"""The campaign as Prefect sees it: deployments, retries, a server of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from prefect.settings import PREFECT_API_URL, get_current_settings, temporary_settings
from prefect.states import Failed
from prefect.utilities.importtools import import_object
from ruamel.yaml import YAML

from flows.campaign.flow import campaign, can_pass, propose_task
from flows.campaign.request import CampaignRequest
from flows.campaign.server import prefect_server
from stores.errors import StoreBusyError, StoreFullError


def test_every_deployment_names_a_flow_and_takes_its_parameters(
    request: pytest.FixtureRequest,
) -> None:
    deployments = YAML().load((request.config.rootpath / "prefect.yaml").read_text())["deployments"]
    assert [deployment["name"] for deployment in deployments] == ["campaign"]
    for deployment in deployments:
        file, name = deployment["entrypoint"].split(":")
        assert import_object(f"{file.removesuffix('.py').replace('/', '.')}.{name}") is campaign
        CampaignRequest.model_validate(deployment["parameters"]["request"])
        assert not any(schedule["active"] for schedule in deployment["schedules"])


def test_the_parameters_become_a_form() -> None:
    schema = campaign.parameters.model_dump()
    assert schema["required"] == ["request"]
    assert "targets" in schema["definitions"]["CampaignRequest"]["properties"]


@pytest.mark.parametrize(
    ("error", "again"), [(StoreBusyError("locked"), True), (StoreFullError("full"), False)]
)
def test_only_errors_that_can_pass_are_tried_again(error: Exception, again: bool) -> None:
    state = Failed(data=error)
    assert can_pass(propose_task, None, state) is again


def test_own_server_answers_and_the_users_server_is_left_alone() -> None:
    with prefect_server() as url:
        assert httpx.get(f"{url}/health").json() is True
        assert get_current_settings().api.url == url
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{url}/health")
    users = "http://127.0.0.1:4299/api"
    with temporary_settings({PREFECT_API_URL: users}), prefect_server() as url:
        assert url == users


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_deploy_all_works_against_a_real_server(request: pytest.FixtureRequest) -> None:
    program = Path(sys.executable).with_name("prefect")
    with prefect_server() as url:
        environment = {**os.environ, "PREFECT_API_URL": url}
        for words in (["work-pool", "create", "cpu", "--type", "process"], ["deploy", "--all"]):
            done = subprocess.run(
                [program, "--no-prompt", *words],
                cwd=request.config.rootpath, env=environment, check=False, capture_output=True,
            )  # fmt: skip
            assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()
        found = httpx.post(f"{url}/deployments/filter", json={}).json()
    assert [deployment["name"] for deployment in found] == ["campaign"]
    assert found[0]["work_pool_name"] == "cpu"
    assert [schedule["active"] for schedule in found[0]["schedules"]] == [False]
