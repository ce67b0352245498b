"""Exports in a bucket of S3, or of what speaks its protocol and keeps its conditions."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from partyhub_dagster.errors import LakeError
from partyhub_dagster.publish.local import moved_meanwhile
from partyhub_dagster.publish.store import Held, Read

_UPLOADS_AT_ONCE = 8
_KEYS_PER_DELETION = 1_000
_NOT_FOUND = {"NoSuchKey", "404", "NotFound"}
_CONDITION_FAILED = {"PreconditionFailed", "412", "ConditionalRequestConflict", "409"}

S3Client = Callable[[], Any]
"""Makes a client of S3, as dagster-aws's S3Resource.get_client does."""


def client_from_environment() -> Any:
    """Return a client by what AWS's own tools read: AWS_ variables, profiles, AWS_ENDPOINT_URL_S3, roles."""
    import boto3

    return boto3.session.Session().client("s3")


@dataclass(frozen=True, slots=True)
class S3Store:
    """A prefix of a bucket. An object is seen whole or not at all; the pointer is put with a condition."""

    client: Any = field(repr=False)
    bucket: str
    prefix: str

    def read(self, path: str) -> Read | None:
        """Read a small object; its version is its ETag."""
        with _errors(self.bucket):
            try:
                found = self.client.get_object(Bucket=self.bucket, Key=self._key(path))
                return Read(found["Body"].read(), found["ETag"])
            except self.client.exceptions.ClientError as error:
                if _code(error) in _NOT_FOUND:
                    return None
                raise

    def open(self, path: str) -> IO[bytes]:
        """Open an object."""
        with _errors(self.bucket):
            try:
                body: IO[bytes] = self.client.get_object(Bucket=self.bucket, Key=self._key(path))["Body"]
            except self.client.exceptions.ClientError as error:
                if _code(error) in _NOT_FOUND:
                    raise FileNotFoundError(path) from None
                raise
            return body

    def listing(self, folder: str) -> list[Held]:
        """List every object below a folder."""
        with _errors(self.bucket):
            pages = self.client.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket, Prefix=self._key(folder) + "/"
            )
            return [
                Held(entry["Key"].removeprefix(self._key("")), entry["Size"], entry["LastModified"])
                for page in pages
                for entry in page.get("Contents", [])
            ]

    def put_files(self, files: Sequence[tuple[Path, str]]) -> None:
        """Upload files, several at a time."""
        with _errors(self.bucket), ThreadPoolExecutor(_UPLOADS_AT_ONCE) as pool:
            for _ in pool.map(self._upload, files):
                pass

    def _upload(self, file: tuple[Path, str]) -> None:
        self.client.upload_file(str(file[0]), self.bucket, self._key(file[1]))
        file[0].unlink()

    def write(self, path: str, content: bytes) -> None:
        """Put an object, whatever was there."""
        with _errors(self.bucket):
            self.client.put_object(Bucket=self.bucket, Key=self._key(path), Body=content)

    def replace(self, path: str, content: bytes, version: str | None) -> None:
        """Put an object on the condition that the one there is the one that was read."""
        condition = {"IfNoneMatch": "*"} if version is None else {"IfMatch": version}
        with _errors(self.bucket):
            try:
                self.client.put_object(Bucket=self.bucket, Key=self._key(path), Body=content, **condition)
            except self.client.exceptions.ClientError as error:
                if _code(error) not in _CONDITION_FAILED | _NOT_FOUND:
                    raise
                found = self.read(
                    path
                )  # the answer to a first try may have been lost, and the client tries again
                if found is None or found.content != content:
                    raise moved_meanwhile() from None

    def remove(self, paths: Iterable[str]) -> None:
        """Delete objects.

        Raises:
            LakeError: S3 refused to delete some; it says so in a good answer.
        """
        keys = [{"Key": self._key(path)} for path in paths]
        with _errors(self.bucket):
            for start in range(0, len(keys), _KEYS_PER_DELETION):
                part = {"Objects": keys[start : start + _KEYS_PER_DELETION], "Quiet": True}
                answer = self.client.delete_objects(Bucket=self.bucket, Delete=part)
                codes = [str(error.get("Code", "")) for error in answer.get("Errors", [])]
                if refused := [code for code in codes if code not in _NOT_FOUND]:
                    raise LakeError(
                        f"S3 did not delete {len(refused):,} files that no export needs any more ({refused[0]}, bucket"
                        f" {self.bucket}); the newest export is whole and readers see it.",
                        remedy="Let the hub delete objects below publish.parquet (s3:DeleteObject), or raise"
                        " publish.keep_runs if everything is to stay.",
                    )

    def _key(self, path: str) -> str:
        return f"{self.prefix}/{path}" if self.prefix else path


def open_bucket(url: str, client: S3Client) -> S3Store:
    """Open the place that an s3:// URL names."""
    parts = urlsplit(url)
    with _errors(parts.netloc):
        return S3Store(client(), parts.netloc, parts.path.strip("/"))


def _code(error: Any) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


@contextmanager
def _errors(bucket: str) -> Iterator[None]:
    """Tell an error of S3 by its code: its text can quote keys and hosts."""
    from boto3.exceptions import Boto3Error
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        raise _failed(bucket, _code(error) or type(error).__name__) from None
    except (BotoCoreError, Boto3Error) as error:
        raise _failed(bucket, type(error).__name__) from None


def _failed(bucket: str, what: str) -> LakeError:
    return LakeError(
        f"S3 refused or did not answer ({what}, bucket {bucket}); readers see the newest export that was"
        " finished.",
        remedy="Check AWS_ENDPOINT_URL_S3, region, credentials and the bucket's policy, then run `partyhub export`.",
    )
