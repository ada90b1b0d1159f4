"""Names of flow runs follow from what is asked of them."""

from __future__ import annotations

from typing import Any

from prefect.runtime import flow_run


def asked(setting: str) -> Any:
    """A setting of the request of the flow run that is being named.

    A run of a deployment comes as plain JSON, any other as the request itself.

    Args:
        setting: One that every request must have.
    """
    request: Any = flow_run.get_parameters()["request"]
    return request[setting] if isinstance(request, dict) else getattr(request, setting)
