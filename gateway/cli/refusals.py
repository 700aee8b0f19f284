"""The file in which a load's refused rows are written, all of them, for whoever mends the export."""

import csv
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

from gateway.cli.run import in_letters
from gateway.services.stewardship import Refused
from gateway.spreadsheets import inert

HEADER = ("file", "line", "column", "reason", "value_masked")


@contextmanager
def refused_rows(file: Path | None) -> Iterator[Callable[[Refused], None] | None]:
    """
    Yield what writes refused rows to a new file that only its owner can read, or None without a file.

    A value stands there masked: its letters as x, its digits as 9, so that one sees how it was written.
    """
    if file is None:
        yield None
        return
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise typer.BadParameter(f"{file}: {error.strerror}.", param_hint="--refused") from None
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(HEADER)

        def write(row: Refused) -> None:
            # A reason begins with words of ours, or with the mark that a column's name stands in.
            writer.writerow((inert(in_letters(row.file)), row.line, inert(row.column), row.reason, inert(row.shape)))

        yield write
