"""Records handed over by an emergency order on the pages: signed, signed in for anew, on record first, and once."""

import asyncio

import pytest

from agreements.documents.emergency_release import EmergencyRelease, emergency_release_bytes
from agreements.roles import Role
from agreements.signature import Kind
from gateway.services.emergencies.orders import Emergencies
from gateway.services.emergencies.releases import EmergencyReleases
from gateway.services.papers.errors import HandedOver
from gateway.services.papers.releases import PaperReleases
from gateway.services.staff.errors import StepUpRequired
from tests.console.test_console_kill_switch import another_officer
from tests.factories.cohort import STUDENTS
from tests.factories.console import Console
from tests.factories.emergencies import FIRST_AND_LAST, MOST, a_release, an_order, numbers_of
from tests.factories.gateway import NOON
from tests.factories.log import APPEND
from tests.factories.papers import held, papers_of, signed_file, signed_paper
from tests.factories.staff import Browser

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.claim(4),
    pytest.mark.claim(12),
    pytest.mark.ferpa("L4"),
]
XIMENA, DAGNY = numbers_of("ximena", "dagny")
TICKED = {"dataset": "students", "recipient_0": "on", **{f"element_{each}": "on" for each in FIRST_AND_LAST}}


async def sign_in_again(officer: Browser, digest: str) -> str:
    form = {"csrf": await officer.token(), "action": "emergency", "concerns": digest}
    return (await officer.post("/console/development/sign-in-again", form)).text


async def hand_over(officer: Browser, digest: str, *numbers: str) -> tuple[int, str]:
    form = {"csrf": await officer.token(), "numbers": "\n".join(numbers)}
    answer = await officer.post(f"/console/emergencies/releases/{digest}", form)
    return answer.status_code, answer.text


async def salts(console: Console) -> list[str]:
    owner = await console.gateway.database.connection("loader")
    return [f"sha256:{row['digest'].hex()}" for row in await owner.fetch("SELECT digest FROM gateway.paper_salt")]


async def test_nothing_is_prepared_unless_the_form_says_what_the_order_gives_and_of_whom(shared: Console) -> None:
    officer, order = await shared.as_a(Role.OFFICER), await an_order(shared.gateway)
    others = [await shared.as_a(role) for role in (Role.ADMINISTRATOR, Role.STEWARD, Role.AUDITOR)]
    start, token, path = await shared.gateway.size(), await officer.token(), f"/console/emergencies/{order}/release"
    good = {"csrf": token, **TICKED, "numbers": XIMENA}
    papers = await papers_of(shared)
    before = len(await papers.listed())
    for change, status, said in (
        ({"csrf": "x"}, 403, ""),
        ({"numbers": " \n "}, 400, "one number a line"),
        ({"numbers": f"{XIMENA}\n7\x0701"}, 400, "one number a line"),
        ({"numbers": "7" * 65}, 400, "one number a line"),
        ({"dataset": "everything"}, 400, "Dataset"),
        ({"dataset": "attendance"}, 400, ""),  # which has none of these elements
        ({"recipient_2": "on"}, 409, "no recipient 2"),
        ({"element_000128": "on"}, 409, "does not list 000128"),
        ({"element_000149": "on"}, 409, "11432"),
        ({"numbers": "\n".join(numbers_of("ximena", "dagny", "eskil", "fio"))}, 409, "fewer students"),
        ({"numbers": "\n".join(f"{at:08}" for at in range(3_000))}, 409, "fewer students"),  # longer than other forms
        ({"numbers": f"{XIMENA}\nNr0"}, 404, "place 2 of 2"),
    ):
        answer = await officer.post(path, {**good, **change})
        assert (answer.status_code, said in answer.text) == (status, True), (change, answer.text)
        assert "Nr0" not in answer.text
        assert XIMENA not in answer.text
    for kind in ("recipient", "element"):
        left = {name: value for name, value in good.items() if not name.startswith(kind)}
        assert (await officer.post(path, left)).status_code == 400, kind
    for other in others:
        assert (await other.get(path)).status_code == 403
        assert (await other.post(path, {**good, "csrf": await other.token()})).status_code == 403
    unknown = path.replace(order, "sha256:" + "0" * 64)
    assert (await officer.get(unknown)).status_code == 404
    # A browser that cuts a list makes another child's number of the last one.
    field = (await officer.get(path)).text.partition('id="numbers"')[2].partition(">")[0]
    assert ("required" in field, "maxlength" in field) == (True, False)
    assert (await officer.post(unknown, good)).status_code == 404
    assert len(await papers.listed()) == before
    assert await shared.gateway.size() == start


async def test_an_order_that_has_not_begun_or_was_ended_hands_nothing_over(shared: Console) -> None:
    officer = await shared.as_a(Role.OFFICER)
    ahead = await an_order(shared.gateway, "emergency:ahead", begins=NOON.replace(hour=23))
    ended = await an_order(shared.gateway, "emergency:ended")
    signed = await a_release(shared.gateway, "ximena", order=ended)
    await Emergencies(shared.office.desk).end(ended, "They were found.")
    start = await shared.gateway.size()
    for order, because in ((ahead, "stands from"), (ended, "ended early")):
        path = f"/console/emergencies/{order}/release"
        assert "not in force now" in (await officer.get(path)).text
        answer = await officer.post(path, {"csrf": await officer.token(), **TICKED, "numbers": XIMENA})
        assert (answer.status_code, because in answer.text) == (409, True), answer.text
    # Signed while it stood, and ended before anything was handed over.
    page = (await officer.get(f"/console/papers/{signed}")).text
    assert "not in force now" in page
    assert "/console/emergencies/releases/" not in page
    await sign_in_again(officer, signed)
    status, said = await hand_over(officer, signed, XIMENA)
    assert (status, "ended early" in said) == (409, True)
    assert await shared.entries(start, "emergency.released") == []


async def test_a_release_that_is_not_signed_or_not_signed_in_for_or_of_others_hands_nothing_over(
    shared: Console,
) -> None:
    officer, order = await shared.as_a(Role.OFFICER), await an_order(shared.gateway)
    start, digest = await shared.gateway.size(), await a_release(shared.gateway, "ximena", order=order, is_signed=False)
    second, papers, ring = await another_officer(shared), await papers_of(shared), shared.gateway.deployment.ring
    # Nobody signed it: neither who prepared it nor another officer hands anything over.
    for browser in (officer, second):
        await sign_in_again(browser, digest)
        status, said = await hand_over(browser, digest, XIMENA)
        assert (status, "Not everybody who must sign has signed" in said) == (409, True)
    envelope, path = (await papers.paper(digest)).envelope, f"/console/papers/{digest}/signatures"
    token = await second.token()
    for key, status in (
        (ring.signer("district:emerald-city").key, 409),
        (ring.officers[0].key, 303),
        (ring.officers[1].key, 409),  # one officer answers for it: a second signature would spoil it
        (ring.officers[0].key, 303),
    ):
        form = {"csrf": token, "signature": signed_file(Kind.EMERGENCY_RELEASE, envelope.payload, key)}
        assert (await second.post(path, form)).status_code == status
    third = await shared.as_a(Role.OFFICER)
    for numbers in ((DAGNY,), (XIMENA, DAGNY), (XIMENA[:-1],)):
        await sign_in_again(third, digest)
        status, said = await hand_over(third, digest, *numbers)
        assert (status, "not the students" in said) == (409, True)
    # A number that was typed wrong used up no fresh sign-in, and one for another document is none for this.
    fourth = await shared.as_a(Role.OFFICER)
    await sign_in_again(fourth, "sha256:" + "0" * 64)
    status, said = await hand_over(fourth, digest, XIMENA)
    assert (status, StepUpRequired.public_detail in said) == (403, True)
    # It is not filed as other documents are: that would hand nothing over.
    await sign_in_again(fourth, digest)
    filing = {"csrf": await fourth.token()}
    assert (await fourth.post(f"/console/papers/{digest}/file", filing)).status_code == 409
    foreign = {"csrf": "x", "numbers": XIMENA}
    assert (await third.post(f"/console/emergencies/releases/{digest}", foreign)).status_code == 403
    assert await shared.entries(start, "emergency.released") == []
    assert (await hand_over(third, digest, XIMENA))[0] == 200


async def test_a_document_that_is_no_release_or_has_lost_its_salt_hands_nothing_over(shared: Console) -> None:
    officer, order = await shared.as_a(Role.OFFICER), await an_order(shared.gateway)
    assert (await hand_over(officer, "sha256:" + "0" * 64, XIMENA))[0] == 404
    digest = await a_release(shared.gateway, "ximena", order=order)
    clerk = await shared.gateway.database.connection("loader")
    await clerk.execute("DELETE FROM gateway.paper_salt WHERE digest = $1", bytes.fromhex(digest[7:]))
    status, said = await hand_over(officer, digest, XIMENA)
    assert (status, "Prepare the release again" in said) == (409, True)
    assert (await hand_over(officer, await held(shared), XIMENA))[0] == 409
    # By no order that stands, as if its officer's key had been revoked since: it is shown, and leads nowhere.
    lost = emergency_release_bytes(
        EmergencyRelease("sha256:" + "0" * 64, (0,), "students", FIRST_AND_LAST, 1, "0" * 64)
    )
    papers, person = await papers_of(shared), shared.people[Role.OFFICER].id
    paper = await papers.prepare(Kind.EMERGENCY_RELEASE, lost, person, title="A release")
    key = shared.gateway.deployment.ring.officers[0].key
    await papers.add(paper, await signed_paper(shared, paper, key), person)
    page = await officer.get(f"/console/papers/{paper}")
    assert (page.status_code, "/console/emergencies/releases/" in page.text) == (200, False)


@pytest.mark.claim(9)
async def test_an_officer_hands_records_over_once_on_record_first_and_no_number_is_kept(shared: Console) -> None:
    officer, order = await shared.as_a(Role.OFFICER), await an_order(shared.gateway, "emergency:on-the-pages")
    listed = (await officer.get("/console/emergencies")).text
    assert f"/console/emergencies/{order}/release" in listed
    start, form = await shared.gateway.size(), f"/console/emergencies/{order}/release"
    page = (await officer.get(form)).text
    assert 'name="element_000149"' not in page
    assert "does not leave, even now" in page
    assert "dataset=attendance" in page
    assert 'name="element_000201"' in (await officer.get(f"{form}?dataset=attendance")).text
    numbers = {"numbers": f"{DAGNY}\r\n\r\n {XIMENA} \r\n{XIMENA}"}
    prepared = await officer.post(form, {"csrf": await officer.token(), **TICKED, **numbers})
    assert prepared.status_code == 303, prepared.text
    digest = prepared.headers["location"].rpartition("/")[2]
    assert digest in await salts(shared)
    assert await shared.gateway.size() == start
    page = (await officer.get(f"/console/papers/{digest}")).text
    for word in ("missing", "County search and rescue", "emergency:on-the-pages", "<dd>2</dd>"):
        assert word in page
    assert "Cedar General Hospital" not in page.partition("Who signs")[0]
    papers, key = await papers_of(shared), shared.gateway.deployment.ring.officers[0].key
    raw = (await officer.get(f"/console/papers/{digest}/document")).content
    signature = signed_file(Kind.EMERGENCY_RELEASE, raw, key)
    await officer.post(f"/console/papers/{digest}/signatures", {"csrf": await officer.token(), "signature": signature})
    assert f"/console/papers/{digest}" in await sign_in_again(officer, digest)

    given = {"csrf": await officer.token(), "numbers": f"{XIMENA}\n{DAGNY}"}
    answer = await officer.post(f"/console/emergencies/releases/{digest}", given)
    assert answer.status_code == 200, answer.text
    rows, names = answer.json()["data"], [(STUDENTS[each].first, STUDENTS[each].last) for each in ("ximena", "dagny")]
    assert sorted((each["first_name"], each["last_name"]) for each in rows) == sorted(names)
    assert answer.headers["cache-control"] == "no-store"
    (released,) = await shared.entries(start, "emergency.released")
    assert (released["order"], released["recipients"], released["students"]) == (order, [0], 2)
    assert released["officers"] == [key.thumbprint]
    (filed,) = await shared.entries(start, "paper.filed")
    assert (filed["concerns"], filed["person"]) == (digest, shared.people[Role.OFFICER].id)
    entry = (await papers.paper(digest)).line.filed
    assert entry is not None
    assert answer.headers["content-disposition"] == f'attachment; filename="emergency-{entry}.json"'
    assert digest not in await salts(shared)
    assert not [line for line in shared.gateway.lines if XIMENA in str(line) or DAGNY in str(line)]


async def test_pressing_twice_hands_nothing_over_twice_and_a_new_release_does_within_the_orders_number(
    shared: Console,
) -> None:
    officer, order = await shared.as_a(Role.OFFICER), await an_order(shared.gateway, "emergency:again")
    digest, start = await a_release(shared.gateway, "ximena", "dagny", order=order), await shared.gateway.size()
    for _ in range(3):
        await sign_in_again(officer, digest)
    # At once, and once more.
    both = await asyncio.gather(*(hand_over(officer, digest, DAGNY, XIMENA) for _ in range(2)))
    pressed = sorted([*both, await hand_over(officer, digest, DAGNY, XIMENA)])
    assert [status for status, _ in pressed] == [200, 409, 409]
    assert [HandedOver.public_detail in said for _, said in pressed] == [False, True, True]
    assert len(await shared.entries(start, "emergency.released")) == 1
    page = (await officer.get(f"/console/papers/{digest}")).text
    assert "If the file did not reach you" in page
    assert f"/console/emergencies/{order}/release?dataset=students" in page
    for others, expected in ((("ximena", "dagny"), 200), (("eskil",), 200), (("fio",), 409)):
        again = await a_release(shared.gateway, *others, order=order)
        await sign_in_again(officer, again)
        status, said = await hand_over(officer, again, *numbers_of(*others))
        assert (status, "fewer students" in said) == (expected, expected == 409), (others, said)
    line = next(each for each in await Emergencies(shared.office.desk).lines() if each.digest == order)
    assert [each.students for each in line.releases] == [2, 2, 1]
    assert MOST == 3


async def test_without_an_entry_there_is_no_file_and_the_release_can_be_handed_over_later(shared: Console) -> None:
    officer, order = await shared.as_a(Role.OFFICER), await an_order(shared.gateway)
    digest = await a_release(shared.gateway, "ximena", order=order)
    owner = await shared.gateway.database.connection("owner")
    await sign_in_again(officer, digest)
    start = await shared.gateway.size()
    # What writes the sign-in down is the role that serves; what hands over is the office.
    await owner.execute(f"REVOKE EXECUTE ON FUNCTION {APPEND} FROM pactgate_loader")
    try:
        status, said = await hand_over(officer, digest, XIMENA)
    finally:
        await owner.execute(f"GRANT EXECUTE ON FUNCTION {APPEND} TO pactgate_loader")
    assert status >= 500
    assert STUDENTS["ximena"].last not in said
    assert await shared.entries(start, "emergency.released") == []
    await sign_in_again(officer, digest)
    assert (await hand_over(officer, digest, XIMENA))[0] == 200


async def test_a_release_that_is_on_record_already_is_noted_and_not_handed_over_again(shared: Console) -> None:
    officer, order = await shared.as_a(Role.OFFICER), await an_order(shared.gateway)
    digest, papers = await a_release(shared.gateway, "ximena", order=order), await papers_of(shared)
    subject_key = shared.gateway.deployment.keys.subject
    students = await PaperReleases(shared.office, subject_key).students_of(digest, [XIMENA])
    # As if the process had died after the entry.
    envelope = (await papers.paper(digest)).envelope
    released = await EmergencyReleases(shared.office.desk, subject_key).release(envelope, students)
    await sign_in_again(officer, digest)
    status, said = await hand_over(officer, digest, XIMENA)
    assert (status, HandedOver.public_detail in said) == (409, True)
    assert (await papers.paper(digest)).line.filed == released.entry
    assert digest not in await salts(shared)


async def test_what_opens_a_release_goes_with_its_paper(shared: Console) -> None:
    officer, order = await shared.as_a(Role.OFFICER), await an_order(shared.gateway)
    digest = await a_release(shared.gateway, "ximena", order=order)
    assert digest in await salts(shared)
    withdrawn = await officer.post(f"/console/papers/{digest}/withdraw", {"csrf": await officer.token()})
    assert withdrawn.status_code == 303
    assert digest not in await salts(shared)
