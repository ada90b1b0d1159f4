"""What a summary shows on the terminal, and distances in the report."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from dao_core.search.result import MinimaDistances
from flows.campaign.finished import FinishedCampaign
from flows.cli.campaign_tables import campaign_tables
from flows.report.learned import CorrectedEnergy, LabelBatch, LearnedSummary, PredictedLabel
from flows.report.page import write_report
from flows.report.summary import CampaignSummary

OUTSIDE = "outside the domain: 52 atoms"


def flagged(summary: CampaignSummary) -> CampaignSummary:
    first, *others = summary.ranking
    first = first.model_copy(
        update={"flags": (OUTSIDE,), "novel": False, "known_as": "materials-project mp-1265"}
    )
    return summary.model_copy(update={"ranking": (first, *others)})


def printed(summary: CampaignSummary, folder: Path) -> str:
    console = Console(width=300, record=True, file=(folder / "out.txt").open("w"))
    console.print(campaign_tables(FinishedCampaign(summary, folder, reused=False), 1.0))
    return console.export_text()


def test_a_structure_outside_the_domain_and_a_known_one_are_named(
    binary: CampaignSummary, tmp_path: Path
) -> None:
    text = printed(flagged(binary), tmp_path)
    assert f"flags of rank 1: {OUTSIDE}" in text
    assert "materials-project mp-1265" in text
    rows = (row.model_copy(update={"flags": (), "converged": True}) for row in binary.ranking)
    clean = binary.model_copy(update={"ranking": tuple(rows)})
    assert "flags" not in printed(clean, tmp_path).partition("funnel")[0]


def test_the_report_has_the_distances_between_minima(
    binary: CampaignSummary, tmp_path: Path
) -> None:
    found = MinimaDistances(formula="MgO", ranks=(1, 4), distances=((0.0, 0.3127), (0.3127, 0.0)))
    summary = flagged(binary).model_copy(update={"distances": (found,)})
    text = write_report(summary, tmp_path).read_text(encoding="utf-8")
    assert "0.313" in text
    assert "2 minima" in text
    assert "materials-project mp-1265" in text
    assert 'id="distances"' not in write_report(binary, tmp_path).read_text(encoding="utf-8")


def test_what_labels_taught_stands_beside_what_the_potential_said(
    binary: CampaignSummary, tmp_path: Path
) -> None:
    corrected = CorrectedEnergy(
        level="dao-p@1+labels(qe-pbe)", energy_above_hull=0.071, std=0.0125, chance=0.04
    )
    first, *others = binary.ranking
    row = first.model_copy(update={"corrected": corrected})
    member = PredictedLabel(candidate_id=row.candidate_id, formula=row.formula, predicted=corrected)
    learned = LearnedSummary(level=corrected.level, labels=3, expected=2.1, low=1, high=4)
    update = {
        "ranking": (row, *others),
        "learned": learned,
        "label_batches": (LabelBatch(number=0, members=(member,)),),
    }
    summary = binary.model_copy(update=update)
    text = printed(summary, tmp_path)
    assert "71.0 ± 12.5" in text
    assert "2.1 [1-4]" in text
    assert f"batch 1, predicted -> by DFT (meV/atom): {row.formula} 71.0 -> -" in text
    page = write_report(summary, tmp_path).read_text(encoding="utf-8")
    assert "0.0710 ± 0.0125" in page
    assert "2.1 [1-4]" in page
    assert 'id="learned"' not in write_report(binary, tmp_path).read_text(encoding="utf-8")
