"""The store as a setting of a flow: Prefect and its logs write it down, so it holds no secret."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

from stores import without_credentials

StoreAddress = Annotated[str, AfterValidator(without_credentials)]
"""URI of a store; its secrets go to ``DAO_STORE`` of the process that was asked."""
