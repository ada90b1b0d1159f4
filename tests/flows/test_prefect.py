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

from flows.campaign.flow import campaign, work_task
from flows.campaign.server import prefect_server
from flows.retrying import can_pass
from stores.errors import StoreBusyError, StoreFullError


def test_the_parameters_become_a_form() -> None:
    schema = campaign.parameters.model_dump()
    assert schema["required"] == ["request"]
    assert "targets" in schema["definitions"]["CampaignRequest"]["properties"]


@pytest.mark.parametrize(
    ("error", "again"), [(StoreBusyError("locked"), True), (StoreFullError("full"), False)]
)
def test_only_errors_that_can_pass_are_tried_again(error: Exception, again: bool) -> None:
    state = Failed(data=error)
    assert can_pass(work_task, None, state) is again


def test_own_server_answers_and_the_users_server_is_left_alone() -> None:
    with prefect_server() as url:
        assert httpx.get(f"{url}/health").json() is True
        assert get_current_settings().api.url == url
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{url}/health")
    users = "http://127.0.0.1:4299/api"
    with temporary_settings({PREFECT_API_URL: users}), prefect_server() as url:
        assert url == users


def test_campaigns_that_start_at_once_on_a_fresh_machine_share_one_database(tmp_path: Path) -> None:
    """Prefect brings its database to the present schema when a server starts; two at once fail."""
    code = "from flows.campaign.server import server_of_its_own as s\nwith s(): pass"
    environment = {**os.environ, "PREFECT_HOME": str(tmp_path / "prefect")}
    started = [
        subprocess.Popen([sys.executable, "-c", code], env=environment, stderr=subprocess.PIPE)
        for _ in range(3)
    ]
    for process in started:
        _, errors = process.communicate(timeout=600)
        assert process.returncode == 0, errors.decode()


SETTINGS = """
import httpx
from flows.campaign.server import server_of_its_own
with server_of_its_own() as url:
    print(httpx.get(f"{url}/admin/settings").json()["server"]["analytics_enabled"])
"""


@pytest.mark.parametrize(("chosen", "told"), [(None, b"False\n"), ("true", b"True\n")])
def test_a_server_of_its_own_tells_nobody_unless_the_user_wants_it(
    chosen: str | None, told: bytes, tmp_path: Path
) -> None:
    environment = {**os.environ, "PREFECT_HOME": str(tmp_path), "HTTPS_PROXY": "http://127.0.0.1:9"}
    environment.pop("PREFECT_SERVER_ANALYTICS_ENABLED", None)
    if chosen:
        environment["PREFECT_SERVER_ANALYTICS_ENABLED"] = chosen
    command = [sys.executable, "-c", SETTINGS]
    done = subprocess.run(command, env=environment, check=False, capture_output=True)
    assert done.stdout == told, done.stderr.decode()
