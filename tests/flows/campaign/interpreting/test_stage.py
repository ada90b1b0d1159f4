"""A campaign interprets its best: what is asked for, at its level, once, a failure costs itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pymatgen.core import Lattice, Structure

from dao_core.crystal.identity import structure_id
from dao_core.search.result import Failure
from dft_inputs.running.folder import CalculationResult
from flows.campaign.interpreting import kinds
from flows.campaign.interpreting.settings import Interpretations
from flows.campaign.interpreting.stage import interpret_best, lose_kind, missing_kinds
from flows.campaign.request import CampaignRequest
from flows.campaign.running import Campaign
from flows.report.summary import CampaignSummary, DftCheck, RankedStructure
from flows.validation.memory import TASK
from flows.validation.stage import is_settled
from stores.documents import (
    CandidateDocument,
    InterpretationDocument,
    ValidationDocument,
    utc_now,
)

FCC = Structure.from_spacegroup("Fm-3m", Lattice.cubic(3.6), ["Cu"], [[0, 0, 0]])
CUBIC = Structure(Lattice.cubic(2.4), ["Cu"], [[0, 0, 0]])
BROKEN = Structure(Lattice.cubic(30.0), ["Cu"], [[0, 0, 0]])


def row(rank: int, structure: Structure) -> RankedStructure:
    return RankedStructure(
        rank=rank, candidate_id=f"c-{rank}", structure_id=structure_id(structure), formula="Cu",
        z=1, space_group="P1", space_group_number=1, energy_per_atom=0.1 * rank,
        energy_above_hull=0.1 * (rank - 1), volume_per_atom=12.0, origin="dao-g", novel=True,
        structure=structure.as_dict(), symprec=0.2,
    )  # fmt: skip


@pytest.fixture
def ranked(tmp_path: Path) -> Campaign:
    """A campaign whose ranking stands: copper as it is, in a cubic cell, and as lone atoms."""
    request = CampaignRequest(
        targets=("Cu",), sources=("template",), potential="ase:ase.calculators.emt:EMT",
        interpret={"phonons": 2}, store=str(tmp_path / "store"), out=str(tmp_path / "out"),
    )  # fmt: skip
    campaign = Campaign(request)
    document, now = campaign.document(), utc_now()
    summary = CampaignSummary(
        campaign_id=campaign.campaign_id, system="Cu", elements=("Cu",), request={},
        level=campaign.level, store=campaign.store.uri, started=now, finished=now,
        ranking=(row(1, FCC), row(2, CUBIC), row(3, BROKEN)),
    )  # fmt: skip
    document.state, document.summary = "done", summary.model_dump(mode="json")
    campaign.store.put(document)
    return campaign


def asking(campaign: Campaign, **kinds_asked: Any) -> Campaign:
    """The campaign with other interpretations; its ranking stands."""
    asked = Interpretations.model_validate(kinds_asked)
    campaign.request = campaign.request.model_copy(update={"interpret": asked})
    return campaign


def summary_of(campaign: Campaign) -> CampaignSummary:
    return CampaignSummary.model_validate(campaign.document().summary)


def lost(summary: CampaignSummary, kind: str = "phonons") -> list[Failure]:
    return [failure for failure in summary.failures if failure.stage == kind]


def kept(campaign: Campaign) -> list[InterpretationDocument]:
    return list(campaign.store.find(InterpretationDocument, {}, sort={"name": 1}))


def test_the_best_get_phonons_once_and_unstable_ones_a_way_down(ranked: Campaign) -> None:
    with ranked as campaign:
        assert not is_settled(campaign.document(), campaign.request)
        summary = interpret_best(campaign, "phonons")
        stable, unstable = summary.interpretations
        assert (stable.rank, stable.result["imaginary"]) == (1, "none")
        assert (unstable.rank, unstable.result["imaginary"]) == (2, "instability")
        assert campaign.store.get(CandidateDocument, unstable.result["soft_mode_candidate_id"])
        assert "dynamically unstable" in (campaign.folder / "report.html").read_text()
        assert is_settled(campaign.document(), campaign.request)
        assert missing_kinds(summary, campaign.request) == []
        asking(campaign, phonons={"best": 2, "temperature": 500})
        assert not is_settled(campaign.document(), campaign.request)


def test_what_is_lost_costs_itself_and_what_is_known_is_not_made_again(
    ranked: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []
    real = kinds.interpret_phonons

    def counted(crystal: Any, *given: Any, **named: Any) -> Any:
        looked.append(crystal.name)
        if looked == ["c-1", "c-2"]:
            raise KeyboardInterrupt
        return real(crystal, *given, **named)

    monkeypatch.setattr(kinds, "interpret_phonons", counted)
    with asking(ranked, phonons=3) as campaign:
        with pytest.raises(KeyboardInterrupt):
            interpret_best(campaign, "phonons")
        assert not is_settled(campaign.document(), campaign.request)
        summary = interpret_best(campaign, "phonons")
        assert looked == ["c-1", "c-2", "c-2", "c-3"]
        assert [one.rank for one in summary.interpretations] == [1, 2]
        (failure,) = lost(summary)
        assert failure.item == "c-3"
        assert "all forces vanish" in failure.reason
        assert is_settled(campaign.document(), campaign.request)


def test_polymorphs_of_the_best_composition_under_pressure(ranked: Campaign) -> None:
    asked = {"best": 1, "pressures": [0, 40], "polymorphs": 2}
    with asking(ranked, pressure=asked) as campaign:
        summary = interpret_best(campaign, "pressure")
        assert [(one.kind, one.rank) for one in summary.interpretations] == [
            ("pressure", 1), ("pressure", 2),
        ]  # fmt: skip
        record = summary.interpretations[0].result
        assert [one["file"] for one in record["polymorphs"]] == ["rank 1, no. 1", "rank 2, no. 1"]
        assert record["stable"] == ["rank 1, no. 1"]
        assert kept(campaign)[0].result["stable"] == ["c-1"]
        assert (campaign.folder / "pressure" / "enthalpy_Cu.html").is_file()
        assert "Cu under pressure" in (campaign.folder / "report.html").read_text()
        before = [one.last_updated for one in kept(campaign)]
        interpret_best(campaign, "pressure")
        assert [one.last_updated for one in kept(campaign)] == before


def test_surface_defects_and_network_at_levels_of_their_own(ranked: Campaign) -> None:
    emt = "ase:ase.calculators.emt:EMT"
    asked = {
        "surface": {"best": 1, "miller": [1, 1, 1], "thickness": 5.0, "potential": emt},
        "defects": {"best": 1, "length": 5.0},
        "network": {"best": 1, "symbol": "Cu"},
    }
    with asking(ranked, **asked) as campaign:
        assert missing_kinds(summary_of(campaign), campaign.request) == [
            "network", "surface", "defects",
        ]  # fmt: skip
        for kind in asked:
            summary = interpret_best(campaign, kind)
        found = {one.kind: one for one in summary.interpretations}
        # EMT is soft: measured are about 1.8 J/m^2 and 1.3 eV.
        assert 0.5 < found["surface"].result["terminations"][0]["surface_energy"] < 2.0
        vacancy = found["defects"].result["defects"][0]
        assert vacancy["name"] == "vac_Cu"
        assert 0.8 < vacancy["formation_energy"] < 1.6
        assert found["network"].result["network"]["coordination"] == 12
        assert {one.kind for one in kept(campaign)} == set(asked)
        assert is_settled(campaign.document(), campaign.request)


def test_a_kind_that_breaks_is_said_and_tried_again(ranked: Campaign) -> None:
    with ranked as campaign:
        summary = lose_kind(campaign, Failure(item="phonons", stage="phonons", reason="no disk"))
        assert [one.reason for one in lost(summary)] == ["no disk"]
        assert not is_settled(campaign.document(), campaign.request)
        assert lost(interpret_best(campaign, "phonons")) == []


def test_electrons_are_those_of_the_crystal_that_dft_relaxed(
    ranked: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[float] = []

    def seen(crystals: Any, settings: Any, account: str, *_: object) -> Any:
        assert account == f"{ranked.campaign_id}-electrons"
        assert settings.method().protocol == "balanced"
        given.extend(crystal.structure.volume for crystal in crystals)
        return [], [{"file": "c-2", "reason": "not_converged: scf"}]

    monkeypatch.setattr(kinds, "interpret_electrons", seen)
    smaller = FCC.copy().scale_lattice(40.0)
    with asking(ranked, electrons={"best": 2, "protocol": "balanced"}) as campaign:
        put_checked(campaign, smaller)
        assert lost(interpret_best(campaign, "electrons"), "electrons")[0].item == "c-2"
        assert is_settled(campaign.document(), campaign.request)
    assert given == pytest.approx([40.0, CUBIC.volume])


def put_checked(campaign: Campaign, relaxed: Structure) -> None:
    """The first of the ranking as if DFT had relaxed it."""
    result = CalculationResult(
        key="k", formula="Cu", chemical_system="Cu", n_atoms=4, structure=relaxed,
        energy_per_atom=-1.0, volume=relaxed.volume, pressure=0.0, max_force=0.0, band_gap=0.0,
        total_magnetization=None, fingerprint="f", level="qe", code="qe", version="7",
        dir_name="", task={},
    )  # fmt: skip
    document = ValidationDocument(
        validation_id="v-k", structure_id="s", protocol="fast", protocol_fingerprint="f",
        level="qe", state="done", blobs={TASK: campaign.store.blobs.put(b"{}")},
        detail={"result": result.model_dump(mode="json", exclude={"task"})},
    )  # fmt: skip
    summary, checked = summary_of(campaign), DftCheck(state="done", validation_id="v-k")
    first, *others = summary.ranking
    ranking = (first.model_copy(update={"dft": checked}), *others)
    document_of = campaign.document()
    document_of.summary = summary.model_copy(update={"ranking": ranking}).model_dump(mode="json")
    campaign.store.put([document, document_of])
