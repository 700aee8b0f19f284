"""
An export in S3-compatible storage: files are made by conditional writes (RFC 9110 section 13.1.2), never overwritten.

Where to, and with which credentials, is for the store's own environment variables (`AWS_REGION`, `AWS_ENDPOINT_URL`,
`AWS_ACCESS_KEY_ID`, a role of the machine, …): none of them is a setting of ours, is printed or is kept.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Final, Literal, TypeVar

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import S3Store

from audit.errors import LogDamaged, SourceUnavailable
from audit.targets import MAX_FILE, require_same

Result = TypeVar("Result")
SCHEME: Final = "s3://"
_RETRIES: Final = 3
_RETRY_SECONDS: Final = 60


class ObjectTarget:
    """A bucket, or a part of one, to export to and to read from: `s3://bucket/prefix`."""

    def __init__(self, url: str) -> None:
        """Take the address of the export. Raises `SourceUnavailable` if it cannot be one, or the region is not said."""
        try:
            self._store = S3Store.from_url(
                url, retry_config={"max_retries": _RETRIES, "retry_timeout": timedelta(seconds=_RETRY_SECONDS)}
            )
        except (BaseError, ValueError):
            raise SourceUnavailable("the storage address cannot be used; it reads s3://bucket/prefix") from None

    def read(self, name: str, limit: int) -> bytes | None:
        """Return a file, as `audit.sources.Source.read` says."""
        try:
            found = self._asked(name, "read", lambda: obstore.get(self._store, name))
        except FileNotFoundError:
            return None
        # Its size is told before its content is fetched.
        if found.meta["size"] > limit:
            raise LogDamaged(f"{name} is larger than it can be")
        return bytes(self._asked(name, "read", found.bytes))

    def put(self, name: str, content: bytes) -> None:
        """Keep a file, as `audit.targets.Target.put` says."""
        try:
            self._put(name, content, "create")
        except AlreadyExistsError:
            require_same(name, self.read(name, MAX_FILE) or b"", content)

    def replace(self, name: str, content: bytes) -> None:
        """Replace a file, as `audit.targets.Target.replace` says."""
        self._put(name, content, "overwrite")

    def _put(self, name: str, content: bytes, mode: Literal["create", "overwrite"]) -> None:
        try:
            self._asked(name, "written", lambda: obstore.put(self._store, name, content, mode=mode))
        except FileNotFoundError:
            raise SourceUnavailable(f"{name} cannot be written: there is no such bucket") from None

    @staticmethod
    def _asked(name: str, what: str, work: Callable[[], Result]) -> Result:
        try:
            return work()
        except (AlreadyExistsError, FileNotFoundError):
            raise
        except (BaseError, OSError) as error:
            # The store's own words may hold the request with its signature.
            raise SourceUnavailable(f"{name} cannot be {what}: {type(error).__name__}") from None
