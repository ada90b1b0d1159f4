"""The summary: read back as written, with clear errors for what is not a summary."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from dao_core.errors import InputError, MissingError
from dao_core.search.result import FunnelRow
from flows.report.summary import CampaignSummary, RankedStructure, read_summary


def test_summary_reads_back_as_written(binary: CampaignSummary, tmp_path: Path) -> None:
    file = binary.write(tmp_path / "new")
    assert read_summary(file) == read_summary(file.parent)
    assert read_summary(file).model_dump(mode="json") == binary.model_dump(mode="json")
    assert [entry.name for entry in file.parent.iterdir()] == ["campaign.json"]


def test_missing_and_broken_summaries_are_named(binary: CampaignSummary, tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="run the campaign first"):
        read_summary(tmp_path)
    file = binary.write(tmp_path)
    file.write_text(file.read_text().replace('"level"', '"levle"', 1))
    with pytest.raises(InputError, match="levle"):
        read_summary(file)


def test_energy_that_is_no_number_is_refused(binary: CampaignSummary) -> None:
    fields = binary.ranking[0].model_dump() | {"energy_per_atom": float("nan")}
    with pytest.raises(ValidationError, match="energy_per_atom"):
        RankedStructure.model_validate(fields)


def test_funnel_row_counts_what_has_no_reason() -> None:
    assert FunnelRow(stage="a", entered=9, left=5, rejected={"x": 3}).unaccounted == 1
