"""Codes of a district's own: withheld until two stewards classify them, on record, and so on every replica."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from agreements.documents.classification import Judgement, Verdict
from agreements.documents.revocation import Revocation, revocation_bytes
from agreements.elements import load_catalogue
from agreements.errors import AgreementError, NotEntitled, NotTheNext, SignatureMissing
from agreements.keys import SigningKey
from agreements.register import insert_document
from agreements.signature import Envelope, Kind
from audit.change import append_change
from audit.entry import leaf
from audit.events import Event
from gateway.api.cursor import ChangeCursors, Cursors
from gateway.records.loading.mapping import parse_mapping
from gateway.records.subjects import SubjectKey
from gateway.services.accounting.reproducing import Reproductions
from gateway.services.alarms import alarm
from gateway.services.analysis.past import Law
from gateway.services.configuration import Configuration, record_configuration
from gateway.services.container import open_services
from gateway.services.explaining.world import open_world
from gateway.services.loads import Loads
from gateway.services.standing.registry import read_moment
from policies.classified import Classified
from policies.decide import decide
from policies.decision import Permit
from policies.emergency_release import Handing
from policies.errors import CodeRefused, PolicyError
from policies.guardrails import classified_guardrails, load_guardrails
from policies.request import AccessRequest
from tests.factories.agreements import Keyring, key_for
from tests.factories.cohort import COVERED, TUTORING, YEAR
from tests.factories.gateway import BRIGHT_PATH, Gateway
from tests.factories.replayed import altered, rejustified
from tests.factories.stewards import Code, Stewards
from tests.factories.superuser import alarms, served_anew, superuser
from tests.functional.test_emergency_releases import Room

pytestmark = [pytest.mark.claim(1), pytest.mark.claim(2), pytest.mark.ferpa("M2")]

STATUS, NAME = "000094", "000626"
OWN, RARE = "Enrolled elsewhere 7", "Dana Roe left on Monday"
OPEN: Code = (STATUS, OWN, Verdict.OPEN)
STATUSES = """
format = 1
name = "statuses"
files.stays.path = "stays.csv"
[[load]]
target = "enrollments"
from = "stays"
scope = []
[load.fields]
student_identifier = "number"
school_identifier = "school"
school_year = "year"
grade_level = "grade"
entry_date = "in"
enrollment_status = "status"
"""
WITH_STATUS = COVERED[:12]


async def with_statuses(gateway: Gateway) -> None:
    """Twelve covered students get a status that is the district's own, one of them words about somebody."""
    office = await gateway.office()
    rows = [
        ",".join((each.number, each.school, YEAR, each.grade, each.stay[0], RARE if number == 11 else OWN))
        for number, each in enumerate(WITH_STATUS)
    ]
    (gateway.home / "stays.csv").write_text("\n".join(["number,school,year,grade,in,status", *rows]), "utf-8")
    loads = Loads(office.engine, SubjectKey(gateway.deployment.keys.subject), office.desk.scopes)
    report = await loads.load(parse_mapping(STATUSES), gateway.home)
    assert report.targets[0].changed == 12


@pytest.fixture
async def room(gateway: Gateway) -> Stewards:
    await with_statuses(gateway)
    return await Stewards.introduced(gateway)


async def statuses(gateway: Gateway) -> set[str | None]:
    return {row.get("enrollment_status") for row in await gateway.rows(TUTORING, limit=500)}


async def refused(room: Stewards, error: type[AgreementError | PolicyError], document: Envelope) -> None:
    size = await room.gateway.size()
    with pytest.raises(error):
        await (await room.office()).register(document)
    assert await room.gateway.size() == size


async def file_past(gateway: Gateway, document: Envelope, elements: Sequence[str], codes: int) -> None:
    """File a classification as whoever may write to the register, and asks no office whether it holds."""
    async with (await gateway.office()).engine.begin() as connection:
        said: dict[str, Any] = {"elements": list(elements), "codes": codes, "stewards": []}
        now = (await read_moment(connection)).now
        index = await append_change(connection, leaf(Event.CODES_CLASSIFIED, now, document=document.digest, **said))
        await insert_document(connection, document, concerns=None, index=index)


@pytest.mark.claim(12)
async def test_nothing_is_classified_by_one_person_by_a_stranger_or_beyond_what_stewards_may(room: Stewards) -> None:
    first, second = room.keys
    for error, keys in ((SignatureMissing, [first]), (NotEntitled, [first, key_for("a stranger")])):
        await refused(room, error, room.signed(OPEN, keys=keys))
    for code in (
        ("000115", "Robin", Verdict.OPEN),
        (STATUS, "Enrolled", Verdict.NEVER),
        (STATUS, OWN, Verdict.GATED, "a law of ours"),
        (STATUS, OWN, Verdict.WITHDRAWN),
    ):
        await refused(room, CodeRefused, room.signed(code))
    await refused(room, NotTheNext, room.signed(OPEN, after="sha256:" + "1" * 64))
    assert await statuses(room.gateway) == {None}
    # What there is to judge is listed; words about one child are counted, and shown to whoever asks for them.
    office = await room.office()
    found, rare = await office.unclassified(), await office.unclassified(rare=True)
    assert [(each.element, each.value, each.rows) for each in found.codes] == [(STATUS, OWN, 10)]
    assert (found.others, rare.others) == ({STATUS: 1}, {})
    assert {(each.value, each.rows) for each in rare.codes} == {(OWN, 10), (RARE, 0)}
    document = room.signed(OPEN)
    await office.register(document)
    assert (await office.unclassified()).codes == ()
    await refused(room, NotTheNext, document)
    again = Keyring.sign(Kind.CODE_CLASSIFICATION, document.payload, second, first)
    await refused(room, NotTheNext, again)


@pytest.mark.claim(6)
@pytest.mark.claim(7)
async def test_what_stewards_open_and_take_back_counts_from_the_next_request_on_every_replica(room: Stewards) -> None:
    gateway = room.gateway
    deployment, path = gateway.deployment, "/v1/changes/students?limit=500"
    answers = [await gateway.get(TUTORING, f"{path}&fields={names}") for names in ("enrollment_status", "first_name")]
    whole, named = (answer.json()["next"] for answer in answers)
    url = gateway.database.url("app")
    async with open_services(url, deployment.keys, deployment.trust, readers=2, public_url="http://127.0.0.1") as other:

        async def both() -> list[set[str | None]]:
            asked = await gateway.ask(TUTORING, services=other, elements=("first_name", "enrollment_status"), limit=500)
            told = {row.get("enrollment_status") for row in json.loads(asked.body)["data"]}
            return [await statuses(gateway), told]

        assert await both() == [{None}] * 2
        start = await gateway.size()
        registered = await room.classify(OPEN, (NAME, "Robotics", Verdict.NEVER))
        entries = await gateway.entries(start)
        assert [each["event"] for each in entries] == [
            "codes.classified",
            "guardrails.changed",
            "configuration.recorded",
        ]
        assert (registered.entry, registered.configuration) == (start, start + 2)
        assert (entries[0]["elements"], entries[0]["codes"]) == ([STATUS, NAME], 2)
        assert sorted(entries[0]["stewards"]) == sorted(key.thumbprint for key in room.keys)
        assert OWN not in json.dumps(entries)
        assert await both() == [{None, OWN}] * 2
        cited = {
            (each["configuration"], each["guardrails"])
            for each in await gateway.entries(start + 3)
            if each["event"] == "disclosure"
        }
        assert cited == {(start + 2, entries[2]["guardrails"])}
        # A cursor that cannot tell what became of the value is refused, and one that asked for no code goes on.
        lost = await gateway.get(TUTORING, f"{path}&fields=enrollment_status&since={whole}")
        assert (lost.status_code, lost.json()["code"]) == (410, "changes_lost")
        going = await gateway.get(TUTORING, f"{path}&fields=first_name&since={named}")
        assert (going.status_code, going.json()["data"]) == (200, [])
        # Nothing is recorded again by whoever starts, and the office decides by the same.
        size = await gateway.size()
        await served_anew(gateway)
        assert await gateway.size() == size
        assert OWN in await office_lets_leave(gateway)
        assert gateway.services.grants.configuration == start + 2
        assert await both() == [{None, OWN}] * 2
        answer = await gateway.get(TUTORING, "/v1/students?fields=enrollment_status&limit=500")
        await room.classify((STATUS, OWN, Verdict.WITHDRAWN))
        assert await both() == [{None}] * 2
        await room.classify((STATUS, OWN, Verdict.GATED, "project rule M2"))
        assert await both() == [{None, OWN}] * 2  # tutoring rests on consents
        report = await (await room.office()).report()
        assert report.standing == (
            (STATUS, OWN, "gated", "project rule M2"),
            (NAME, "Robotics", "never", None),
        )
        assert (report.newest, len(report.acts), report.closed) == (room.newest, 3, ())
    found = await rejustified(gateway)
    assert found.holds
    assert not found.shown
    # What left while the code was open is made again, though it is not open in this way any more.
    assert OWN.encode() in answer.content
    assert await made_again(gateway, int(answer.headers["pactgate-receipt"])) == answer.content


async def office_lets_leave(gateway: Gateway) -> tuple[str, ...]:
    """The values of a status that leave under tutoring, as the office explains it."""
    world, signed = await open_world(await gateway.office()), gateway.deployment.agreements[TUTORING].agreement
    client = gateway.deployment.partners[BRIGHT_PATH].client
    asked = AccessRequest(client, signed.digest, signed.purpose.code, "students", ("enrollment_status",))
    permit = decide(world.state, asked, world.moment.now)
    assert isinstance(permit, Permit)
    assert permit.fields[0].codes is not None
    return permit.fields[0].codes.values


async def made_again(gateway: Gateway, entry: int) -> bytes:
    """The answer of a disclosure, rebuilt from its entry."""
    keys, law = gateway.deployment.keys, Law(load_catalogue(), load_guardrails())
    seals = (Cursors(keys.cursor).seal, ChangeCursors(keys.cursor).seal)
    return (await Reproductions((await gateway.office()).desk, law, alarm, keys.subject, seals).reproduce(entry)).body


@pytest.mark.claim(6)
async def test_a_disclosure_by_a_code_that_no_steward_opened_is_named(
    room: Stewards, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever may write to the register opens nothing: alone, out of order, or by taking away what says no."""
    gateway, first = room.gateway, room.keys[0]
    await file_past(gateway, room.signed(OPEN, keys=[first]), [STATUS], 1)
    assert await statuses(gateway) == {None}
    assert "classification_refused" in alarms(caplog)
    room.newest = room.signed(OPEN, keys=[first]).digest
    await room.classify(OPEN)
    assert await statuses(gateway) == {None, OWN}
    stopped = room.signed((STATUS, OWN, Verdict.NEVER))
    await room.classify((STATUS, OWN, Verdict.NEVER))
    assert await statuses(gateway) == {None}
    assert (await rejustified(gateway)).holds
    # The classification that said no is taken away: the element is closed, and what the file opens with it.
    admin = await superuser(gateway)
    digest = bytes.fromhex(stopped.digest.removeprefix("sha256:"))
    kept = await admin.fetchrow(
        "DELETE FROM agreements.document WHERE digest = $1 RETURNING kind, envelope, idx", digest
    )
    assert kept is not None
    alarms(caplog)
    await gateway.services.facts.check()
    assert await statuses(gateway) == {None}
    assert "document_missing" in alarms(caplog)
    assert list(gateway.services.grants.guardrails.classified.closed) == [STATUS]
    codes = gateway.services.grants.guardrails.codes.leaving(STATUS, "consent")
    assert codes is not None
    assert codes.values == ()
    assert (await (await room.office()).report()).closed == (STATUS,)
    # It is put back: all is as it was.
    await admin.execute(
        "INSERT INTO agreements.document (digest, kind, envelope, idx) VALUES ($1, $2, $3, $4)", digest, *kept
    )
    await served_anew(gateway)
    assert await statuses(gateway) == {None}
    assert list(gateway.services.grants.guardrails.classified.closed) == []


@pytest.mark.claim(6)
async def test_an_entry_that_cites_codes_which_no_steward_opened_is_named(room: Stewards) -> None:
    """Whoever writes other guardrails among the inputs, and into the log, re-justifies no disclosure by them."""
    gateway, catalogue = room.gateway, load_catalogue()
    office, size = await gateway.office(), await gateway.size()
    await gateway.ask(TUTORING, elements=("enrollment_status",))
    opened = classified_guardrails(load_guardrails(), Classified((Judgement(STATUS, OWN, Verdict.OPEN),)), catalogue)
    async with office.engine.begin() as connection:
        forged = await record_configuration(connection, Configuration(catalogue, opened))
    _, registry = await office.desk.registry()
    granted = registry.granted[gateway.digest(TUTORING)]
    ruleset = granted.compile(catalogue, opened, registry.suspensions).digest

    def cite(body: dict[str, Any]) -> None:
        body.update(configuration=forged, guardrails=opened.digest, ruleset=ruleset)

    assert (await rejustified(gateway)).holds
    async with altered(gateway, {size: cite}):
        found = await rejustified(gateway)
    assert [(each["entry"], each["differs"]) for each in found.shown] == [(size, ("ruleset", "guardrails"))]


@pytest.mark.claim(12)
async def test_what_a_stolen_key_classified_is_withheld_until_stewards_judge_it_anew(
    room: Stewards, caplog: pytest.LogCaptureFixture
) -> None:
    gateway, (stolen, other) = room.gateway, room.keys
    since = await gateway.size()
    await room.classify(OPEN)
    assert await statuses(gateway) == {None, OWN}
    officers = [each.key for each in gateway.deployment.ring.officers]
    payload = revocation_bytes(Revocation(stolen.thumbprint, since, "It was stolen."))
    await (await gateway.office()).admissions.revoke(Keyring.sign(Kind.REVOCATION, payload, officers[0]))
    assert await statuses(gateway) == {None}
    assert "classification_refused" in alarms(caplog)

    async def classify(keys: Sequence[SigningKey]) -> None:
        document = room.signed(OPEN, keys=keys)
        await (await room.office()).register(document)
        room.newest = document.digest

    with pytest.raises(NotEntitled):
        await classify([stolen, other])
    await classify([other, officers[0]])
    assert await statuses(gateway) == {None, OWN}
    assert gateway.services.grants.guardrails.digest != load_guardrails().digest


async def test_an_emergency_order_hands_over_what_is_open_at_its_moment(room: Stewards) -> None:
    gateway, status = room.gateway, ("000115", STATUS)
    emergency = await Room.open(gateway, elements=status)
    handing = Handing((0,), "students", status)

    async def handed_over() -> str | None:
        (row,) = await emergency.rows("ximena", handing=handing)
        told: str | None = row.get("enrollment_status")
        return told

    assert await handed_over() is None
    await room.classify(OPEN)
    assert await handed_over() == OWN
    await room.classify((STATUS, OWN, Verdict.NEVER))
    assert await handed_over() is None
    assert (await rejustified(gateway)).holds
