"""Who may say yes to DFT: nobody, a terminal, a form on a real Prefect server."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import FlowRun
from prefect.exceptions import FlowPauseTimeout, Pause
from prefect.flow_engine import run_flow
from prefect.flow_runs import resume_flow_run

from flows.campaign.flow import campaign
from flows.campaign.request import CampaignRequest
from flows.campaign.server import prefect_server
from flows.report.summary import CampaignSummary, DftSummary
from flows.validation.approval import Decision, asking, decide
from flows.validation.proposal import Proposal
from flows.validation.stage import is_settled
from stores import open_store
from stores.documents import CampaignDocument, utc_now

BANNER = "#!/bin/sh\necho '     Program PWSCF v.7.2 starts'\n"


def summary(**facts: object) -> CampaignSummary:
    given = {"campaign_id": "k", "system": "Al", "elements": ("Al",), "request": {}, "level": "x",
             "store": "memory://", "started": utc_now(), "finished": utc_now()}  # fmt: skip
    return CampaignSummary.model_validate({**given, **facts})


def proposal(approve: str) -> Proposal:
    request = CampaignRequest.model_validate({"targets": ["Al"], "dft": "qe", "approve": approve})
    return Proposal(request, summary(), (), ())


def test_auto_needs_nobody_and_a_question_needs_somebody() -> None:
    assert decide(proposal("auto")) == Decision(approved=True, by="auto")
    alone = decide(proposal("ask"))
    assert not alone.approved
    assert "no terminal" in str(alone.reason)
    heard = []

    def yes(question: Proposal) -> Decision:
        heard.append(question.text)
        return Decision(approved=True, by="me")

    with asking(yes):
        assert decide(proposal("ask")).by == "me"
    assert "without a limit of core-hours" in heard[0]


def test_a_campaign_is_settled_when_what_was_asked_was_done() -> None:
    def document(dft: DftSummary | None) -> CampaignDocument:
        text = summary(dft=dft).model_dump(mode="json")
        return CampaignDocument(
            campaign_id="k", target=["Al"], chemsys="Al", level="x", summary=text, started=utc_now()
        )

    asked = CampaignRequest.model_validate({"targets": ["Al"], "dft": "qe", "dft_budget": 2})
    done = DftSummary(code="qe", protocol="fast", budget=2, state="done")
    assert is_settled(document(None), CampaignRequest(targets=("Al",)))
    assert not is_settled(document(None), asked)
    assert is_settled(document(done), asked)
    assert not is_settled(document(done.model_copy(update={"budget": 1})), asked)
    assert not is_settled(document(done.model_copy(update={"state": "waiting"})), asked)


def deployed_run(client: SyncPrefectClient, parameters: dict[str, object]) -> FlowRun:
    flow_id = client.create_flow(campaign)
    deployment = client.create_deployment(flow_id=flow_id, name=f"test-{time.monotonic()}")
    return client.create_flow_run_from_deployment(
        deployment, parameters={"request": parameters}, state=None
    )


@pytest.mark.slow
def test_a_server_suspends_with_a_form_and_silence_or_no_means_no_dft(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small_family_home: Path
) -> None:
    program = tmp_path / "pw.x"
    program.write_text(BANNER)
    program.chmod(0o755)
    monkeypatch.setenv("DAO_PW_COMMAND", str(program))
    parameters = {
        "targets": ["Al"], "potential": "ase:ase.calculators.emt:EMT", "sources": ["template"],
        "candidates": 2, "relax": 2, "max_atoms": 1, "out": str(tmp_path / "out"),
        "store": str(tmp_path / "store"), "dft": "qe", "approve": "ask",
        "interpret": {"network": {"symbol": "Al"}, "electrons": 1},
    }  # fmt: skip
    with prefect_server(), get_client(sync_client=True) as client:
        run = deployed_run(client, parameters)
        suspended(run, parameters)
        state = client.read_flow_run(run.id).state
        assert state is not None
        assert state.name == "Suspended"
        assert dft_state(tmp_path) == "waiting"
        resume_flow_run(run.id, run_input={"approve": False, "approved_by": "Ada"})
        resumed = client.read_flow_run(run.id)
        run_flow(campaign, flow_run=resumed, parameters=form(parameters))
        assert dft_state(tmp_path) == "declined"

        late = deployed_run(client, {**parameters, "approve_hours": 1 / 3600})
        suspended(late, {**parameters, "approve_hours": 1 / 3600})
        time.sleep(1.2)
        with pytest.raises(FlowPauseTimeout):
            resume_flow_run(late.id, run_input={"approve": True})
    with open_store(str(tmp_path / "store")) as store:
        assert store.validations.count() == 0
        (document,) = store.find(CampaignDocument)
    assert document.funnel[-1]["stage"] == "distinct"


def form(parameters: dict[str, object]) -> dict[str, object]:
    return {"request": CampaignRequest.model_validate(parameters)}


def suspended(run: FlowRun, parameters: dict[str, object]) -> None:
    with pytest.raises(Pause):
        run_flow(campaign, flow_run=run, parameters=form(parameters))


def dft_state(folder: Path) -> str:
    with open_store(str(folder / "store")) as store:
        (document,) = store.find(CampaignDocument)
    found = CampaignSummary.model_validate(document.summary)
    assert found.dft is not None
    assert found.interpreted.keys() == {"network"}, "electrons are DFT too"
    if found.dft.state == "declined":
        assert found.dft.message == "declined by Ada"
        assert found.funnel[-1].rejected == {"not_approved": found.funnel[-1].entered}
    return found.dft.state
