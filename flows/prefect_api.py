"""Whether the Prefect API that the user has configured says anything at all."""

from __future__ import annotations

import httpx

from dao_core.errors import MissingError

ANSWER_SECONDS = 30.0
"""How long a server of the user's may take to say that it is there."""


def require_answer(url: str) -> None:
    """Make sure that whatever listens at the address of a Prefect API says anything at all.

    Prefect sits out a server that is away; at one that accepts and is silent, each of its questions
    would wait for minutes.

    Args:
        url: Of the API.

    Raises:
        MissingError: It accepts a question and does not answer.
    """
    try:
        httpx.get(f"{url.rstrip('/')}/health", timeout=ANSWER_SECONDS)
    except httpx.TimeoutException as error:
        raise MissingError(
            f"the Prefect server at {url} has not answered within {ANSWER_SECONDS:g} s; start it "
            "again, or unset PREFECT_API_URL to do without"
        ) from error
    except (httpx.HTTPError, httpx.InvalidURL):
        return
