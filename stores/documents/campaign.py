"""A campaign: what was asked, with which models and seeds, and what came out."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from stores.documents.base import Document, Moment


class CampaignDocument(Document):
    """One campaign from the question to the ranking.

    Attributes:
        campaign_id: hash of target and settings.
        target: chemical system or formulas as given.
        chemsys: the chemical system that is searched.
        level: energy level of the ranking.
        settings: everything that decides the result.
        seeds: seeds by use.
        versions: software and model hashes by name.
        state: ``running``, ``done``, ``failed`` or another word of the flow.
        funnel: one entry per stage: entered, left, rejected with reasons.
        ranking: the ranked structures.
        summary: the report's document.
        started: when it began.
        finished: when it ended.
    """

    collection: ClassVar[str] = "campaigns"
    key: ClassVar[str] = "campaign_id"
    indexed: ClassVar[tuple[str, ...]] = ("chemsys", "state")

    campaign_id: str
    target: list[str]
    chemsys: str
    level: str
    settings: dict[str, Any] = Field(default_factory=dict)
    seeds: dict[str, int] = Field(default_factory=dict)
    versions: dict[str, str] = Field(default_factory=dict)
    state: str = "running"
    funnel: list[dict[str, Any]] = Field(default_factory=list)
    ranking: list[dict[str, Any]] = Field(default_factory=list)
    summary: dict[str, Any] = Field(default_factory=dict)
    started: Moment
    finished: Moment | None = None
