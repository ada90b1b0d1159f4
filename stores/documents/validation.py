"""A DFT check of a crystal: asked for, running, done or failed."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from stores.documents.base import Document, Moment


class ValidationDocument(Document):
    """One calculation of one crystal by one protocol.

    Attributes:
        validation_id: hash of structure and protocol.
        structure_id: the crystal that is checked.
        candidate_id: the candidate it came from, if any.
        campaign_id: the campaign that asked.
        protocol: name of the protocol.
        protocol_fingerprint: hash of everything that decides the numbers.
        level: energy level of the result.
        state: how far it got.
        reason: why it failed or was refused.
        approved_by: who approved it, where approval was asked.
        input_hash: hash of the input files.
        output_hash: hash of the output files.
        label_id: the label that came out.
        corrections: what handlers changed on the way.
        blobs: name of an output file -> its hash in the blob store.
        started: when the calculation began.
        finished: when it ended.
        detail: further facts of the code (cpu seconds, version, machine).
    """

    collection: ClassVar[str] = "validations"
    key: ClassVar[str] = "validation_id"
    indexed: ClassVar[tuple[str, ...]] = ("structure_id", "campaign_id", "state", "label_id")

    validation_id: str
    structure_id: str
    candidate_id: str | None = None
    campaign_id: str | None = None
    protocol: str
    protocol_fingerprint: str
    level: str
    state: Literal["waiting", "refused", "running", "done", "failed"] = "waiting"
    reason: str | None = None
    approved_by: str | None = None
    input_hash: str | None = None
    output_hash: str | None = None
    label_id: str | None = None
    corrections: list[dict[str, Any]] = Field(default_factory=list)
    blobs: dict[str, str] = Field(default_factory=dict)
    started: Moment | None = None
    finished: Moment | None = None
    detail: dict[str, Any] = Field(default_factory=dict)
