"""
Log lines: one JSON object a line, written without ever seeing a query string, a header or a body.

INVARIANT: no personal data, token, proof or key in a line. Exceptions are shown by type and place; their messages
stay out, because a database quotes the row it stumbled over.
"""

import logging
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import BinaryIO

import orjson
import structlog

_QUIET = {
    # Below INFO these write whole tokens and statements with their values.
    "authlib": logging.INFO,
    "asyncio": logging.INFO,
    "sqlalchemy": logging.WARNING,
    "uvicorn.access": logging.CRITICAL,
    "httpx2": logging.WARNING,
    "httpcore2": logging.WARNING,
}


FIELDS = "pactgate_fields"
"""The `extra` of a log record that holds fields of the line, as a mapping."""


class LineWriter:
    """Writes canonical lines to a byte stream, whole lines only, from any thread."""

    def __init__(self, stream: BinaryIO) -> None:
        self._logger = structlog.BytesLogger(stream)

    def __call__(self, fields: Mapping[str, object]) -> None:
        """Write one line."""
        self._logger.msg(orjson.dumps(fields))


def configure_logging(write: LineWriter, *, level: int = logging.INFO) -> None:
    """Send everything the libraries log through `write`, at `level` or above, and keep the talkative ones quiet."""
    root = logging.getLogger()
    root.handlers[:] = [_LineHandler(write)]
    root.setLevel(level)
    for name, floor in _QUIET.items():
        logging.getLogger(name).setLevel(max(floor, level))


def place_of(error: BaseException) -> dict[str, object]:
    """Return what may be logged of an exception: its type and where it came from."""
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    return {
        "exception": type(error).__name__,
        "at": [f"{frame.name}:{frame.lineno}" for frame in frames],
    }


class _LineHandler(logging.Handler):
    """Turns records of the standard library's logging into lines of ours."""

    def __init__(self, write: LineWriter) -> None:
        super().__init__()
        self._write = write

    def emit(self, record: logging.LogRecord) -> None:
        """Write the record; a message with an exception is shortened to the exception's type and place."""
        fields: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        error = record.exc_info[1] if record.exc_info else None
        fields |= place_of(error) if error else {"message": record.getMessage()}
        fields |= getattr(record, FIELDS, {})
        self._write(fields)
