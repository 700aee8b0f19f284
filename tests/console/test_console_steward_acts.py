"""What a steward does on the pages: each act waits for signatures where it widens, and names who entered it."""

import datetime as dt
import re

import pypdfium2
import pytest

from agreements.documents.classification import Verdict, read_classification
from agreements.documents.roster_decision import Answer, read_roster_decision
from agreements.documents.signer import ROLES, ROSTERS, Signer, signer_bytes
from agreements.roles import Role
from agreements.signature import Kind
from gateway.records.signed import Capacity, Form
from gateway.services.admissions import Admissions
from tests.factories.agreements import key_for
from tests.factories.cohort import DAY, STUDENTS, TUTORING
from tests.factories.console import Console, handed_in
from tests.factories.papers import papers_of, signed_paper
from tests.factories.staff import Browser
from tests.factories.superuser import superuser

CALIXTE = STUDENTS["calixte"]
DIGEST = "sha256:" + "ab" * 32
PAPER = re.compile(r"/console/papers/(sha256:[0-9a-f]{64})")


async def paper(browser: Browser, path: str, form: dict[str, str]) -> str:
    """Return the digest of the paper that a form leads to."""
    answer = await browser.post(path, form)
    found = PAPER.fullmatch(answer.headers.get("location", ""))
    assert found is not None, answer.text
    return found[1]


@pytest.mark.claim(12)
async def test_codes_are_judged_by_two_who_sign_what_a_steward_prepared(console: Console) -> None:
    admin = await superuser(console.gateway)
    await admin.execute("UPDATE records.enrollment SET exit_type = 'Moved to the moon'")
    steward = await console.as_a(Role.STEWARD)
    page = (await steward.get("/console/codes")).text
    field = re.search(r'name="(code \S+ Moved to the moon)"', page)
    assert field is not None, page
    token = await steward.token()
    good = {"csrf": token, "reason": "It is nobody's business but ours.", field[1]: "never"}
    for wrong in (
        {field[1]: ""},
        {field[1]: "withdrawn"},
        {field[1]: "gated:no such law"},
        {"reason": ""},
        {"reason": "x" * 401},
    ):
        answer = await steward.post("/console/codes", {**good, **wrong})
        assert answer.status_code in {400, 409}, (wrong, answer.text)
    digest = await paper(steward, "/console/codes", good)
    found = await (await papers_of(console)).paper(digest)
    (judged,) = read_classification(found.envelope.payload).codes
    assert (judged.value, judged.verdict) == ("Moved to the moon", Verdict.NEVER)
    assert "Moved to the moon" in (await steward.get("/console/codes")).text, "nothing counts before it is signed"


@pytest.mark.ferpa("R2")
@pytest.mark.claim(12)
async def test_a_roster_is_decided_by_a_key_that_may_now_and_no_other_can_be_chosen(console: Console) -> None:
    roster, ring = await handed_in(console), console.gateway.deployment.ring
    district = console.gateway.deployment.agreements[TUTORING].agreement.district.id

    async def introduced(name: str, *may_sign: str, school: str | None = None, last: dt.date = DAY) -> str:
        key = key_for(name)
        given = Signer(district, ROLES[0], name, key.public, dt.date(2026, 7, 1), last, may_sign, school)
        document = ring.sign(Kind.SIGNER, signer_bytes(given), ring.officers[1].key)
        await Admissions(console.office.desk).introduce_signer(document)
        return key.thumbprint

    may = [await introduced("Nadia Named", ROSTERS), await introduced("Percy Principal", ROSTERS, school="ECS-103")]
    over = await introduced("Otto Over", ROSTERS, school="ECS-103", last=dt.date(2026, 12, 31))
    others = [over, await introduced("Sam Signs", "agreement"), ring.signer("partner:bright-path").key.thumbprint]
    steward, place = await console.as_a(Role.STEWARD), f"/console/rosters/{roster}"
    page = (await steward.get(place)).text
    assert "1 matched, 1 waiting," in page, "its lines are counted as they are shown, before anybody kept a match"
    assert (page.count("by the rule "), page.count("waits: ")) == (1, 1)
    choice = re.findall(r'<select[^>]* id="decider" .*?</select>', page, re.DOTALL)
    offered = set(re.findall('value="([^"]+)"', choice[0]))
    assert offered == {*may, *(each.key.thumbprint for each in ring.officers)}
    form = {"csrf": await steward.token(), "answer": "accept"}
    for kid in others:
        refused = await steward.post(f"{place}/decide", {**form, "decider": kid})
        assert (refused.status_code, "by whose key" in refused.text) == (400, True)
    assert await paper(steward, f"{place}/decide", {**form, "decider": may[0]})


@pytest.mark.ferpa("R2")
async def test_a_roster_is_matched_and_its_decision_signed_by_the_key_it_names(console: Console) -> None:
    roster, start = await handed_in(console), await console.gateway.size()
    steward = await console.as_a(Role.STEWARD)
    csrf, place = {"csrf": await steward.token()}, f"/console/rosters/{roster}"
    kid = console.gateway.deployment.ring.officers[0].key.thumbprint
    assert (await steward.get("/console/rosters/1")).status_code == 404
    assert (await steward.post("/console/rosters/1/match", csrf)).status_code == 404
    # Before anybody has it matched nothing is counted as matched or waiting, and its page counts what it shows.
    columns = '<td class="pg-number">{}</td>\\s*<td class="pg-number">{}</td>\\s*</tr>'
    assert re.search(columns.format(r"\W", r"\W"), (await steward.get("/console/rosters")).text)
    assert "1 matched, 1 waiting, 0 set aside" in (await steward.get(place)).text
    for path, form in (
        ("say", {"line": "2", "number": "no-such-number"}),
        ("say", {"line": "nine", "number": CALIXTE.number}),
        ("set-aside", {"line": "7"}),
        ("decide", {"answer": "accept"}),
        ("decide", {"answer": "accept", "decider": "nobody"}),
        ("decide", {"answer": "refuse", "decider": kid}),
        ("decide", {"answer": "refuse", "decider": kid, "reason": "x" * 1_001}),
    ):
        answer = await steward.post(f"{place}/{path}", {**csrf, **form})
        assert answer.status_code in {400, 409}, (path, form, answer.text)
        assert "no-such-number" not in answer.text
    assert (await steward.post(f"{place}/match", csrf)).status_code == 303
    assert re.search(columns.format(1, 1), (await steward.get("/console/rosters")).text)
    page = (await steward.post(f"{place}/look", csrf)).text
    assert CALIXTE.first in page
    assert page.count("/say") == 1, "only the line that waits"
    assert "Take line 2 back" in (await steward.post(f"{place}/set-aside", {**csrf, "line": "2"})).text
    assert (await steward.post(f"{place}/set-aside", {**csrf, "line": "2", "back": "1"})).status_code == 200
    said = {**csrf, "line": "2", "number": STUDENTS["dagny"].number}
    assert STUDENTS["dagny"].first in (await steward.post(f"{place}/say", said)).text
    officer = console.gateway.deployment.ring.officers[0].key
    form = {**csrf, "answer": "accept", "decider": officer.thumbprint}
    digest = await paper(steward, f"{place}/decide", form)
    assert CALIXTE.number not in str(await console.gateway.entries(start))
    found = await (await papers_of(console)).paper(digest)
    assert read_roster_decision(found.envelope.payload).answer is Answer.ACCEPT
    assert not await console.entries(start, "roster.decided"), "nothing counts before it is signed"
    signed = await signed_paper(console, digest, officer)
    await (await papers_of(console)).add(digest, signed, console.people[Role.STEWARD].id)
    assert (await steward.post(f"/console/papers/{digest}/file", csrf)).status_code == 303
    (decided,) = await console.entries(start, "roster.decided")
    assert decided["decision"] == "accept"


@pytest.mark.claim(4)
async def test_nobody_sees_the_children_of_a_roster_or_of_a_slip_before_the_log_says_who_looked(
    console: Console,
) -> None:
    roster, start = await handed_in(console), await console.gateway.size()
    steward, person = await console.as_a(Role.STEWARD), console.people[Role.STEWARD].id
    csrf, place = {"csrf": await steward.token()}, f"/console/rosters/{roster}"
    page = await steward.get(place)
    assert (page.status_code, "by the rule" in page.text, "waits: " in page.text) == (200, True, True)
    for told in (CALIXTE.first, CALIXTE.last, CALIXTE.number, "Anywhere"):
        assert told not in page.text
    assert not await console.entries(start, "names.shown"), "reading a page is no act"
    asked = {**csrf, "line": "2", "number": "no-such-number"}
    slip = {**csrf, "number": CALIXTE.number, "entry": "0", "language": "en"}
    looks: tuple[tuple[str, dict[str, str], int, dict[str, int]], ...] = (
        (f"{place}/look", csrf, 200, {"submission": roster}),
        (f"{place}/say", asked, 409, {"submission": roster}),
        (f"{place}/set-aside", {**csrf, "line": "7"}, 409, {"submission": roster}),
        ("/console/consents/slip", slip, 404, {}),
        ("/console/consents/slip", {**slip, "number": "no-such-number"}, 404, {}),
    )
    for path, form, status, about in looks:
        start = await console.gateway.size()
        assert (await steward.post(path, form)).status_code == status, path
        (entry,) = await console.entries(start, "names.shown")
        assert {name: entry[name] for name in entry if name not in {"event", "time", "v"}} == {
            **about,
            "person": person,
        }
    unknown = await steward.post("/console/rosters/1/look", csrf)
    assert (unknown.status_code, len(await console.entries(start, "names.shown"))) == (404, 1)


def consent(console: Console, token: str) -> dict[str, str]:
    return {
        "csrf": token,
        "number": CALIXTE.number,
        "agreement": console.gateway.line(TUTORING),
        "party": "partner:bright-path",
        "purpose": "tutoring",
        "what_will_be_done": "Tutors plan sessions.",
        "everything": "1",
        "signed_by": Capacity.PARENT.value,
        "signer": "Somebody's mother",
        "signed_on": DAY.isoformat(),
        "form": Form.PAPER.value,
        "evidence": DIGEST,
        "notice": DIGEST,
        "notice_language": "es",
    }


@pytest.mark.ferpa("C1")
async def test_a_consent_that_lacks_anything_is_refused_and_one_that_is_whole_names_who_entered_it(
    console: Console,
) -> None:
    steward, start = await console.as_a(Role.STEWARD), await console.gateway.size()
    token = await steward.token()
    good = consent(console, token)
    for wrong, status in (
        ({"signed_on": "10 March"}, 400),
        ({"signed_on": ""}, 400),
        ({"signed_on": "1999-12-31"}, 400),
        ({"last": "2101-01-01"}, 400),
        ({"everything": ""}, 400),
        ({"elements": "000115"}, 400),
        ({"everything": "", "elements": "no such element"}, 400),
        ({"form": "by telephone"}, 400),
        ({"form": "electronic"}, 400),
        ({"approved_by": "silence"}, 400),
        ({"signed_by": "a neighbour"}, 400),
        ({"signer": ""}, 400),
        ({"purpose": ""}, 400),
        ({"evidence": "a scan"}, 400),
        ({"notice": ""}, 400),
        ({"number": "no-such-number"}, 404),
        ({"agreement": "agreement:nobodys"}, 404),
        ({"signed_by": "eligible_student"}, 403),
        ({"signed_by": "x" * 4_001}, 400),
    ):
        answer = await steward.post("/console/consents", {**good, **wrong})
        assert answer.status_code == status, (wrong, answer.text)
        # What is wrong is said without what was typed, and the number does not even come back in its field.
        assert "Somebody" not in answer.text.partition('role="alert"')[2].partition("<form")[0]
        assert "no-such-number" not in answer.text
    assert "4000 characters at most" in answer.text, "and never cut"
    assert not await console.entries(start, "consent.given")
    page = await steward.post("/console/consents", good)
    assert "It is on file" in page.text
    (entry,) = await console.entries(start, "consent.given")
    assert entry["person"] == console.people[Role.STEWARD].id
    assert CALIXTE.number not in str(console.gateway.lines)
    number = re.search(r'name="entry" value="(\d+)"', page.text)
    assert number is not None
    form = {"csrf": token, "number": CALIXTE.number, "entry": number[1], "language": "es"}
    for wrong, status in (({"entry": "x"}, 400), ({"language": "fr"}, 400), ({"entry": "0"}, 404)):
        assert (await steward.post("/console/consents/slip", {**form, **wrong})).status_code == status, wrong
    slip = await steward.post("/console/consents/slip", form)
    assert slip.headers["content-type"] == "application/pdf"
    (shown,) = [each for each in await console.entries(start, "names.shown") if "entry" in each]
    assert (shown["entry"], shown["person"]) == (int(number[1]), console.people[Role.STEWARD].id)
    text = pypdfium2.PdfDocument(slip.content)[0].get_textpage().get_text_range()
    assert CALIXTE.first in text


@pytest.mark.ferpa("T2")
async def test_a_statement_is_placed_and_ended_and_names_who_entered_it(console: Console) -> None:
    steward, start = await console.as_a(Role.STEWARD), await console.gateway.size()
    form = {"csrf": await steward.token(), "number": CALIXTE.number, "elements": "first_name, 000172"}
    path = "/console/consents/statement"
    for wrong, status in (
        ({"words": ""}, 400),
        ({"words": "It is wrong.", "elements": ""}, 400),
        ({"words": "It is wrong.", "elements": "first_name, nothing"}, 400),
        ({"ending": "because"}, 400),
        ({"ending": "amended"}, 409),
        ({"words": "It is wrong.", "number": "no-such-number"}, 404),
    ):
        assert (await steward.post(path, {**form, **wrong})).status_code == status, wrong
    # A browser ends a line by CR LF and counts LF: as many as the page takes, and not one is lost.
    said = "It is wrong.\n" + "x" * 3_986 + "!"
    start = await console.gateway.size()
    assert len(said) == 4_000
    assert (await steward.post(path, {**form, "words": said + "!"})).status_code == 400
    assert not await console.entries(start, "statement.placed")
    assert "It is on file" in (await steward.post(path, {**form, "words": said.replace("\n", "\r\n")})).text
    admin = await superuser(console.gateway)
    assert await admin.fetchval("SELECT statement FROM records.contested WHERE to_idx IS NULL") == said
    # Of words and an ending on one form nobody knows which was meant.
    both = await steward.post(path, {**form, "words": "It is wrong still.", "ending": "amended"})
    assert (both.status_code, "It is wrong still." in both.text) == (400, True)
    assert "It is on file" in (await steward.post(path, {**form, "ending": "amended"})).text
    for event in ("statement.placed", "statement.ended"):
        (entry,) = await console.entries(start, event)
        assert entry["person"] == console.people[Role.STEWARD].id
        assert "It is wrong" not in str(entry)
