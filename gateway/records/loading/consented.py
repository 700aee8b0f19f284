"""
Which staged consents are none: they say too little, speak of another purpose or party, or a restricted parent signed.

A row that is refused here keeps nothing in force, so that its student is withheld until it is mended (rows C1 to C3).
"""

from collections.abc import Iterable
from typing import Final

from gateway.records.loading.comparing import begins
from gateway.records.loading.targets import CONSENTS
from gateway.records.loading.workspace import Workspace
from gateway.records.numbers import Said
from gateway.records.signed import Capacity, compared_name

_OLDER: Final = (
    "it says neither who signed, nor for what purpose, to whom, what will be done, in which form, what proves it nor"
    " which notice was shown: without these it is no consent (34 CFR 99.30(b), RCW 28A.605.030)"
)
_ANOTHER: Final = "its purpose or party is not that of the agreement (34 CFR 99.30(b)(2), (3))"
_RESTRICTED: Final = "it was signed by a parent whose rights are revoked, or by nobody knows which (34 CFR 99.4)"
_RESTRICTIONS: Final = (
    "SELECT coalesce(m.other_id, n.student_id) AS student_id, n.parent FROM records.restriction AS n"
    " LEFT JOIN records.renumbered AS m ON m.student_id = n.student_id"
    f" AND m.kind = '{Said.MERGED}' AND m.to_idx IS NULL WHERE n.to_idx IS NULL"
)


async def note_promised(work: Workspace, promised: Iterable[tuple[str, str, str]]) -> None:
    """Note the line, purpose and partner of every version in force."""
    await work.copy("promised", ("line", "purpose", "party"), list(promised))


async def refuse_invalid(work: Workspace, number: int) -> None:
    """Refuse the staged consents that are none. Rows from before the law's facts were asked for stay as they are."""
    await _refuse(work, number, f"s.purpose IS NULL AND {begins(CONSENTS)}", _OLDER)
    # Of an agreement that is not in force nobody knows the purpose: a population judges by the one it has then.
    named = "EXISTS (SELECT FROM pg_temp.promised AS p WHERE p.line = s.line)"
    same = "p.line = s.line AND p.purpose = s.purpose AND p.party = s.party"
    differs = f"NOT EXISTS (SELECT FROM pg_temp.promised AS p WHERE {same})"
    await _refuse(work, number, f"s.purpose IS NOT NULL AND {named} AND {differs}", _ANOTHER)
    await _refuse_restricted(work, number)


async def _refuse_restricted(work: Workspace, number: int) -> None:
    """Refuse what a parent signed whose rights about this student are revoked; the few names are compared here."""
    found = await work.connection.fetch(
        f"SELECT s.at_line, s.signer, r.parent FROM pg_temp.staged_{number} AS s"
        f" JOIN ({_RESTRICTIONS}) AS r ON r.student_id = s.student_id WHERE s.signed_by = '{Capacity.PARENT}'"
    )
    lines = {
        row["at_line"]
        for row in found
        if row["signer"] is None or compared_name(row["signer"]) == compared_name(row["parent"])
    }
    if lines:
        listed = ", ".join(str(line) for line in sorted(lines))
        await _refuse(work, number, f"s.at_line IN ({listed})", _RESTRICTED)


async def _refuse(work: Workspace, number: int, condition: str, reason: str) -> None:
    await work.refuse(
        number,
        f"WITH gone AS (DELETE FROM pg_temp.staged_{number} AS s WHERE {condition} RETURNING s.student_id, s.at_line)"
        " INSERT INTO pg_temp.refused (load, at_line, reason, field, shape, student_id)"
        f" SELECT {number}, at_line, $1, '', '', student_id FROM gone",
        reason,
    )
