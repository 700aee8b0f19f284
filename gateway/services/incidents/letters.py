"""The list for letters to families: CSV by RFC 4180, of which no cell is a formula."""

import csv
import io

from gateway.services.incidents.lines import Affected
from gateway.spreadsheets import BYTE_ORDER_MARK, inert

COLUMNS = ("student_number", "first_name", "last_name")


def letters(affected: Affected) -> str:
    """Return the list, one student a line; whoever is handed it may see names."""
    written = io.StringIO(BYTE_ORDER_MARK)
    written.seek(0, io.SEEK_END)
    writer = csv.writer(written)
    writer.writerow(COLUMNS)
    for each in affected.students:
        writer.writerow([inert(cell) for cell in (each.number, each.first_name, each.last_name)])
    return written.getvalue()
