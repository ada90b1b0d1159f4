"""What a run needs of Prefect: an API that says anything at all, and settings that it can keep."""

from __future__ import annotations

import json

import httpx
from pydantic import BaseModel

from dao_core.errors import InputError, MissingError

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


def require_text(request: BaseModel) -> None:
    """Make sure that Prefect can write the settings of a run down, which it does in UTF-8.

    It would try for ever to tell its server of a path that has other bytes.

    Args:
        request: The settings.

    Raises:
        InputError: One has a name of bytes that are no UTF-8.
    """
    for name, value in request.model_dump(mode="python").items():
        try:
            json.dumps(value, ensure_ascii=False, default=str).encode()
        except UnicodeEncodeError as error:
            shown = str(value).encode(errors="backslashreplace").decode()
            raise InputError(
                f"{name} {shown} has bytes that are no UTF-8, and Prefect cannot write it down; "
                "give a link of another name"
            ) from error
