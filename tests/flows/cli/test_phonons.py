"""``dao phonons`` on copper, which is stable as fcc and falls out of the simple cubic structure."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pymatgen.core import Lattice, Structure

from dao_core.search.planning import plan_round
from dao_core.search.proposing import propose
from dao_core.search.survey import Survey
from flows.campaign.request import CampaignRequest
from flows.campaign.running import Campaign
from stores.documents import CandidateDocument

Dao = Callable[..., Any]
EMT = ("--potential", "ase:ase.calculators.emt:EMT")


@pytest.mark.slow
def test_stable_and_unstable_copper(dao: Dao, tmp_path: Path) -> None:
    fcc = Structure.from_spacegroup("Fm-3m", Lattice.cubic(3.6), ["Cu"], [[0, 0, 0]])
    fcc.get_primitive_structure().to(str(tmp_path / "fcc.cif"))
    Structure(Lattice.cubic(2.4), ["Cu"], [[0, 0, 0]]).to(str(tmp_path / "cubic.cif"))
    (tmp_path / "broken.cif").write_text("not a crystal")

    answer = dao("phonons", "fcc.cif", "cubic.cif", "broken.cif", *EMT, "--store", "s", "--json")
    assert answer.code == 4
    assert [failure["file"] for failure in answer.result["failures"]] == ["broken.cif"]
    stable, unstable = answer.result["structures"]
    assert not stable["unstable"]
    assert stable["soft_mode_cif"] is None
    assert stable["flags"] == []
    # Copper's highest phonons lie at 240 cm^-1 (Svensson et al. 1967); EMT is within a tenth.
    assert stable["last_dos_peak"] == pytest.approx(235, rel=0.15)
    assert 0.02 < stable["zero_point_energy"] < 0.04
    assert stable["free_energy"] < stable["energy_per_atom"]
    assert unstable["unstable"]
    assert unstable["minimum_frequency"] < -0.3
    assert unstable["soft_mode_energy_per_atom"] < unstable["energy_per_atom"] - 0.1
    assert Path(unstable["soft_mode_cif"]).is_file()
    assert {"level", "store", "versions", "seconds"} <= answer.result.keys()
    kept = dao("explain", unstable["interpretation_id"], "--store", "s", "--json").result
    assert kept["is"] == "interpretations"
    assert kept["interpretations"][0]["flags"][0].startswith("dynamically unstable")
    assert kept["chain"]["leads_to"][0]["relation"] == "interprets"
    first, second = answer.result["polymorphs"]
    assert (first["name"], second["name"]) == ("fcc.cif", "cubic.cif")
    assert second["unstable"]
    assert second["at_rest"] > 0.1
    assert_returned(dao, unstable, tmp_path / "s")


@pytest.mark.slow
def test_compressed_copper_is_stiffer(dao: Dao, tmp_path: Path) -> None:
    fcc = Structure.from_spacegroup("Fm-3m", Lattice.cubic(3.6), ["Cu"], [[0, 0, 0]])
    fcc.get_primitive_structure().to(str(tmp_path / "fcc.cif"))
    answers = [dao("phonons", "fcc.cif", "--pressure", p, *EMT, "--json") for p in ("0", "20")]
    assert "enthalpy at 20 GPa" in answers[1].result["level"]
    (free,), (pressed,) = (answer.result["structures"] for answer in answers)
    assert pressed["last_dos_peak"] > 1.1 * free["last_dos_peak"]
    assert pressed["zero_point_energy"] > free["zero_point_energy"]
    # pV of copper at 20 GPa is about 1.3 eV/atom.
    assert pressed["energy_per_atom"] - free["energy_per_atom"] == pytest.approx(1.3, abs=0.3)


def assert_returned(dao: Dao, unstable: dict[str, Any], store: Path) -> None:
    """What an unstable crystal became is a candidate, and part of the next campaign."""
    child = unstable["soft_mode_candidate_id"]
    chain = dao("explain", child, "--store", str(store), "--json").result["chain"]
    assert {"relaxed to", "fell from"} <= {one["relation"] for one in chain["leads_to"]}
    request = CampaignRequest(targets=("Cu",), potential=EMT[1], sources=("template",),
                              candidates=2, store=str(store))  # fmt: skip
    with Campaign(request) as campaign:
        (share,) = [s for s in plan_round(campaign, 0, Survey()) if s.source == "soft-mode"]
        assert share.parents == (child,)
        propose(campaign, [share])
        (taken,) = campaign.store.find(CandidateDocument, {"campaign_ids": campaign.campaign_id})
        assert taken.origin == f"soft-mode:{child}"
        assert plan_round(campaign, 0, Survey())[-1] == share, "a plan stays as it was made"
        again = Campaign(request.model_copy(update={"seed": 1}))
        assert [s.parents for s in plan_round(again, 0, Survey()) if s.source == "soft-mode"] == [
            (child,)
        ]
