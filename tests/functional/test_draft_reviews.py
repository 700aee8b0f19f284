"""Reviews of drafts: a refused one counts nothing; numbers are rounded, kept, budgeted, on record; nobody is named."""

import asyncio
import datetime as dt
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError

from agreements.canonical import canonical_bytes
from agreements.document import parse_agreement
from agreements.elements import load_catalogue
from agreements.errors import InvalidAgreement
from gateway.services.drafts.counts import INSTALLATION_BUDGET, LINE_BUDGET, count_draft
from gateway.services.drafts.errors import DraftBudgetSpent
from gateway.services.drafts.review import DraftReview, review_draft
from tests.factories.agreements import SPS_A, SPS_B, changed, example
from tests.factories.cohort import STUDENTS, TUTORING, personal
from tests.factories.gateway import NOON, Gateway

SCHOOLS = ("ECS-101", "ECS-102", "ECS-103", "ECS-104", "ECS-105", "ECS-106")
EVENT = "draft.reviewed"


def draft(
    schools: Sequence[str] = SCHOOLS, changes: Mapping[str, Any] | None = None, *, line: str = "agreement:whole-schools"
) -> bytes:
    """A school official's agreement over everyone in these schools."""
    everyone = {"all": [{"everyone": True}, {"in": {"column": "school_identifier", "values": list(schools)}}]}
    content = changed(example(SPS_B), {"/id": line, "/population": everyone, **(changes or {})})
    return canonical_bytes(content)


async def review(gateway: Gateway, raw: bytes) -> DraftReview:
    return await review_draft((await gateway.office()).desk, raw)


async def counted(gateway: Gateway) -> list[dict[str, Any]]:
    """The entries of counts, and as many answers that are kept."""
    return [entry for entry in await gateway.entries() if entry["event"] == EVENT]


async def kept(gateway: Gateway) -> list[Any]:
    loader = await gateway.database.connection("loader")
    return list(await loader.fetch("SELECT * FROM gateway.draft_count ORDER BY idx"))


def enrolled(schools: Sequence[str]) -> int:
    """How many students of the cohort are enrolled there today and did not opt out."""
    gone = {"opted_out", "exited", "last_year"}
    return sum(each.school in schools and role not in gone for role, each in STUDENTS.items())


async def test_a_draft_that_does_not_pass_the_checks_counts_nothing(idle_gateway: Gateway) -> None:
    size = await idle_gateway.size()
    with pytest.raises(InvalidAgreement) as caught:
        await review(idle_gateway, draft(changes={"/purpose/code": "sale", "/term/last_day": "never"}))
    assert {problem.path for problem in caught.value.problems} == {"/purpose/code", "/term/last_day"}
    assert (await kept(idle_gateway), await idle_gateway.size()) == ([], size)


@pytest.mark.claim(4)
async def test_a_log_that_cannot_be_written_lets_no_number_out(idle_gateway: Gateway) -> None:
    admin = await idle_gateway.database.connection("admin")
    function = await admin.fetchval("SELECT oid::regprocedure::text FROM pg_proc WHERE proname = 'append_batch'")
    await admin.execute(f"REVOKE EXECUTE ON FUNCTION {function} FROM pactgate_loader")
    with pytest.raises(DBAPIError):
        await review(idle_gateway, draft())
    assert await kept(idle_gateway) == []
    await admin.execute(f"GRANT EXECUTE ON FUNCTION {function} TO pactgate_loader")
    assert (await review(idle_gateway, draft())).students.words.startswith("about ")


@pytest.mark.attack("iterated drafts as an oracle")
async def test_a_lines_budget_ends_and_says_what_to_do_and_the_next_day_has_its_own(idle_gateway: Gateway) -> None:
    titles = [f"Draft {number}" for number in range(LINE_BUDGET)]
    for title in titles:
        await review(idle_gateway, draft(changes={"/title": title}))
    with pytest.raises(DraftBudgetSpent, match="agreement:whole-schools") as caught:
        await review(idle_gateway, draft(changes={"/title": "One more"}))
    assert caught.value.code == "draft_budget_spent"
    assert "tomorrow" in caught.value.remedy
    # What was answered is answered again, from what is kept; another line has a budget of its own.
    again = await review(idle_gateway, draft(changes={"/title": titles[0]}))
    assert again.students.entry == (await counted_entries(idle_gateway))[0]
    await review(idle_gateway, draft(line="agreement:another"))
    assert len(await counted(idle_gateway)) == LINE_BUDGET + 1
    await idle_gateway.at(NOON + dt.timedelta(days=1))
    await review(idle_gateway, draft(changes={"/title": "One more"}))


async def counted_entries(gateway: Gateway) -> list[int]:
    return [row["idx"] for row in await kept(gateway)]


@pytest.mark.attack("iterated drafts as an oracle")
async def test_a_new_line_for_each_draft_is_no_way_around_the_budget(idle_gateway: Gateway) -> None:
    first = await review(idle_gateway, draft())
    owner = await idle_gateway.database.connection("loader")
    await owner.execute(
        "INSERT INTO gateway.draft_count (digest, line, day, left_out, idx)"
        " SELECT sha256(n::text::bytea), 'agreement:line-' || n, $1, '{}', $2 + 1000 + n"
        " FROM generate_series(1, $3::int) n",
        first.students.counted_on,
        first.students.entry,
        INSTALLATION_BUDGET - 1,
    )
    with pytest.raises(DraftBudgetSpent, match=str(INSTALLATION_BUDGET)):
        await review(idle_gateway, draft(line="agreement:yet-another"))


@pytest.mark.attack("iterated drafts as an oracle")
async def test_two_at_once_do_not_spend_the_last_draft_twice(idle_gateway: Gateway) -> None:
    first = await review(idle_gateway, draft())
    owner = await idle_gateway.database.connection("loader")
    await owner.execute(
        "INSERT INTO gateway.draft_count (digest, line, day, left_out, idx)"
        " SELECT sha256(n::text::bytea), $4, $1, '{}', $2 + 1000 + n FROM generate_series(1, $3::int) n",
        first.students.counted_on,
        first.students.entry,
        LINE_BUDGET - 2,
        "agreement:whole-schools",
    )
    engine = (await idle_gateway.office()).engine
    drafts = [parse_agreement(draft(changes={"/title": f"At once {number}"}), load_catalogue()) for number in range(4)]
    done = await asyncio.gather(*(count_draft(engine, each, None) for each in drafts), return_exceptions=True)
    assert sorted(type(each).__name__ for each in done) == ["Counted", *["DraftBudgetSpent"] * 3]


@pytest.mark.attack("iterated drafts as an oracle")
async def test_leaving_out_a_school_of_a_few_students_changes_no_number(idle_gateway: Gateway) -> None:
    whole = await review(idle_gateway, draft())
    for school in SCHOOLS[1:]:
        assert 0 < enrolled([school]) < 10
        rest = await review(idle_gateway, draft([each for each in SCHOOLS if each != school]))
        assert rest.students.words == whole.students.words, school
    nobody = await review(idle_gateway, draft([*SCHOOLS, "ECS-777"]))
    assert nobody.students.words == whole.students.words
    # Neither does it in the other order, in another agreement, or on another day.
    await idle_gateway.at(NOON + dt.timedelta(days=1))
    other = await review(idle_gateway, draft(SCHOOLS[:-1], line="agreement:another"))
    assert other.students.words == whole.students.words
    # A school of many does: the numbers are not made up.
    assert (await review(idle_gateway, draft(SCHOOLS[1:]))).students.words != whole.students.words


@pytest.mark.attack("iterated drafts as an oracle")
@pytest.mark.parametrize("school", SCHOOLS[1:])
async def test_a_school_of_a_few_students_alone_is_masked(idle_gateway: Gateway, school: str) -> None:
    found = await review(idle_gateway, draft([school]))
    none = await review(idle_gateway, draft(["ECS-777"], line="agreement:nobody"))
    assert found.students.words == none.students.words == "fewer than 10"
    assert (found.students.rounded, none.students.rounded) == (None, None)


async def test_a_number_is_near_the_truth_and_an_entry_names_the_draft_and_nothing_else(idle_gateway: Gateway) -> None:
    found = await review(idle_gateway, draft())
    assert found.students.rounded is not None
    assert found.students.rounded % 10 == 0
    assert abs(found.students.rounded - enrolled(SCHOOLS)) <= 10
    (entry,) = await counted(idle_gateway)
    assert entry == {"event": EVENT, "draft": found.digest, "line": "agreement:whole-schools"}
    (row,) = await kept(idle_gateway)
    assert (row["students"], row["idx"]) == (found.students.rounded, found.students.entry)


async def test_the_same_draft_is_answered_from_what_was_answered_today(idle_gateway: Gateway) -> None:
    first = await review(idle_gateway, draft())
    size = await idle_gateway.size()
    assert await review(idle_gateway, draft()) == first
    assert await idle_gateway.size() == size
    await idle_gateway.at(NOON + dt.timedelta(days=1))
    later = await review(idle_gateway, draft())
    assert (later.students.words, later.students.entry) == (first.students.words, size)


async def test_an_answer_that_was_given_cannot_be_taken_back(idle_gateway: Gateway) -> None:
    await review(idle_gateway, draft())
    owner = await idle_gateway.database.connection("owner")
    for change in (
        "UPDATE gateway.draft_count SET students = 10",
        "DELETE FROM gateway.draft_count",
        "TRUNCATE gateway.draft_count",
    ):
        with pytest.raises(Exception, match="only added"):
            await owner.execute(change)
    for role in ("app", "auditor"):
        with pytest.raises(Exception, match="permission denied"):
            await (await idle_gateway.database.connection(role)).fetch("SELECT * FROM gateway.draft_count")


def amended(gateway: Gateway, changes: Mapping[str, Any]) -> bytes:
    """The next version of the tutoring agreement."""
    old = gateway.deployment.agreements[TUTORING].agreement
    content = changed(json.loads(old.canonical), {"/version": 2, "/replaces": old.digest, **changes})
    return canonical_bytes(content)


async def test_a_next_version_is_compared_with_the_one_in_force(idle_gateway: Gateway) -> None:
    english = {"element": "000180", "transformation": "exact", "own_line": True}
    changes = {
        "/datasets/0/elements/0": english,
        "/term/last_day": "2027-07-15",
        "/population/all/1/in/values": ["ECS-102", "ECS-103"],
    }
    found = await review(idle_gateway, amended(idle_gateway, changes))
    compared = found.compared
    assert (compared.digest, compared.version) == (idle_gateway.digest(TUTORING), 1)
    (students,) = compared.difference.datasets
    assert [line.element for line in students.added] == ["000180"]
    assert [line.element for line in students.removed] == ["000115"]
    assert [(each.first.isoformat(), each.count) for each in compared.difference.days_added] == [("2027-07-01", 15)]
    assert compared.difference.population_within
    assert any("covers nobody whom it did not cover before" in sentence for sentence in compared.sentences)
    assert found.students.words == "fewer than 10"
    assert found.students.before is not None
    assert found.students.change == f"{found.students.before} before"
    assert found.usual.outside == ("/datasets/0/elements/0",)
    assert found.students.notes == ()
    (line,) = [each for each in found.datasets[0].elements if not each.usual]
    assert (line.title, line.tier, line.leaves) == ("English learner", "T4", "as it is")


async def test_a_small_amendment_has_the_number_of_the_version_in_force(idle_gateway: Gateway) -> None:
    fewer = {"/population/all/1/in/values": ["ECS-101", "ECS-102", "ECS-103", "ECS-104", "ECS-105"]}
    found = await review(idle_gateway, amended(idle_gateway, fewer))
    assert found.students.words == found.students.before
    assert found.students.change == "about as many"
    # The version in force itself is a draft like any other, and is compared with nothing.
    itself = await review(idle_gateway, idle_gateway.deployment.agreements[TUTORING].agreement.canonical)
    assert (itself.students.words, itself.students.before, itself.compared.digest) == (found.students.words, None, None)


async def test_a_new_agreement_brings_everything_and_says_what_only_words_carry(idle_gateway: Gateway) -> None:
    found = await review(idle_gateway, draft())
    assert (found.compared.digest, found.students.before, found.students.change) == (None, None, None)
    assert [each.dataset for each in found.compared.difference.datasets] == ["students", "attendance", "discipline"]
    assert found.words_only["/purpose/words"] == example(SPS_B)["purpose"]["words"]
    assert found.withheld == ()
    assert all(each.students == found.students.words for each in found.datasets)
    gated = canonical_bytes(changed(example(SPS_A), {"/datasets/0/elements/0": homeless(), "/id": "agreement:x"}))
    lines = (await review(idle_gateway, gated)).datasets[0].elements
    assert (lines[0].tier, lines[0].law) == ("T4-MV", "42 U.S.C. 11432(g)(3)(G)")


async def test_a_new_line_is_counted_without_the_lists_it_does_not_have_yet_and_says_so(idle_gateway: Gateway) -> None:
    asked = canonical_bytes(changed(example(SPS_A), {"/id": "agreement:brand-new"}))
    found = await review(idle_gateway, asked)
    assert [note.partition(" yet")[0] for note in found.students.notes] == [
        "This agreement has no consents",
        "This agreement has no roster",
    ]
    assert (found.students.rounded or 0) > 30
    assert (await review(idle_gateway, asked)).students.notes == found.students.notes


def homeless() -> dict[str, Any]:
    return {"element": "000149", "transformation": "exact", "own_line": True}


@pytest.mark.claim(9)
async def test_a_review_reads_no_value_of_any_student_and_names_nobody(idle_gateway: Gateway) -> None:
    office = await idle_gateway.office()
    statements: list[str] = []
    event.listen(office.engine.sync_engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    found = await review_draft(office.desk, draft(changes={"/datasets/0/elements/0/transformation": "blank"}))
    asked = " ".join(statements)
    for column in ("first_name", "last_name", "student_identifier", "birthdate", "days_absent", "telephone"):
        assert column not in asked, column
    told = repr(found)
    assert not any(text in told for text in personal())
    rows = {row["record_code"] for dataset in found.datasets for row in dataset.examples}
    assert rows == {"EXAMPLE-1", "EXAMPLE-2"}
    assert [row["first_name"] for row in found.datasets[0].examples] == [None, None]
    assert found.datasets[2].examples[0]["incident_identifier"] == 2
