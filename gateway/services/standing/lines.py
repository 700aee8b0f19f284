"""
Which line an agreement belongs to, however somebody names it: by the digest of any of its versions, or by its id.

Digest and id of a document never change, so what is found here holds for good.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from agreements.canonical import read_canonical
from agreements.errors import AgreementError
from agreements.register import load_register
from gateway.records.release import scope
from gateway.services.errors import UnknownAgreement


async def lines_on_file(connection: AsyncConnection) -> Mapping[str, str]:
    """
    Return the line of each agreement on file by its digest: in force or over, verifying or not.

    A document that cannot be read has the line under which its population was kept.
    """
    rows = await connection.execute(select(scope.c.agreement, scope.c.line))
    lines = {row.agreement: row.line for row in rows}
    for each in (await load_register(connection)).agreements:
        with suppress(AgreementError):
            content = read_canonical(each.document.envelope.payload)
            if isinstance(content, dict) and isinstance(line := content.get("id"), str):
                lines[each.document.digest] = line
    return lines


def line_named(name: str, on_file: Mapping[str, str], among: Iterable[str], state: str) -> str:
    """
    Return the line that `name` (a digest or an id) means, if it is `among` these.

    `state` says in the refusal what the lines `among` are. Raises `UnknownAgreement`.
    """
    line = on_file.get(name, name)
    if line not in set(among):
        raise UnknownAgreement(f"No agreement {name} is {state}.")
    return line
