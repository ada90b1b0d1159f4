"""Blobs in an S3 bucket."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from stores.blobs.base import BlobStore
from stores.errors import StoreUnreachableError


class S3Blobs(BlobStore):
    """One object per blob below a prefix; credentials come from boto3's own sources only."""

    def __init__(self, bucket: str, prefix: str, endpoint_url: str | None = None) -> None:
        self._client = boto3.client("s3", endpoint_url=endpoint_url)
        self._bucket = bucket
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""

    def has(self, digest: str) -> bool:
        """Whether a blob is there."""
        with self._translated_errors():
            try:
                self._client.head_object(Bucket=self._bucket, Key=self._prefix + digest)
            except ClientError as error:
                if _is_missing(error):
                    return False
                raise
            return True

    def digests(self) -> Iterator[str]:
        """The hashes of all blobs."""
        with self._translated_errors():
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=self._prefix
            )
            for page in pages:
                for item in page.get("Contents", ()):
                    yield item["Key"].removeprefix(self._prefix)

    def _write(self, digest: str, data: bytes) -> None:
        with self._translated_errors():
            self._client.put_object(Bucket=self._bucket, Key=self._prefix + digest, Body=data)

    def _read(self, digest: str) -> bytes | None:
        with self._translated_errors():
            try:
                found = self._client.get_object(Bucket=self._bucket, Key=self._prefix + digest)
            except ClientError as error:
                if _is_missing(error):
                    return None
                raise
            return found["Body"].read()

    @contextmanager
    def _translated_errors(self) -> Iterator[None]:
        try:
            yield
        except (BotoCoreError, ClientError) as error:
            raise StoreUnreachableError(f"s3://{self._bucket}: {error}") from error


def _is_missing(error: ClientError) -> bool:
    return error.response.get("Error", {}).get("Code") in {"404", "NoSuchKey", "NotFound"}
