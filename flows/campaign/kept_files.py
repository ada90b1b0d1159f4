"""The files of a campaign, and their hashes in the store: what was damaged or changed is seen."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

from dao_core.hashing import content_id, file_hash
from flows.campaign.files import write_files
from flows.campaign.history import with_history
from flows.report.export import EXTXYZ_FILE, PARQUET_FILE
from flows.report.page import REPORT_FILE
from flows.report.summary import SUMMARY_FILE, CampaignSummary
from stores import DaoStore
from stores.documents import EventDocument, utc_now

FILES = (SUMMARY_FILE, PARQUET_FILE, EXTXYZ_FILE, REPORT_FILE)
KIND = "files_written"
logger = logging.getLogger(__name__)


def write_kept(store: DaoStore, summary: CampaignSummary, folder: Path) -> CampaignSummary:
    """Write the files of a campaign, and their hashes into the store.

    Files there that are not what the campaign wrote are told and set aside, never overwritten.

    Returns:
        The summary as it was written.
    """
    for file in _strange(store, summary.campaign_id, folder):
        aside = file.replace(file.with_name(f"{file.name}.changed"))
        logger.warning("%s: damaged or changed since it was written; it is now %s", file, aside)
    written = write_files(with_history(store, summary), folder)
    hashes = {name: file_hash(folder / name) for name in FILES}
    store.put(
        EventDocument(
            event_id=_id(summary.campaign_id, folder), kind=KIND, subject=summary.campaign_id,
            campaign_id=summary.campaign_id, detail={"sha256": hashes}, happened=utc_now(),
        )
    )  # fmt: skip
    return written


def are_as_written(store: DaoStore, campaign_id: str, folder: Path) -> bool:
    """Whether all files of a campaign are in a folder as the campaign wrote them."""
    there = all((folder / name).is_file() for name in FILES)
    return there and bool(_hashes(store, campaign_id, folder)) and not any(
        _strange(store, campaign_id, folder)
    )  # fmt: skip


def _strange(store: DaoStore, campaign_id: str, folder: Path) -> Iterator[Path]:
    """Files that no longer have the hash with which they were written."""
    for name, written in _hashes(store, campaign_id, folder).items():
        file = folder / name
        if file.is_file() and file_hash(file) != written:
            yield file


def _hashes(store: DaoStore, campaign_id: str, folder: Path) -> dict[str, str]:
    """Hashes by file name; none where the store knows of no files there."""
    known = store.get(EventDocument, _id(campaign_id, folder))
    return dict(known.detail["sha256"]) if known else {}


def _id(campaign_id: str, folder: Path) -> str:
    return content_id("e", [KIND, campaign_id, str(folder.resolve())])
