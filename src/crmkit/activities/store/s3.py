"""Files in a bucket of an S3 service: Amazon's, Yandex's, Selectel's, MinIO, Ceph and others."""

from __future__ import annotations

import io
import typing as t
from collections.abc import Iterator

from crmkit import Misuse

from . import Pieces, checked

MISSING = ("404", "NoSuchKey", "NotFound")
PARALLEL_FROM = 16 * 1024 * 1024


class S3Store:
    """Keeps each file as an object. Who may use the bucket is found where boto3 looks; nothing of that is in our settings."""

    def __init__(self, bucket: str, *, prefix: str = "", endpoint: str | None = None, region: str | None = None) -> None:
        try:
            import boto3
            from botocore.config import Config
        except ImportError as error:
            raise Misuse('store = "s3" needs boto3; type: pip install "crmkit[s3]"') from error
        self.bucket, self.prefix = bucket, prefix
        # Other services than Amazon's do not know its newer checksums; content is checked by our own SHA-256.
        config = Config(
            connect_timeout=5, read_timeout=60, retries={"mode": "standard", "max_attempts": 3},
            request_checksum_calculation="when_required", response_checksum_validation="when_required",
        )  # fmt: skip
        self._client: t.Any = boto3.session.Session().client("s3", endpoint_url=endpoint, region_name=region, config=config)

    def put(self, key: str, content: t.BinaryIO) -> None:
        """Keep content under a key; an object is there whole or not at all."""
        from boto3.s3.transfer import TransferConfig

        parts = TransferConfig(multipart_threshold=PARALLEL_FROM, multipart_chunksize=PARALLEL_FROM, use_threads=False)
        self._client.upload_fileobj(_KeptOpen(content), self.bucket, self._name(key), Config=parts)

    def open(self, key: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """Return content in pieces."""
        from botocore.exceptions import ClientError

        if length == 0:
            return Pieces(io.BytesIO())
        wanted = {} if start == 0 and length is None else {"Range": f"bytes={start}-{'' if length is None else start + length - 1}"}
        try:
            body = self._client.get_object(Bucket=self.bucket, Key=self._name(key), **wanted)["Body"]
        except ClientError as error:
            raise _told(error, key) from error
        return Pieces(body, length)

    def delete(self, key: str) -> None:
        """Remove content."""
        self._client.delete_object(Bucket=self.bucket, Key=self._name(key))

    def exists(self, key: str) -> bool:
        """True when there is content."""
        from botocore.exceptions import ClientError

        try:
            self._client.head_object(Bucket=self.bucket, Key=self._name(key))
        except ClientError as error:
            if isinstance(_told(error, key), FileNotFoundError):
                return False
            raise
        return True

    def every(self) -> Iterator[str]:
        """Yield every key, in the order of days."""
        for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=self.prefix):
            for found in page.get("Contents", ()):
                yield found["Key"].removeprefix(self.prefix)

    def _name(self, key: str) -> str:
        return self.prefix + checked(key)


def _told(error: t.Any, key: str) -> Exception:
    if error.response.get("Error", {}).get("Code") in MISSING:
        return FileNotFoundError(key)
    return t.cast(Exception, error)


class _KeptOpen:
    """Content that stays open: boto3 closes what it has sent, and it is not boto3's to close."""

    def __init__(self, content: t.BinaryIO) -> None:
        self.read, self.seek, self.tell = content.read, content.seek, content.tell

    def close(self) -> None:
        """Leave it to whoever opened it."""
