"""
The accounting as a table for a spreadsheet: CSV by RFC 4180, one row a line.

INVARIANT: no cell is a formula. A spreadsheet would run what begins like one, and names come from agreements that
partners signed.
"""

import csv
import io
from typing import Final

from gateway.services.accounting import wording
from gateway.services.accounting.lines import Accounting, Line
from gateway.spreadsheets import inert

COLUMNS: Final = (
    "channel",
    "counts",
    "recipients",
    "elements",
    "purpose",
    "interest",
    "basis",
    "ferpa_9932_required",
    "agreement",
    "agreement_digest",
    "further_recipients",
    "behind",
    "threat",
    "first_day",
    "last_day",
    "times",
    "rhythm",
    "entries",
)


def table(accounting: Accounting) -> str:
    """Return the table; `counts` is false for what was recorded by hand and corrected later."""
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(COLUMNS)
    for line in accounting.lines:
        writer.writerow([inert(cell) for cell in _cells(line, counts=True)])
    for line in accounting.corrected:
        writer.writerow([inert(cell) for cell in _cells(line, counts=False)])
    return written.getvalue()


def _cells(line: Line, *, counts: bool) -> list[str]:
    about = line.about
    return [
        about.channel.value,
        str(counts).lower(),
        "; ".join(about.recipients),
        wording.elements(line),
        about.purpose,
        about.interest,
        wording.basis(about.basis),
        str(about.ferpa_9932_required).lower(),
        "" if about.under is None else about.under.id,
        "" if about.under is None else about.under.digest,
        "; ".join(f"{each.name}: {each.interest}" for each in about.further),
        about.behind,
        about.threat or "",
        line.first.isoformat(),
        line.last.isoformat(),
        str(line.times),
        line.rhythm,
        wording.entries(line.occurrences),
    ]
