"""Drafts on the pages: kept page by page, refused to be written over, sound only where `agreement check` says so."""

import json
from typing import Any
from uuid import uuid4

import pytest

from agreements.basis import Basis
from agreements.document import agreement_problems
from agreements.elements import load_catalogue
from agreements.errors import BadKey
from agreements.keys import SigningKey
from agreements.roles import Role
from gateway.services.alarms import alarm
from gateway.services.drafts.choosing import Chosen
from gateway.services.drafts.drafting import Answers, drafted
from gateway.services.drafts.kept import MOST, Drafts
from gateway.services.drafts.registered import registered_agreement
from gateway.services.drafts.rehearsing import rehearse_draft
from gateway.services.papers.own_passkeys import OwnPasskeys
from tests.factories.cohort import TUTORING
from tests.factories.console import Console
from tests.factories.console_drafts import KEY, PAPER, Pen, a_sound_draft, content_of
from tests.factories.staff import Browser
from tests.factories.superuser import superuser

pytestmark = [pytest.mark.claim(12)]

SCRIPT = '<script>alert("x")</script>'
FORMULA = '=HYPERLINK("http://x")'


async def written(admin: Browser) -> Pen:
    """Write a tutoring agreement from nothing, as a person does, page by page."""
    pen = await Pen.begin(admin, "consent")
    await pen.write("/purpose", basis__type="consent", purpose__code="tutoring", purpose__words="Tutoring after school")
    await pen.write(
        "/parties",
        partner__name="Bright Path",
        partner__id="partner:bright-path",
        partner__type="nonprofit",
        district__name="Emerald City School District",
        district__id="district:emerald-city",
        title="Tutoring with Bright Path",
        id="agreement:after-school",
    )
    await pen.write(
        "/basis",
        basis__records="Attendance of the student named in the form",
        basis__purpose="Tutoring",
        basis__party_or_class="Tutors of Bright Path",
        basis__signature="electronic",
        basis__what_will_be_done="Tutors plan sessions",
    )
    await pen.send("/data/students", {"years": "2026-2027", "form.000115": "exact", "form.000033": "age_years"})
    await pen.send("/data/attendance", {"years": "2026-2027", "form.000201": "exact"})
    await pen.send("/population", {"do": "add:", "add.": "roster"})
    await pen.send("/population", {"do": "add:", "add.": "in"})
    await pen.send("/population", {"column.1": "school_identifier", "values.1": "ECS-101\r\nECS-102\r\n"})
    await pen.write(
        "/term",
        term__first_day="2026-09-01",
        term__last_day="2027-06-30",
        term__time_zone="America/Los_Angeles",
        cadence="weekly",
        identifiers="record_code",
    )
    notice = (await content_of_notice(pen))["notice"]
    await pen.send(
        "/obligations",
        {
            "obligations.redisclosure.notice": notice,
            "obligations.destruction.destroy_when": "term_end",
            "obligations.destruction.destruction_period_days": "30",
            "obligations.breach_notice_hours": "24",
            "obligations.security": "\n".join(ANSWERS.security),
        },
    )
    await pen.write("/people", people__drafted_by=KEY)
    await pen.write("/paper", executed_pdf__title="Signed agreement", executed_pdf__sha256=PAPER)
    return pen


async def content_of_notice(_: Pen) -> dict[str, str]:
    return {"notice": ANSWERS.notice}


ANSWERS = Answers(
    basis=Basis.CONSENT,
    purpose="tutoring",
    purpose_words="Tutoring after school",
    id="agreement:after-school",
    title="Tutoring with Bright Path",
    district=("district:emerald-city", "Emerald City School District"),
    partner=("partner:bright-path", "Bright Path"),
    partner_type="nonprofit",
    parts={
        "records": ["Attendance of the student named in the form"],
        "purpose": ["Tutoring"],
        "party_or_class": ["Tutors of Bright Path"],
        "signature": ["electronic"],
        "what_will_be_done": ["Tutors plan sessions"],
    },
    school_years=("2026-2027",),
    chosen=(
        Chosen("students", "000115", "exact"),
        Chosen("students", "000033", "age_years"),
        Chosen("attendance", "000201", "exact"),
    ),
    schools=("ECS-101", "ECS-102"),
    first_day="2026-09-01",
    last_day="2027-06-30",
    time_zone="America/Los_Angeles",
    drafted_by=KEY,
    executed=(PAPER, "Signed agreement"),
)


def without_order(content: Any) -> Any:
    """Return a content in which elements stand by their ids: they are a set."""
    rows = [
        {**row, "elements": sorted(row["elements"], key=lambda each: each["element"])} for row in content["datasets"]
    ]
    return {**content, "datasets": rows}


async def test_a_draft_from_nothing_says_what_the_command_would_have_written(console: Console) -> None:
    admin, start = await console.as_a(Role.ADMINISTRATOR), await console.gateway.size()
    pen = await Pen.begin(admin, "consent")
    page = await pen.page("/review")
    assert "It cannot be signed yet" in page
    assert "The purpose is missing" in page
    assert (await admin.get(pen.path + "/canonical")).status_code == 409
    ready = {"csrf": pen.token, "revision": "1"}
    refused = await admin.post(pen.path + "/ready", ready, accept_language="es")
    assert refused.status_code == 409
    assert (
        "<p>Todavía falta algo o algo está mal, así que aún no hay nada que firmar, contar o comparar.</p>"
        in refused.text
    )
    assert '<li><span lang="en">The purpose is missing' in refused.text
    pen = await written(admin)
    content = await content_of(console, pen.path)
    assert without_order(content) == without_order(drafted(ANSWERS, load_catalogue()))
    assert not agreement_problems(content, load_catalogue())
    page = await pen.page("/review")
    assert "Nothing is missing" in page
    assert "A new agreement: all of it is added" in page
    assert not await console.entries(start, "draft.reviewed")  # looking at it counts nobody
    canonical = await admin.get(pen.path + "/canonical")
    assert canonical.headers["content-disposition"] == 'attachment; filename="after-school-1.json"'
    counted = await admin.post(pen.path + "/review", {"csrf": pen.token, "revision": await pen.revision()})
    (entry,) = await console.entries(start, "draft.reviewed")
    assert (entry["line"], entry["person"]) == ("agreement:after-school", console.people[Role.ADMINISTRATOR].id)
    assert f"/console/log/{await console.gateway.size() - 1}" in counted.text
    assert "fewer than 10" in counted.text or "about" in counted.text
    assert "19 of 20" in counted.text
    paper = await pen.send("/ready", {})
    assert paper.startswith("/console/papers/sha256:")
    assert "Tutoring with Bright Path" in (await admin.get(paper)).text
    assert (await admin.get(f"{paper}/document")).content == canonical.content
    assert await pen.send("/ready", {}) == paper


async def test_the_second_of_two_who_save_is_refused_and_overwrites_nothing(console: Console) -> None:
    one, other = await console.as_a(Role.ADMINISTRATOR), await console.as_a(Role.ADMINISTRATOR)
    pen = await Pen.begin(one, "consent")
    second = Pen(other, pen.path, await other.token())
    await pen.write("/purpose", basis__type="consent", purpose__words="The first")
    late = {"csrf": second.token, "revision": "1", "basis.type": "consent", "purpose.words": "The second"}
    refused = await other.post(pen.path + "/purpose", late)
    assert refused.status_code == 409
    assert "Somebody saved this draft in the meantime" in refused.text
    for nonsense in ("", "x", "99"):
        assert (await other.post(pen.path + "/purpose", {**late, "revision": nonsense})).status_code == 409
    assert (await content_of(console, pen.path))["purpose"] == {"words": "The first"}
    # Between reading it and writing it, too: the statement itself asks for the revision.
    office = console.office
    number = uuid4()
    drafts = Drafts(office.engine, lambda: number)
    await drafts.begin({}, "user:x")
    await drafts.save(number, 1, {"title": "a"}, "user:x")
    with pytest.raises(Exception, match="revision 2, not 1"):
        await drafts.save(number, 1, {"title": "b"}, "user:x")
    with pytest.raises(Exception, match="revision 2, not 1"):
        await drafts.give_out(number, 1, PAPER)


async def test_no_more_drafts_are_kept_than_may_be_and_none_is_longer_than_an_agreement(console: Console) -> None:
    admin = await console.as_a(Role.ADMINISTRATOR)
    loader = await console.gateway.database.connection("loader")
    await loader.execute(
        "INSERT INTO gateway.draft SELECT gen_random_uuid(), '{}', 1, 'x', now(), 'x', now()"
        " FROM generate_series(1, $1::int)",
        MOST,
    )
    refused = await admin.post("/console/drafts", {"csrf": await admin.token(), "basis": "consent"})
    assert refused.status_code == 409
    assert "Delete drafts that nobody needs" in refused.text
    kept = (await admin.get("/console/drafts?download=csv")).text.splitlines()
    assert len(kept) == 1 + MOST
    drafts = Drafts(console.office.engine)
    with pytest.raises(Exception, match="longer than an agreement"):
        await drafts.begin({"title": "x" * 1_000_001}, "user:x")


async def test_an_amendment_says_what_it_changes_and_what_it_would_have_answered(console: Console) -> None:
    admin, digest = await console.as_a(Role.ADMINISTRATOR), console.gateway.digest(TUTORING)
    assert (await console.gateway.get(TUTORING, "/v1/students?fields=first_name,grade_level")).status_code == 200
    await console.gateway.get(TUTORING, "/v1/students?fields=birthdate")
    unknown = await admin.post(f"/console/agreements/sha256:{'0' * 64}/amend", {"csrf": await admin.token()})
    assert unknown.status_code == 404
    answer = await admin.post(f"/console/agreements/{digest}/amend", {"csrf": await admin.token(), "renew": "1"})
    renewed = await content_of(console, answer.headers["location"])
    assert (renewed["version"], renewed["replaces"]) == (2, digest)
    answer = await admin.post(f"/console/agreements/{digest}/amend", {"csrf": await admin.token()})
    pen = Pen(admin, answer.headers["location"], await admin.token())
    assert (await admin.get(pen.path + "/requests")).status_code == 409
    await pen.write("/people", people__drafted_by=KEY)
    await pen.write("/paper", executed_pdf__title="First amendment", executed_pdf__sha256=PAPER)
    grade = next(each.id for each in load_catalogue().in_dataset("students") if each.name == "grade_level")
    await pen.send("/data/students", {"years": "2026-2027", f"form.{grade}": "no"})
    assert "What changes of version 1" in await pen.page("/review")
    page = await pen.page("/requests")
    assert "grade_level left in 1 answer and would not have" in page
    assert "only the newest were gone through" not in page
    old = await registered_agreement(console.office, digest)
    assert not (await rehearse_draft(console.office.desk, old, alarm, most=1)).whole
    # What is signed and in force is a draft no longer, and its page says what it changed of the one before.
    ring = console.gateway.deployment.ring
    await pen.write("/people", people__drafted_by=ring.officers[1].key.thumbprint)
    await pen.send("/ready", {})
    signed = ring.agreement(content=await content_of(console, pen.path))
    await console.office.onboarding.activate(signed.envelope, [signed.approval])
    page = (await admin.get(f"/console/agreements/{signed.agreement.digest}")).text
    assert "&#39;Grade level&#39; (000100) is removed." in page
    assert f'href="/console/agreements/{digest}">version 1<' in page
    # The terms that only words carry stand there in their words.
    assert '<dd class="pg-says">First amendment <code class="pg-small">/executed_pdf/title</code>' in page
    assert "is removed" not in (await admin.get(f"/console/agreements/{digest}")).text
    assert pen.path not in (await admin.get("/console/drafts")).text
    days = (await admin.get("/console/calendar")).text
    assert signed.agreement.digest in days
    assert "The last day of the term" in days
    assert "The yearly review is due" in days


async def what_is_incomplete_is_kept_and_named_at_its_field(console: Console, admin: Browser) -> None:
    pen = await Pen.begin(admin, "studies")
    await pen.write("/term", term__first_day="soon", term__last_day="2027-02-30", cadence="hourly")
    page = await pen.page("/term")
    assert 'value="soon"' in page
    assert page.count("not a day of the calendar") >= 2
    assert '<option value="hourly" selected>' in page
    await pen.write("/obligations", obligations__breach_notice_hours="many")
    assert "must be a whole number" in await pen.page("/obligations")
    await pen.send("/data/students", {"years": "last year", "form.000115": "exact"})
    assert "last year" in (await pen.page("/data/students")).replace("last\nyear", "last year")
    content = await content_of(console, pen.path)
    assert (content["term"]["first_day"], content["cadence"]) == ("soon", "hourly")
    assert content["obligations"]["breach_notice_hours"] == "many"
    text = (await pen.browser.get(pen.path + "/file")).text
    assert "TO DO /term/first_day" in text


async def a_look_says_what_would_be_missing_and_saves_nothing(console: Console, admin: Browser) -> None:
    pen = await Pen.begin(admin, "consent")
    before = await content_of(console, pen.path)
    form = {"csrf": pen.token, "revision": "1", "basis.type": "consent", "purpose.code": "sale", "purpose.words": "x"}
    looked = await pen.browser.post(pen.path + "/purpose/look", form)
    assert "Student data may never be used for" in looked.text
    assert "<main" not in looked.text
    assert await content_of(console, pen.path) == before


async def a_change_of_the_basis_takes_the_parts_of_the_other_one_with_it(console: Console, admin: Browser) -> None:
    pen = await Pen.begin(admin, "consent")
    await pen.write("/basis", basis__records="Attendance", basis__purpose="Tutoring")
    await pen.write("/purpose", basis__type="studies")
    assert (await content_of(console, pen.path))["basis"] == {"type": "studies"}
    page = await pen.page("/basis")
    assert "The scope of the study" in page
    assert "34 CFR 99.31(a)(6)(iii)(C)(1)" in page


async def the_key_of_an_officer_who_drafts_stands_in_the_draft(console: Console, admin: Browser) -> None:
    pen = await Pen.begin(admin, "consent")
    pasted = '{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}'
    await pen.write("/people", people__drafted_by=pasted)
    assert (await content_of(console, pen.path))["people"][
        "drafted_by"
    ] == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    await pen.write("/people", people__drafted_by='{"kty":"OKP"}')
    assert "43 characters of a key" in await pen.page("/people")


async def a_private_key_is_refused_by_every_form_and_shown_by_no_page(console: Console, admin: Browser) -> None:
    key = SigningKey.generate("Ed25519")
    pem, jwk = key.export_pem().decode(), json.dumps(key.signer().as_dict(private=True))
    pen = await Pen.begin(admin, "consent")
    before, known = await content_of(console, pen.path), await Drafts(console.office.engine).listed()
    form = {"csrf": pen.token, "revision": await pen.revision()}
    for path, field in (
        (f"{pen.path}/people", "people.drafted_by"),
        (f"{pen.path}/people/look", "people.drafted_by"),
        (f"{pen.path}/purpose", "purpose.words"),
        ("/console/drafts/import", "file"),
    ):
        for secret in (pem, jwk):
            refused = await pen.browser.post(path, {**form, field: secret})
            assert (refused.status_code, "This is a private key" in refused.text) == (400, True), path
            assert secret[40:60] not in refused.text
    # A file may spell it so that only whoever reads the file sees it.
    spelled = json.dumps({"title": pem}).replace("PRIVATE", "\\u0050RIVATE")
    assert (await pen.browser.post("/console/drafts/import", {**form, "file": spelled})).status_code == 400
    assert await content_of(console, pen.path) == before
    assert await Drafts(console.office.engine).listed() == known
    admins = await superuser(console.gateway)
    written = json.dumps({**before, "people": {"drafted_by": pem}})
    await admins.execute("UPDATE gateway.draft SET content = $1 WHERE id = $2", written, pen.path.rpartition("/")[2])
    assert "PRIVATE KEY" not in await pen.page("/people")
    # Whatever comes to be kept comes through here, by whichever page or command.
    drafts, content = Drafts(console.office.engine), {**before, "people": {"drafted_by": jwk}}
    for keeping in (drafts.begin(content, "user:x"), drafts.save(known[0].id, known[0].revision, content, "user:x")):
        with pytest.raises(BadKey):
            await keeping


async def a_key_that_was_made_here_is_the_drafters_on_every_page_that_writes(console: Console, admin: Browser) -> None:
    kid = console.gateway.deployment.ring.officers[1].key.thumbprint
    await OwnPasskeys(console.office).keep(kid, console.people[Role.ADMINISTRATOR].id)
    begun = await Pen.begin(admin, "consent")
    assert (await content_of(console, begun.path))["people"] == {"drafted_by": kid}
    # Of what came as a file, and of what somebody wrote who had no key then, too.
    file = {"csrf": begun.token, "file": '{"title": "A file"}'}
    brought = await admin.post("/console/drafts/import", file)
    assert (await content_of(console, brought.headers["location"]))["people"] == {"drafted_by": kid}
    amended = await admin.post(f"/console/agreements/{console.gateway.digest(TUTORING)}/amend", {"csrf": begun.token})
    assert (await content_of(console, amended.headers["location"]))["people"] == {"drafted_by": kid}
    number = await Drafts(console.office.engine).begin({"title": "Older"}, "user:x")
    older = Pen(admin, f"/console/drafts/{number}", begun.token)
    await older.write("/purpose", purpose__words="Tutoring")
    assert (await content_of(console, older.path))["people"] == {"drafted_by": kid}


async def an_element_that_the_basis_does_not_unlock_cannot_be_picked_and_says_why(
    console: Console, admin: Browser
) -> None:
    pen = await Pen.begin(admin, "school_official")
    page = await pen.page("/data/programs")
    assert "may only leave with consent" in page
    assert "project rule M2" in page
    assert "42 U.S.C. 1758(b)(6)" in await pen.page("/data/students")
    everything = {f"form.{each.id}": str(each.transformations[0]) for each in load_catalogue().in_dataset("programs")}
    await pen.send("/data/programs", {"years": "2026-2027", **everything})
    assert "may only leave with consent" in await pen.page("/review")  # whoever forges the form is told all the same
    await pen.write("/purpose", basis__type="school_official", purpose__code="mentoring")
    await pen.send("/data/programs", dict.fromkeys(everything, "no"))
    assert "datasets" not in await content_of(console, pen.path)
    await pen.send("/data", {"usual": "1"})
    listed = (await content_of(console, pen.path))["datasets"]
    assert [row["dataset"] for row in listed][:2] == ["students", "enrollments"]
    assert "000501" in await pen.page("/data?q=" + "incident")
    found = await pen.page("/data/students?q=birth")
    assert "2001-01-01 → " in found
    assert "grade" not in found.lower().partition("<fieldset")[2]


async def a_file_is_brought_in_and_taken_out_as_it_is(console: Console, admin: Browser) -> None:
    token = await admin.token()
    for wrong in ("", "- a\n- b", "{", "a: &x 1", "a: !!python/object:os.system x"):
        refused = await admin.post("/console/drafts/import", {"csrf": token, "file": wrong})
        assert refused.status_code == 400, wrong
    pen = await written(admin)
    text = (await admin.get(pen.path + "/file")).text
    answer = await admin.post("/console/drafts/import", {"csrf": token, "file": text})
    assert await content_of(console, answer.headers["location"]) == await content_of(console, pen.path)


async def a_draft_is_deleted_by_its_name_alone_or_once_it_is_registered(console: Console, admin: Browser) -> None:
    pen = await Pen.begin(admin, "consent")
    await pen.write("/parties", title="A  title")
    refused = await admin.post(pen.path + "/delete", {"csrf": pen.token, "name": "A"})
    assert refused.status_code == 400
    answer = await admin.post(pen.path + "/delete", {"csrf": pen.token, "name": "A title"})
    assert answer.headers["location"] == "/console/drafts"
    assert (await admin.get(pen.path)).status_code == 404
    assert (await admin.post(pen.path + "/delete", {"csrf": pen.token, "name": "A title"})).status_code == 404
    office, number = console.office, uuid4()
    drafts = Drafts(office.engine, lambda: number)
    await a_sound_draft(console, number)
    await drafts.give_out(number, 1, console.gateway.digest(TUTORING))
    assert "There is no draft" in (await admin.get("/console/drafts")).text


async def every_text_is_shown_as_text(console: Console, admin: Browser) -> None:
    number = uuid4()
    content = await a_sound_draft(console, number)
    hostile: dict[str, Any] = {
        **content,
        "title": SCRIPT,
        "purpose": {"code": "tutoring", "words": f"{SCRIPT}\u202e"},
        "subrecipients": [{"name": SCRIPT, "interest": FORMULA}],
        "population": {"all": [{"in": {"column": SCRIPT, "values": [SCRIPT, FORMULA]}}, {SCRIPT: SCRIPT}]},
        "datasets": [{"dataset": SCRIPT, "elements": [SCRIPT, {"element": [SCRIPT]}]}, SCRIPT],
        "term": SCRIPT,
    }
    office = console.office
    await Drafts(office.engine).save(number, 1, hostile, "user:x")
    for place in (
        "",
        "/purpose",
        "/parties",
        "/obligations",
        "/data",
        "/population",
        "/term",
        "/review",
        "/data/students",
    ):
        page = (await admin.get(f"/console/drafts/{number}{place}")).text
        assert "<h1>" in page, page
        assert "<script>" not in page, place
        assert "alert(" not in page or "&lt;script&gt;alert(" in page, place
    assert "hidden character U+202E" in (await admin.get(f"/console/drafts/{number}/review")).text
    assert "<script>" not in (await admin.get("/console/drafts")).text


PAGES = (
    a_draft_is_deleted_by_its_name_alone_or_once_it_is_registered,
    a_file_is_brought_in_and_taken_out_as_it_is,
    every_text_is_shown_as_text,
    what_is_incomplete_is_kept_and_named_at_its_field,
    a_look_says_what_would_be_missing_and_saves_nothing,
    a_change_of_the_basis_takes_the_parts_of_the_other_one_with_it,
    the_key_of_an_officer_who_drafts_stands_in_the_draft,
    a_private_key_is_refused_by_every_form_and_shown_by_no_page,
    an_element_that_the_basis_does_not_unlock_cannot_be_picked_and_says_why,
    a_key_that_was_made_here_is_the_drafters_on_every_page_that_writes,  # of this person, from here on
)
"""What holds of single pages. One gateway serves them all."""


async def test_each_page_keeps_what_is_typed_and_says_what_is_wrong_with_it(console: Console) -> None:
    admin = await console.as_a(Role.ADMINISTRATOR)
    for claim in PAGES:
        await claim(console, admin)
