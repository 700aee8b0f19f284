"""
The public register over HTTP: what anybody may read of agreements in force, at what cost, and what never appears in it.

Row A10: an agreement in force appears within a minute; a draft never. Claim 9: nobody is named.
"""

import asyncio
import csv
import datetime as dt
import io
import json
import re
from urllib.parse import quote

import pytest
from sqlalchemy import text

from agreements.lifecycle import Standing
from agreements.register import insert_document
from gateway.problems import Problem
from gateway.services.publishing.publication import Publication
from gateway.services.publishing.usage import Usage
from tests.factories.agreements import SPS_B, SignedAgreement
from tests.factories.cohort import FOLLOW_UP, MENTORING, TUTORING, personal
from tests.factories.gateway import NOON, Gateway
from tests.factories.public_register import Minutes, Page, board, cut_off
from tests.factories.unhurried import PATIENCE

APRIL = dt.datetime(2027, 4, 11, 8, tzinfo=dt.UTC)
"""The hour after March has been over for ten days, in the agreements' zone."""


class Hurried(Minutes):
    """A clock by which everything takes too long."""

    def __call__(self) -> float:
        self.seconds += 2
        return self.seconds


async def digests(publication: Publication) -> set[str]:
    return {each.digest for each in (await publication.read()).register.agreements}


def further(gateway: Gateway, title: str = "A further agreement") -> SignedAgreement:
    return gateway.deployment.ring.agreement(SPS_B, changes={"/id": "agreement:further", "/title": title})


async def every_form(gateway: Gateway) -> dict[str, bytes]:
    """Every address of the register with what it answers, one page an agreement included."""
    paths = ["/register", "/register.csv", "/register.json"]
    listed = (await gateway.http.get("/register.json")).json()["agreements"]
    paths += [f"/register/{each['digest']}" for each in listed]
    answers = {path: await gateway.http.get(path) for path in paths}
    assert {answer.status_code for answer in answers.values()} == {200}
    return {path: answer.content for path, answer in answers.items()}


# ----------------------------------------------------------------------------------------- who is in, who is not


@pytest.mark.ferpa("A10")
async def test_what_is_not_in_force_and_what_does_not_verify_is_never_in_the_register(gateway: Gateway) -> None:
    office = await gateway.office()
    draft = further(gateway, "Only a draft")
    clock = Minutes()
    publication = board(gateway, clock)
    before = await digests(publication)
    assert len(before) == 3
    # Signed by both parties and put into the register by hand, with a move to active: no entry names it.
    async with office.engine.begin() as connection:
        await insert_document(connection, draft.envelope, concerns=None, index=3)
        await connection.execute(
            text("INSERT INTO agreements.status (agreement, status, idx, reason) VALUES (:of, 'active', 3, 'by hand')"),
            {"of": bytes.fromhex(draft.digest.removeprefix("sha256:"))},
        )
    clock.seconds += 3600
    assert await digests(publication) == before
    # An approval that is taken away takes the agreement with it.
    owner = await gateway.database.connection("owner")
    tutoring = bytes.fromhex(gateway.digest(TUTORING).removeprefix("sha256:"))
    await owner.execute("ALTER TABLE agreements.document DISABLE TRIGGER USER")
    await owner.execute("DELETE FROM agreements.document WHERE kind = 'approval' AND concerns = $1", tutoring)
    await owner.execute("ALTER TABLE agreements.document ENABLE TRIGGER USER")
    await gateway.serve()
    found = await every_form(gateway)
    assert [path for path in found if "sha256" in path] == [
        f"/register/{gateway.digest(name)}" for name in (FOLLOW_UP, MENTORING)
    ]
    assert all(b"Only a draft" not in body and draft.digest.encode() not in body for body in found.values())


@pytest.mark.ferpa("A10")
async def test_an_agreement_in_force_appears_within_a_minute(gateway: Gateway) -> None:
    office, clock = await gateway.office(), Minutes()
    publication = board(gateway, clock)
    assert len(await digests(publication)) == 3
    signed = further(gateway)
    await office.onboarding.activate(signed.envelope, [signed.approval])
    clock.seconds += 59.9
    assert len(await digests(publication)) == 3
    clock.seconds += 0.1
    assert signed.digest in await digests(publication)


@pytest.mark.ferpa("A10")
@pytest.mark.parametrize("what", ["agreement", "partner"])
async def test_a_suspended_agreement_stays_and_is_marked(gateway: Gateway, what: str) -> None:
    suspensions, why = (await gateway.office()).suspensions, "to be looked into"
    if what == "partner":
        await suspensions.suspend_partner("partner:harbor-mentors", why)
    else:
        await suspensions.stop_agreement(gateway.digest(MENTORING), Standing.SUSPENDED, why)
    listed = (await gateway.http.get("/register.json")).json()["agreements"]
    standings = {each["digest"]: each["standing"]["code"] for each in listed}
    assert standings == {
        gateway.digest(TUTORING): "in_force",
        gateway.digest(FOLLOW_UP): "in_force",
        gateway.digest(MENTORING): "suspended",
    }
    found = await every_form(gateway)
    page = Page(found[f"/register/{gateway.digest(MENTORING)}"])
    assert "Suspended It was stopped until further notice." in page.all("main")[0].words
    # Why is the district's business.
    assert all(b"to be looked into" not in body for body in found.values())


# -------------------------------------------------------------------------------------------------------- nobody


@pytest.mark.claim(9)
@pytest.mark.ferpa("A10")
async def test_nobody_is_named_in_any_form(gateway: Gateway) -> None:
    await gateway.rows(TUTORING)
    await gateway.rows(MENTORING)
    await gateway.at(APRIL)
    ring = gateway.deployment.ring
    people = {person.name for person in (*ring.officers, *ring.signers.values())} | {
        "Dana Signer",
        "Rae Responsible",
        "rae@partner.example",
    }
    keys = {person.key.thumbprint for person in (*ring.officers, *ring.signers.values())}
    clients = {partner.client for partner in gateway.deployment.partners.values()}
    uuids = {client.removeprefix("client:") for client in clients}
    kept = json.dumps(await gateway.entries())
    secret = {*people, *keys, *clients, *uuids, *personal(), "drafted_by", "nightly"}
    # They are there to be found: on record, or in the documents.
    assert all(client in kept for client in clients)
    office = await gateway.office()
    async with office.engine.connect() as connection:
        stored = [row.envelope for row in await connection.execute(text("SELECT envelope FROM agreements.document"))]
    assert len(stored) > 8
    forms = {**await every_form(gateway), "style": (await gateway.http.get("/register.css")).content}
    for path, body in forms.items():
        said = body.decode()
        for words in secret:
            for form in (words, quote(words), json.dumps(words)[1:-1]):
                assert form not in said, (path, form)
        assert "@" not in said or path == "style", path
    # How many students were disclosed, or are covered, is nowhere either: the only numbers are versions, ids and bands.
    for each in json.loads(forms["/register.json"])["agreements"]:
        assert {row["disclosures"] for row in each["months"]} <= {"none", "1-9", "10-99", "100-999", "1,000 or more"}


@pytest.mark.claim(9)
async def test_what_a_stranger_writes_into_a_query_or_a_path_is_neither_read_nor_logged(gateway: Gateway) -> None:
    plain = await gateway.http.get("/register")
    asked = await gateway.http.get("/register?student=Ximenara&page=7")
    assert (asked.content, asked.headers["etag"]) == (plain.content, plain.headers["etag"])
    missing = await gateway.http.get("/register/Ximenara?q=Okonkwolski")
    assert (missing.status_code, missing.json()["code"]) == (404, "not_found")
    said = json.dumps(gateway.lines)
    assert "Ximenara" not in said
    assert "Okonkwolski" not in said
    assert [line["route"] for line in gateway.lines[-3:]] == ["/register", "/register", "/register/{digest}"]


# ---------------------------------------------------------------------------------------------------------- cost


async def test_strangers_cannot_make_the_gateway_work(gateway: Gateway) -> None:
    clock = Minutes()
    publication = board(gateway, clock)
    await publication.read()
    # The database goes away: what was read lasts its minute, and nobody notices.
    await cut_off(gateway)
    register = (await publication.read()).register
    clock.seconds += 59
    issue = await publication.read()
    assert (issue.register, issue.seconds) == (register, 1)
    clock.seconds += 1
    failures = []
    for _ in range(3):
        with pytest.raises(Exception) as failed:  # noqa: PT011 -- whichever part misses it first
            await publication.read()
        failures.append(failed.type)
    # Only the first of them tried.
    assert failures[0] is not Problem
    assert failures[1:] == [Problem, Problem]
    clock.seconds += 5
    # Many at once: one of them tries.
    crowd = await asyncio.gather(*(publication.read() for _ in range(20)), return_exceptions=True)
    assert [type(each) for each in crowd] == [failures[0], *[Problem] * 19]


@pytest.mark.attack("the database hangs, and strangers ask on")
async def test_a_reading_that_hangs_is_given_up_and_not_tried_again_at_once(gateway: Gateway) -> None:
    clock = Minutes()
    publication = board(gateway, clock)
    holder = await gateway.database.connection("admin")
    async with holder.transaction():
        # What only the duties are read from: the last part of a reading is bounded too.
        await publication.read()
        clock.seconds += 60
        await holder.execute("LOCK TABLE audit.entry IN ACCESS EXCLUSIVE MODE")
        publication._patience = 0.5  # from here on
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(publication.read(), PATIENCE)
        with pytest.raises(Problem):
            await publication.read()
    clock.seconds += 5
    publication._patience = PATIENCE
    assert len(await digests(publication)) == 3


async def test_a_reading_that_its_caller_gives_up_is_not_tried_again_at_once(gateway: Gateway) -> None:
    clock = Minutes()
    publication = board(gateway, clock)
    holder = await gateway.database.connection("admin")
    async with holder.transaction():
        await holder.execute("LOCK TABLE audit.head IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(publication.read(), 0.2)
    with pytest.raises(Problem):
        await publication.read()


async def test_a_register_that_did_not_change_is_made_once(gateway: Gateway) -> None:
    clock = Minutes()
    publication = board(gateway, clock)
    first = await publication.read()
    clock.seconds += 60
    again = await publication.read()
    assert again.register is first.register
    assert (first.seconds, again.seconds) == (60, 60)
    await gateway.at(NOON + dt.timedelta(days=1))
    clock.seconds += 60
    later = await publication.read()
    assert later.register.as_of == first.register.as_of + dt.timedelta(days=1)


# ------------------------------------------------------------------------------------------------------- headers


async def test_a_register_that_cannot_be_read_is_a_problem_that_nobody_keeps(gateway: Gateway) -> None:
    await cut_off(gateway)
    answer = await gateway.http.get("/register")
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    assert "style-src" not in answer.headers["content-security-policy"]


@pytest.mark.parametrize("path", ["/register/sha256:" + "0" * 64, "/register/", "/register.xml", "/register/a/b"])
async def test_what_is_not_in_the_register_is_a_problem_that_nobody_keeps(gateway: Gateway, path: str) -> None:
    answer = await gateway.http.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-type"] == "application/problem+json"


async def test_nothing_can_be_written_there(gateway: Gateway) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        answer = await gateway.http.request(method, "/register", content=b"x=1")
        assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")


async def test_anybody_may_keep_an_answer_for_what_is_left_of_its_minute(gateway: Gateway) -> None:
    pages = {
        "/register": "text/html; charset=utf-8",
        f"/register/{gateway.digest(TUTORING)}": "text/html; charset=utf-8",
        "/register.csv": "text/csv; charset=utf-8; header=present",
        "/register.json": "application/json",
        "/register.css": "text/css; charset=utf-8",
    }
    for path, media_type in pages.items():
        answer = await gateway.http.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (200, media_type)
        kept = re.fullmatch(r"public, max-age=(\d+)", answer.headers["cache-control"])
        assert kept is not None
        assert 0 <= int(kept[1]) <= 60
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'self';")
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "set-cookie" not in answer.headers
        # Who holds it is told that it is still so, and gets nothing.
        tag = answer.headers["etag"]
        for held in (tag, f"W/{tag}", f'"other", {tag}', "*"):
            again = await gateway.http.get(path, headers={"if-none-match": held})
            assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
            assert again.headers["cache-control"].startswith("public")
        other = await gateway.http.get(path, headers={"if-none-match": '"other"'})
        assert (other.status_code, other.content) == (200, answer.content)
        head = await gateway.http.head(path)
        assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", tag)
    # No other answer of the gateway may be kept.
    for path in ("/healthz", "/.well-known/oauth-authorization-server"):
        assert (await gateway.http.get(path)).headers["cache-control"] == "no-store"


async def test_the_pages_lead_to_each_other_as_they_are_served(gateway: Gateway) -> None:
    waiting, seen = ["/register"], set()
    while waiting:
        path = waiting.pop()
        seen.add(path)
        answer = await gateway.http.get(path)
        assert answer.status_code == 200, path
        if not answer.headers["content-type"].startswith("text/html"):
            continue
        for link in Page(answer.content).all("a", "link"):
            target = answer.url.join(link.attributes["href"] or "").path
            waiting += [target] if target not in seen else []
    own = {f"/register/{gateway.digest(name)}" for name in (TUTORING, MENTORING, FOLLOW_UP)}
    assert seen == {"/register", "/register.css", "/register.csv", "/register.json", *own}


# ----------------------------------------------------------------------------------------------------------- use


def used(content: bytes) -> dict[str, dict[str, str]]:
    return {
        each["digest"]: {row["month"]: row["disclosures"] for row in each["months"]}
        for each in json.loads(content)["agreements"]
    }


async def test_months_of_use_are_counted_from_the_log_and_shown_after_ten_days(gateway: Gateway) -> None:
    for _ in range(9):
        await gateway.ask(TUTORING)
    for _ in range(10):
        await gateway.ask(MENTORING)
    await gateway.ask(FOLLOW_UP)
    # A tenth answer that held nobody, and a refusal, disclosed nothing.
    assert (await gateway.get(TUTORING, "/v1/students?first_name=Nobody")).json()["data"] == []
    assert (await gateway.get(TUTORING, "/v1/students?fields=sex")).status_code == 403
    await gateway.at(APRIL - dt.timedelta(hours=2))
    assert all("2027-03" not in months for months in used((await gateway.http.get("/register.json")).content).values())
    await gateway.at(APRIL)
    clock = Minutes()
    register = (await board(gateway, clock).read()).register
    found = {
        each.digest: {row.month: row.disclosures.value for row in each.months or ()} for each in register.agreements
    }
    march = dt.date(2027, 3, 1)
    assert {name: found[gateway.digest(name)][march] for name in (TUTORING, MENTORING, FOLLOW_UP)} == {
        TUTORING: "1-9",
        MENTORING: "10-99",
        FOLLOW_UP: "1-9",
    }
    # From the first month of the term on; April is not over.
    autumn = [dt.date(2026, month, 1) for month in (9, 10, 11, 12)]
    assert {month for months in found.values() for month in months} == {
        *autumn,
        *(dt.date(2027, month, 1) for month in (1, 2, 3)),
    }


async def test_a_disclosure_counts_in_the_month_of_the_agreements_own_zone(gateway: Gateway) -> None:
    await gateway.at(dt.datetime(2027, 4, 1, 6, 59, tzinfo=dt.UTC))  # 31 March, a minute before midnight
    await gateway.ask(TUTORING)
    await gateway.at(dt.datetime(2027, 4, 1, 7, 1, tzinfo=dt.UTC))
    await gateway.ask(MENTORING)
    await gateway.at(dt.datetime(2027, 5, 12, tzinfo=dt.UTC))
    found = used((await gateway.http.get("/register.json")).content)
    tutoring, mentoring = found[gateway.digest(TUTORING)], found[gateway.digest(MENTORING)]
    assert (tutoring["2027-03"], tutoring["2027-04"]) == ("1-9", "none")
    assert (mentoring["2027-03"], mentoring["2027-04"]) == ("none", "1-9")


async def test_counting_goes_on_where_it_stopped_and_takes_no_entry_twice(gateway: Gateway) -> None:
    await gateway.ask(TUTORING)
    pool, size = gateway.services.database.pool, await gateway.size()
    whole, pieces = Usage(), Usage()
    assert await whole.advance(pool, size, {})
    for part in range(1, size + 1):
        assert await pieces.advance(pool, part, {})
    assert pieces.months(gateway.digest(TUTORING)) == whole.months(gateway.digest(TUTORING)) == {dt.date(2027, 3, 1): 1}
    assert pieces.seen == whole.seen == size
    assert await whole.advance(pool, size, {})
    assert whole.months(gateway.digest(TUTORING)) == {dt.date(2027, 3, 1): 1}
    assert whole.months("sha256:" + "0" * 64) == {}


async def test_a_long_log_is_counted_in_turns_and_no_month_is_shown_before_that(gateway: Gateway) -> None:
    for _ in range(260):
        await gateway.ask(TUTORING)
    size, pool = await gateway.size(), gateway.services.database.pool
    usage, ticks = Usage(), iter(range(10))
    assert not await usage.advance(pool, size, {}, seconds=1.0, elapsed=lambda: float(next(ticks)))
    assert 0 < usage.seen < size
    assert await usage.advance(pool, size, {})
    assert usage.months(gateway.digest(TUTORING)) == {dt.date(2027, 3, 1): 260}
    # Until then nobody is said to owe anything for it either: it may be that nothing left.
    office, clock = await gateway.office(), Hurried()
    await office.suspensions.stop_agreement(gateway.digest(TUTORING), Standing.TERMINATED, "test")
    publication = board(gateway, clock)
    for counted in (False, True):
        found = {each.digest: each for each in (await publication.read()).register.agreements}
        assert [each.months is not None for each in found.values()] == [counted] * 3
        assert found[gateway.digest(TUTORING)].duties.destruction == ("due" if counted else None)
        assert found[gateway.digest(FOLLOW_UP)].duties.destruction == ("not_due" if counted else None)
        clock.seconds += 60


def test_what_is_no_entry_of_ours_counts_for_nothing() -> None:
    usage = Usage()
    for leaf in (b'{"event":"disclosure"', b'{"event":"disclosure","time":"x"}', b'\xff"event":"disclosure"'):
        usage._count(leaf, {})
    usage._count(
        b'{"agreement":"a","event":"refusal","note":{"event":"disclosure"},"records":1,"time":"2027-03-01T00:00:00Z"}',
        {},
    )
    usage._count(b'{"agreement":"a","event":"disclosure","records":0,"time":"2027-03-01T00:00:00Z"}', {})
    assert usage.months("a") == {}
    # An answer that held nobody is no use, and it is owed for all the same, as the district's own list has it.
    assert usage.used("a")
    assert not usage.used("b")


async def test_csv_and_json_agree_over_the_wire(gateway: Gateway) -> None:
    rows = list(csv.DictReader(io.StringIO((await gateway.http.get("/register.csv")).text, newline="")))
    listed = (await gateway.http.get("/register.json")).json()["agreements"]
    assert [row["digest"] for row in rows] == [each["digest"] for each in listed]
    assert len(rows) == 3
