"""
Facts changed past the log: each table, each kind of edit. An alarm, a refusal to whom it concerns, and nobody else.

Claim 1: "a mismatch denies and raises an alarm".
"""

from collections.abc import Sequence

import pytest

from tests.factories.cohort import FOLLOW_UP, MENTORING, TUTORING
from tests.factories.edits import DATED, LOADED, Edit
from tests.factories.gateway import Gateway
from tests.factories.superuser import alarms, refusal

pytestmark = pytest.mark.claim(1)

AGREEMENTS = (MENTORING, TUTORING, FOLLOW_UP)


async def denied(gateway: Gateway) -> set[str]:
    """Return the agreements under which nothing is answered."""
    return {name for name in AGREEMENTS if await refusal(gateway, name) == "suspended"}


async def edit(gateway: Gateway, each: Edit) -> None:
    """Do it, as somebody for whom no guard holds; `saved` keeps the table as it was."""
    admin = await gateway.database.connection("admin")
    await admin.execute(f"CREATE TABLE saved AS TABLE records.{each.table}")
    line, digest, other = gateway.line(MENTORING), gateway.digest(MENTORING), gateway.line(TUTORING)
    sql = each.sql.replace("$1", f"'{line}'").replace("$2", f"'{digest}'").replace("$3", f"'{other}'")
    done = await admin.execute(sql)
    assert done.split()[-1] != "0", f"{each.name} did something"


async def mend(gateway: Gateway, each: Edit) -> None:
    """Put back what was there."""
    admin = await gateway.database.connection("admin")
    insert = f"INSERT INTO records.{each.table} OVERRIDING SYSTEM VALUE SELECT * FROM saved"  # noqa: S608 - a name of ours
    await admin.execute(f"TRUNCATE records.{each.table}; {insert}; DROP TABLE saved")


@pytest.mark.attack("rows changed past the log")
@pytest.mark.parametrize("edits", [DATED, LOADED], ids=["dated by entries", "dated by loads"])
async def test_a_row_changed_past_the_log_denies_and_alarms_until_it_is_mended(
    gateway: Gateway, edits: Sequence[Edit], caplog: pytest.LogCaptureFixture
) -> None:
    for each in edits:
        assert await denied(gateway) == set(), f"before {each.table}: {each.name}"
        await edit(gateway, each)
        await gateway.services.facts.check()
        assert await denied(gateway) == set(each.denied), f"{each.table}: {each.name}"
        assert each.code in alarms(caplog), f"{each.table}: {each.name}"
        await mend(gateway, each)
        await gateway.services.facts.check()
    assert await denied(gateway) == set()
