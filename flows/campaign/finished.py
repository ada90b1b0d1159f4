"""The result of a campaign, and where its files are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flows.report.file_names import CIF_FOLDER, REPORT_FILE, cif_name
from flows.report.summary import CampaignSummary, RankedStructure


@dataclass(frozen=True)
class FinishedCampaign:
    """The result of a campaign and where its files are.

    Attributes:
        summary: The result.
        folder: Folder of the files.
        reused: Whether all of it had been done before.
    """

    summary: CampaignSummary
    folder: Path
    reused: bool

    @property
    def report(self) -> Path:
        """The HTML report."""
        return self.folder / REPORT_FILE

    def _as_rows(self, rows: Sequence[RankedStructure]) -> list[dict[str, Any]]:
        return [
            {
                **row.model_dump(mode="json", exclude={"structure", "conventional"}),
                "cif": str(self.folder / CIF_FOLDER / cif_name(row)),
            }
            for row in rows
        ]

    def as_result(self) -> dict[str, Any]:
        """The machine-readable form: the keys that others rely on."""
        return {
            "campaign_id": self.summary.campaign_id,
            "system": self.summary.system,
            "level": self.summary.level,
            "store": self.summary.store,
            "reused": self.reused,
            "search_level": self.summary.search_level,
            "ranking": self._as_rows(self.summary.ranking),
            "unrefined": self._as_rows(self.summary.unrefined),
            "distances": [found.model_dump(mode="json") for found in self.summary.distances],
            "yields": [row.model_dump() for row in self.summary.yields],
            "funnel": [row.model_dump() for row in self.summary.funnel],
            "dft": self.summary.dft.model_dump(mode="json") if self.summary.dft else None,
            "interpretations": [
                one.model_dump(mode="json", exclude={"result"})
                for one in self.summary.interpretations
            ],
            "failures": [failure.model_dump() for failure in self.summary.failures],
            "warnings": list(self.summary.warnings),
            "folder": str(self.folder),
            "report": str(self.report),
        }
