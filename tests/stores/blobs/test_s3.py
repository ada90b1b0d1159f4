"""Blobs in S3, against recorded answers of its API."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator

import pytest
from botocore.response import StreamingBody
from botocore.stub import Stubber

from dao_core.errors import InputError
from stores.blobs.s3 import S3Blobs
from stores.errors import StoreCorruptError, StoreUnreachableError

DATA = b"trajectory"
DIGEST = hashlib.sha256(DATA).hexdigest()
WHERE = {"Bucket": "bucket", "Key": f"runs/{DIGEST}"}


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[S3Blobs, Stubber]]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "none")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    blobs = S3Blobs("bucket", "/runs/")
    with Stubber(blobs._client) as stubber:
        yield blobs, stubber
        stubber.assert_no_pending_responses()


def _body(data: bytes) -> dict[str, object]:
    return {"Body": StreamingBody(io.BytesIO(data), len(data))}


def test_a_blob_is_written_once_and_again_where_it_is_damaged(
    recorded: tuple[S3Blobs, Stubber],
) -> None:
    blobs, stubber = recorded
    stubber.add_client_error("get_object", "NoSuchKey", expected_params=WHERE)
    stubber.add_response("put_object", {}, {**WHERE, "Body": DATA})
    stubber.add_response("get_object", _body(DATA), WHERE)
    stubber.add_response("get_object", _body(b"other"), WHERE)
    stubber.add_response("put_object", {}, {**WHERE, "Body": DATA})
    assert blobs.put(DATA) == blobs.put(DATA) == blobs.put(DATA) == DIGEST


def test_what_comes_back_is_checked(recorded: tuple[S3Blobs, Stubber]) -> None:
    blobs, stubber = recorded
    stubber.add_response("get_object", _body(DATA), WHERE)
    stubber.add_response("get_object", _body(b"other"), WHERE)
    stubber.add_client_error("get_object", "NoSuchKey", expected_params=WHERE)
    stubber.add_client_error("get_object", "AccessDenied", expected_params=WHERE)
    assert blobs.get(DIGEST) == DATA
    for error in (StoreCorruptError, InputError, StoreUnreachableError):
        with pytest.raises(error):
            blobs.get(DIGEST)


def test_listing(recorded: tuple[S3Blobs, Stubber]) -> None:
    blobs, stubber = recorded
    stubber.add_response(
        "list_objects_v2",
        {"Contents": [{"Key": f"runs/{DIGEST}"}], "IsTruncated": False},
        {"Bucket": "bucket", "Prefix": "runs/"},
    )
    assert list(blobs.digests()) == [DIGEST]
