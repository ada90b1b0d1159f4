"""The form that a suspended campaign shows on Prefect's pages."""

from __future__ import annotations

from prefect.input import RunInput
from pydantic import Field


class DftApproval(RunInput):
    """Whether DFT may start."""

    approve: bool = Field(default=False, description="Start the DFT calculations")
    approved_by: str = Field(default="", description="Your name, for the record")
