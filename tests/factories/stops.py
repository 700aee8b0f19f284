"""
Every stop there is: what takes one student out, and what ends all that somebody may ask.

Each does its act as the district does it. One that comes with a day has no entry; it comes by the clock. To add a stop
is to add a line to one of the two lists.
"""

import datetime as dt
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, Final
from zoneinfo import ZoneInfo

from agreements.documents.erasure import Erasure, erasure_bytes
from agreements.documents.people import NamedPerson
from agreements.lifecycle import Standing
from agreements.signature import Kind
from gateway.erased import ErasedLinks
from gateway.oauth.client import PartnerKeys
from gateway.services.erasures import Erasures
from gateway.services.parties import Parties
from gateway.services.stewardship import Stewardship
from gateway.services.token_ends import end_tokens_for_agreement, end_tokens_of_client
from tests.factories.agreements import rae
from tests.factories.gateway import BRIGHT_PATH
from tests.factories.stage import Stage, Who
from tests.factories.stoppable import (
    AMENDED,
    CLAUSE_ENDS,
    LEFT,
    MAIN,
    PAT_TRAINED_TO,
    PROGRAM,
    TERM_ENDS,
    TERMINATED,
    pat,
)

_editions = count(1)
ZONE: Final = ZoneInfo("America/Los_Angeles")
CONSENT_ENDS, BIRTHDAY, ROSTER_ENDS, EXIT = (dt.date(2027, 3, day) for day in (11, 13, 15, 17))
"""Days that come while the clock goes on: the last one of a consent, an 18th birthday, …"""


def after(day: dt.date) -> dt.datetime:
    """Return the first instant that is no longer this day, where the agreements are at home."""
    return dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), ZONE)


# One student


@dataclass(frozen=True)
class StudentStop:
    """Something after which one student is not served. `prepare` gives the student what the stop is about."""

    name: str
    act: Callable[[Stage, str], Awaitable[object]]
    dated: bool = False
    prepare: Callable[[Stage, str], None] | None = None


def _change(stage: Stage, target: str, number: str, change: Callable[[list[Any]], list[Any] | None]) -> None:
    """Change or take out the student's rows in what the district's systems export."""
    place = 1 if target in {"rosters", "consents"} else 0
    rows = []
    for row in stage.files[target]:
        made = change(list(row)) if row[place] == number else list(row)
        if made is not None:
            rows.append(made)
    stage.files[target] = rows


def _of_main(stage: Stage, change: Callable[[list[Any]], list[Any] | None]) -> Callable[[list[Any]], list[Any] | None]:
    return lambda row: change(row) if row[0] == stage.line() else row


async def _withdrawn(stage: Stage, number: str) -> None:
    await Stewardship(stage.office).withdraw(stage.line(), number)


async def _opted_out(stage: Stage, number: str) -> None:
    await Stewardship(stage.office).opt_out(number, None, directory_only=False)


async def _opted_out_of_one(stage: Stage, number: str) -> None:
    await Stewardship(stage.office).opt_out(number, stage.line(), directory_only=False)


async def _off_the_roster(stage: Stage, number: str) -> None:
    _change(stage, "rosters", number, _of_main(stage, lambda _: None))
    await stage.load("rosters")


async def _consent_gone(stage: Stage, number: str) -> None:
    _change(stage, "consents", number, _of_main(stage, lambda _: None))
    await stage.load("consents")


async def _exited(stage: Stage, number: str) -> None:
    _change(stage, "enrollments", number, lambda row: [*row[:5], "2027-03-09"])
    await stage.load("enrollments")


async def _school_changed(stage: Stage, number: str) -> None:
    _change(stage, "enrollments", number, lambda row: [row[0], "ECS-199", *row[2:]])
    await stage.load("enrollments")


async def _not_exported(stage: Stage, number: str) -> None:
    _change(stage, "students", number, lambda _: None)
    await stage.load("students")


async def _withheld(stage: Stage, number: str) -> None:
    """Load a row of the student that is refused: what stands there may not be true any more."""
    _change(stage, "students", number, lambda row: [*row[:3], "31.02.2011", *row[4:]])
    await stage.load("students", refused=1)


async def _erased(stage: Stage, number: str) -> None:
    """Two officers erase a student of whom no record is left."""
    for target in stage.files:
        if target not in {"schools", "opt_outs"}:
            _change(stage, target, number, lambda _: None)
    await stage.load(*(target for target in stage.files if target not in {"schools", "opt_outs"}))
    keys = [person.key for person in stage.gateway.deployment.ring.officers]
    kept = ErasedLinks(stage.gateway.home / "erasures")
    erasures = Erasures(stage.office.desk, stage.gateway.deployment.keys.subject, kept)
    payload = erasure_bytes(Erasure(await erasures.links_of([number]), "the retention of the district is over"))
    await erasures.erase(stage.gateway.deployment.ring.sign(Kind.ERASURE, payload, *keys))


def _consent_to(stage: Stage, number: str) -> None:
    _change(stage, "consents", number, _of_main(stage, lambda row: [*row[:6], f"{CONSENT_ENDS}"]))


def _born(stage: Stage, number: str) -> None:
    born = BIRTHDAY.replace(year=BIRTHDAY.year - 18)
    _change(stage, "students", number, lambda row: [*row[:3], f"{born:%d.%m.%Y}", *row[4:]])


def _roster_to(stage: Stage, number: str) -> None:
    _change(stage, "rosters", number, _of_main(stage, lambda row: [*row[:3], f"{ROSTER_ENDS}"]))


def _leaves_on(stage: Stage, number: str) -> None:
    _change(stage, "enrollments", number, lambda row: [*row[:5], f"{EXIT}"])


def _at(day: dt.date) -> Callable[[Stage, str], Awaitable[object]]:
    return lambda stage, _: stage.gateway.at(after(day))


STUDENT_STOPS: Final[Sequence[StudentStop]] = (
    StudentStop("the roster is loaded without the student", _off_the_roster),
    StudentStop("the consents are loaded without the student's", _consent_gone),
    StudentStop("the student has left the school", _exited),
    StudentStop("the student goes to a school that is not covered", _school_changed),
    StudentStop("the student is exported no more", _not_exported),
    StudentStop("the student is erased", _erased),
    StudentStop("the student's own row is refused by a load", _withheld),
    StudentStop("the consent is withdrawn", _withdrawn),
    StudentStop("the family opts out", _opted_out),
    StudentStop("the family opts out of this agreement", _opted_out_of_one),
    StudentStop("the consent's last day is over", _at(CONSENT_ENDS), dated=True, prepare=_consent_to),
    StudentStop(
        "the parent's consent ends with childhood", _at(BIRTHDAY - dt.timedelta(days=1)), dated=True, prepare=_born
    ),
    StudentStop("the last day on the roster is over", _at(ROSTER_ENDS), dated=True, prepare=_roster_to),
    StudentStop("the last day at the school is over", _at(EXIT), dated=True, prepare=_leaves_on),
)
"""
In this order: loads come first, since what a family said is refused by every later load that says otherwise, and days
come last. There are no more of them than half the students.
"""


# Everything


@dataclass(frozen=True)
class CallerStop:
    """
    Something after which `stopped` are answered nothing under an agreement, and nobody else notices.

    Guarded routes answer `status` and `code`, the token endpoint `error` (None: a new token is issued, and is good).
    `undo` lets everybody in again with the tokens they hold; without it the stop is for good.
    """

    name: str
    act: Callable[[Stage], Awaitable[Any]]
    status: int
    code: str
    error: str | None
    stopped: tuple[Who, ...] = (Who.KEYED, Who.ATTENDED, Who.PROGRAM)
    undo: Callable[[Stage, Any], Awaitable[object]] | None = None
    agreement: str = MAIN
    dated: bool = False

    @property
    def is_good(self) -> bool | str:
        """What introspection says of a token that is held: whether it is good, or that the client is none."""
        return self.error if self.error == "invalid_client" else self.code == "no_responsible_person"


def _client(stage: Stage, name: str = BRIGHT_PATH) -> str:
    return stage.gateway.deployment.partners[name].client


async def _reinstate(stage: Stage, subject: str, entry: int) -> None:
    await stage.office.suspensions.reinstate(stage.gateway.deployment.ring.reinstatement(subject, undoes=entry))


def _agreement_stopped(standing: Standing, name: str) -> Callable[[Stage], Awaitable[int]]:
    return lambda stage: stage.office.suspensions.stop_agreement(stage.digest(name), standing, "test")


async def _agreement_back(stage: Stage, entry: int) -> None:
    await _reinstate(stage, stage.digest(), entry)


async def _partner_stopped(stage: Stage) -> int:
    return await stage.office.suspensions.suspend_partner("partner:bright-path", "test")


async def _partner_back(stage: Stage, entry: int) -> None:
    await _reinstate(stage, "partner:bright-path", entry)


async def _client_stopped(stage: Stage) -> int:
    return await stage.office.suspensions.suspend_client(_client(stage), "test")


async def _client_back(stage: Stage, entry: int) -> None:
    await _reinstate(stage, _client(stage), entry)


async def _program_stopped(stage: Stage) -> int:
    return await stage.office.suspensions.suspend_client(PROGRAM, "test")


async def _program_back(stage: Stage, entry: int) -> None:
    await _reinstate(stage, PROGRAM, entry)


async def _tokens_of_client(stage: Stage) -> None:
    async with stage.office.engine.begin() as connection:
        await end_tokens_of_client(connection, _client(stage))


async def _tokens_for_agreement(stage: Stage) -> None:
    async with stage.office.engine.begin() as connection:
        await end_tokens_for_agreement(connection, stage.digest())


async def _ended_by_client(stage: Stage) -> None:
    for who in (Who.KEYED, Who.ATTENDED):
        answer = await stage.proving("/oauth/revoke", token=stage.tokens[who, MAIN])
        assert answer.status_code == 200, answer.text


async def _new_tokens(stage: Stage, _: object) -> None:
    for who in Who:
        await stage.fetch_token(who)


async def _secret_ended(stage: Stage) -> None:
    await stage.office.secrets.end(PROGRAM, stage.secret.entry)


async def _secret_back(stage: Stage, _: object) -> None:
    stage.secret = await stage.office.secrets.issue(PROGRAM, 365)
    await stage.fetch_token(Who.PROGRAM)


async def _key_exchanged(stage: Stage) -> None:
    await _bind(stage, PartnerKeys.generate())


async def _key_back(stage: Stage, _: object) -> None:
    await _bind(stage, stage.gateway.deployment.partners[BRIGHT_PATH].keys)


async def _bind(stage: Stage, keys: PartnerKeys) -> None:
    """Bind the client to these keys, and to no others from now on."""
    ring, bundle, jwks = stage.gateway.deployment.ring, stage.made.agreements[MAIN], keys.jwks()["keys"]
    bound = ring.binding(bundle, _client(stage), jwks, earlier_last_day=dt.date(2026, 1, 1))  # type: ignore[arg-type] # JSON
    await stage.office.admissions.register_client(bound.envelope, [bound.approval], "nightly")


async def _name_people(stage: Stage, *people: NamedPerson) -> None:
    """Name these people and nobody else, in an annex that was never filed before."""
    bundle, edition = stage.made.agreements[MAIN], next(_editions)
    named = [replace(each, training=replace(each.training, title=f"FERPA, edition {edition}")) for each in people]
    annex = stage.gateway.deployment.ring.people(bundle, *named)
    await stage.office.admissions.name_people(annex.envelope, [annex.approval])


async def _person_taken_out(stage: Stage) -> None:
    await _name_people(stage, rae())


async def _responsible_taken_out(stage: Stage) -> None:
    await _name_people(stage, pat())


async def _both_back(stage: Stage, _: object) -> None:
    await _name_people(stage, rae(), pat())


async def _amended(stage: Stage) -> None:
    """Bring the next version into force, which begins at once: the last one is over."""
    ring, old = stage.gateway.deployment.ring, stage.made.agreements[AMENDED].agreement
    content = json.loads(json.dumps(old.content))
    content |= {"version": old.version + 1, "replaces": old.digest, "annexes": "carried_over"}
    content["term"]["first_day"] = "2027-03-01"
    new = ring.agreement(content=content)
    await stage.office.onboarding.activate(new.envelope, [new.approval])


async def _partner_left(stage: Stage) -> None:
    await Parties(stage.office.desk).leave(stage.made.agreements[LEFT].agreement.partner.id, "test")


def _clock(day: dt.date) -> Callable[[Stage], Awaitable[None]]:
    return lambda stage: stage.gateway.at(after(day))


_KEYED: Final = (Who.KEYED, Who.ATTENDED)
CALLER_STOPS: Final[Sequence[CallerStop]] = (
    CallerStop(
        "the agreement is suspended",
        _agreement_stopped(Standing.SUSPENDED, MAIN),
        401,
        "suspended",
        "invalid_authorization_details",
        undo=_agreement_back,
    ),
    CallerStop("the partner is stopped", _partner_stopped, 401, "suspended", "invalid_client", undo=_partner_back),
    CallerStop("the client is stopped", _client_stopped, 401, "suspended", "invalid_client", _KEYED, undo=_client_back),
    CallerStop(
        "the program is stopped",
        _program_stopped,
        401,
        "suspended",
        "invalid_client",
        (Who.PROGRAM,),
        undo=_program_back,
    ),
    CallerStop("the client ends its tokens", _ended_by_client, 401, "token_over", None, _KEYED, undo=_new_tokens),
    CallerStop(
        "the district ends the client's tokens", _tokens_of_client, 401, "token_over", None, _KEYED, undo=_new_tokens
    ),
    CallerStop(
        "the district ends the tokens for the agreement",
        _tokens_for_agreement,
        401,
        "token_over",
        None,
        undo=_new_tokens,
    ),
    CallerStop(
        "the secret is ended", _secret_ended, 401, "invalid_token", "invalid_client", (Who.PROGRAM,), undo=_secret_back
    ),
    CallerStop(
        "the client's key is exchanged",
        _key_exchanged,
        401,
        "invalid_token",
        "invalid_authorization_details",
        _KEYED,
        undo=_key_back,
    ),
    CallerStop(
        "the person is taken out of the list",
        _person_taken_out,
        401,
        "invalid_token",
        "invalid_authorization_details",
        (Who.ATTENDED,),
        undo=_both_back,
    ),
    CallerStop(
        "nobody answers for the client any more",
        _responsible_taken_out,
        403,
        "no_responsible_person",
        None,
        undo=_both_back,
    ),
    CallerStop(
        "the next version begins",
        _amended,
        403,
        "agreement_expired",
        "invalid_authorization_details",
        (Who.KEYED,),
        agreement=AMENDED,
    ),
    CallerStop(
        "the agreement is terminated",
        _agreement_stopped(Standing.TERMINATED, TERMINATED),
        403,
        "no_agreement",
        "invalid_authorization_details",
        (Who.KEYED,),
        agreement=TERMINATED,
    ),
    CallerStop(
        "the partner leaves", _partner_left, 401, "unknown_client", "invalid_client", (Who.KEYED,), agreement=LEFT
    ),
    CallerStop(
        "the person's training ends",
        _clock(PAT_TRAINED_TO),
        401,
        "invalid_token",
        "invalid_authorization_details",
        (Who.ATTENDED,),
        dated=True,
    ),
    CallerStop(
        "the clause for programs ends",
        _clock(CLAUSE_ENDS),
        403,
        "bearer_not_covered",
        "invalid_client",
        (Who.PROGRAM,),
        dated=True,
    ),
    CallerStop(
        "the undertaking's school year ends",
        _clock(dt.date(2027, 6, 30)),
        403,
        "no_responsible_person",
        None,
        (Who.KEYED,),
        dated=True,
    ),
    CallerStop(
        "the term ends",
        _clock(TERM_ENDS),
        403,
        "agreement_expired",
        "invalid_authorization_details",
        (Who.KEYED,),
        dated=True,
    ),
)
"""In this order: what is undone comes first, then what ends another agreement for good, and days come last."""
