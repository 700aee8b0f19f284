"""The comparison of rows with the log from the command line."""

import pytest

from tests.factories.command_line import CommandLine

ADDED = (
    "INSERT INTO records.roster (line, student_id, from_date, digest, from_idx)"
    " VALUES ('agreement:ours', gen_random_uuid(), '2026-09-01', substr(sha256('x'), 1, 16), 0)"
)


@pytest.mark.claim(1)
def test_a_row_added_past_the_log_is_named_and_is_not_adopted(active: CommandLine) -> None:
    assert active.done("audit", "facts") == {"found": [], "holds": True}
    active.sql(ADDED)
    outcome = active.run("audit", "facts")
    assert (outcome.code, outcome.data["holds"]) == (1, False)
    assert outcome.data["found"] == [
        {"at": "0", "code": "facts_unclaimed", "concerns": "agreement:ours", "table": "roster"}
    ]
    assert "No entry dated rows before" in active.refused("audit", "adopt-facts")
