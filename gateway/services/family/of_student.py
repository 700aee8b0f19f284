"""What one student's family asked, open and ended: for the student's own page, whose look is on record."""

from datetime import date

from gateway.records.subjects import SubjectKey
from gateway.services.family.kept import read_family
from gateway.services.family.shown import RequestLine, line_of
from gateway.services.family.whose import whose
from gateway.services.filing import Desk
from gateway.services.naming import numbered
from gateway.wrapping_keys import WrappingKeys


async def requests_of(desk: Desk, number: str, subject_key: WrappingKeys, today: date) -> tuple[RequestLine, ...]:
    """
    Return the requests about the student with this number, the oldest first; one that may be about them counts.

    Raises `UnknownStudent`, `LinkErased`.
    """
    _, registry = await desk.registry()
    async with desk.engine.connect() as connection:
        student = await numbered(connection, number, SubjectKey(subject_key))
        family = await read_family(connection, registry.authority, desk.catalogue)
        entries = (await whose(connection, sorted(family.askings))).concerning(student.numbers)
    return tuple(line_of(entry, family.askings[entry], today) for entry in entries)
