"""A campaign as the store remembers it, and its files written again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dao_core.errors import InputError
from flows.campaign.files import default_folder
from flows.campaign.kept_files import are_as_written, write_kept
from flows.interpretation.gathering import interpretations_of
from flows.report.export import CIF_FOLDER, cif_name
from flows.report.page import REPORT_FILE
from flows.report.summary import CampaignSummary, RankedStructure
from stores import DaoStore, open_store
from stores.documents import CampaignDocument


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


def found_done(document: CampaignDocument, folder: Path, store: DaoStore) -> FinishedCampaign:
    """The stored result; files that are missing in the folder, or damaged, are written again."""
    summary = CampaignSummary.model_validate(document.summary)
    if not are_as_written(store, summary.campaign_id, folder):
        write_kept(store, summary, folder)
    return FinishedCampaign(summary, folder, reused=True)


def interpreted(document: CampaignDocument | None, store: DaoStore) -> CampaignSummary | None:
    """The result of a campaign with all that is known of its structures by now, if it has one."""
    if document is None or not document.summary:
        return None
    summary = CampaignSummary.model_validate(document.summary)
    found = interpretations_of(summary.ranking, store)
    return summary.model_copy(update={"interpretations": found})


def write_stored(campaign_id: str, folder: Path | None, store: str | None) -> FinishedCampaign:
    """Write files and report of a finished campaign again.

    Args:
        campaign_id: Its id.
        folder: Where to write; None is the default folder.
        store: URI of the store; None is the embedded one.

    Raises:
        InputError: The store has no such campaign, or it is not finished.
    """
    with open_store(store) as opened:
        document = opened.get(CampaignDocument, campaign_id)
        known = sorted(
            found["campaign_id"] for found in opened.campaigns.query({}, ["campaign_id"])
        )
        if document is None:
            names = ", ".join(known) or "none"
            raise InputError(f"no campaign {campaign_id} in {opened.uri}; it has {names}")
        summary = interpreted(document, opened)
        if summary is None:
            raise InputError(f"{campaign_id} is not finished; run its command again to go on")
        folder = folder or default_folder(campaign_id)
        write_kept(opened, summary, folder)
    return FinishedCampaign(summary, folder, reused=True)
