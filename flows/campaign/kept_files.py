"""The files of a campaign, and their hashes in the store: what was damaged or changed is seen."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dao_core.hashing import content_id, file_hash
from flows.campaign import again
from flows.campaign.files import write_files
from flows.campaign.finished import FinishedCampaign
from flows.campaign.history import with_history
from flows.campaign.request import CampaignRequest
from flows.report.export import EXTXYZ_FILE, PARQUET_FILE
from flows.report.file_names import REPORT_FILE
from flows.report.page import write_report
from flows.report.summary import SUMMARY_FILE, CampaignSummary
from stores import DaoStore, open_store
from stores.documents import CampaignDocument, EventDocument, utc_now

FILES = (SUMMARY_FILE, PARQUET_FILE, EXTXYZ_FILE, REPORT_FILE)
KIND = "files_written"
logger = logging.getLogger(__name__)


def write_live(store: DaoStore, summary: CampaignSummary, folder: Path) -> None:
    """Write the report of a campaign that is searching, unless the files of a result are there.

    Args:
        store: Where the hashes of a result would be.
        summary: What is found so far.
        folder: Of the campaign.
    """
    if not _hashes(store, summary.campaign_id, folder):
        write_report(summary, folder, live="searching")


def write_kept(
    store: DaoStore, summary: CampaignSummary, folder: Path, *, live: str | None = None
) -> CampaignSummary:
    """Write the files of a campaign, and their hashes into the store.

    Files there that are not what the campaign wrote are told and set aside, never overwritten.

    Args:
        store: Where the hashes are kept.
        summary: The result.
        folder: Where to write.
        live: What the campaign goes on with, None where this is its end.

    Returns:
        The summary as it was written.
    """
    for file in _strange(store, summary.campaign_id, folder):
        aside = file.replace(file.with_name(f"{file.name}.changed"))
        logger.warning("%s: damaged or changed since it was written; it is now %s", file, aside)
    written = write_files(with_history(store, summary), folder, live=live)
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


def keep_note(
    words: Mapping[str, Any], request: CampaignRequest, done: FinishedCampaign, told: list[str]
) -> None:
    """Note where the answer to a command is, if nothing is left to be done about it.

    Args:
        words: All that the command was given.
        request: What they mean.
        done: The result.
        told: Warnings that stood above it.
    """
    with open_store(request.store) as store:
        document = store.get(CampaignDocument, done.summary.campaign_id)
        settled = document is not None and document.state == "done"
        if settled and request.dft == "none" and not any(request.interpret.asked()):
            hashes = _hashes(store, done.summary.campaign_id, done.folder)
            again.keep(words, done.folder, hashes, told, store.uri)


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
