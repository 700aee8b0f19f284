"""
Every stop that ends all that somebody may ask.

Each does its act as the district or the partner does it. One that comes with a day has no entry; it comes by the clock.
To add a stop is to add a line to the list, and one to the table in `docs/partners.md`.
"""

import datetime as dt
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, Final

from agreements.documents.people import NamedPerson
from agreements.lifecycle import Standing
from gateway.oauth.client import PartnerKeys
from gateway.services.parties import Parties
from gateway.services.token_ends import end_tokens_for_agreement, end_tokens_of_client
from tests.factories.agreements import rae
from tests.factories.gateway import BRIGHT_PATH
from tests.factories.stage import Stage, Who, after
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

YEAR_ENDS: Final = dt.date(2027, 6, 30)
"""The last day of the school year for which everybody bound themselves."""
_editions = count(1)


@dataclass(frozen=True)
class CallerStop:
    """
    Something after which `stopped` are answered nothing under an agreement, and nobody else notices.

    Guarded routes answer with `told`, status and code, the token endpoint with `error` (None: a new token is issued).
    `undo` lets everybody in again with the tokens they hold; without it the stop is for good.
    """

    name: str
    act: Callable[[Stage], Awaitable[Any]]
    told: tuple[int, str]
    error: str | None
    stopped: tuple[Who, ...] = (Who.KEYED, Who.ATTENDED, Who.PROGRAM)
    undo: Callable[[Stage, Any], Awaitable[object]] | None = None
    agreement: str = MAIN
    dated: bool = False

    @property
    def is_good(self) -> bool | str:
        """What introspection says of a token that is held: whether it is good, or that the client is none."""
        return self.error if self.error == "invalid_client" else self.told == _UNANSWERED


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
        await end_tokens_of_client(connection, _client(stage), "test")


async def _tokens_for_agreement(stage: Stage) -> None:
    async with stage.office.engine.begin() as connection:
        await end_tokens_for_agreement(connection, stage.digest(), "test")


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


_SUSPENDED, _OVER, _INVALID = (401, "suspended"), (401, "token_over"), (401, "invalid_token")
_EXPIRED, _UNANSWERED = (403, "agreement_expired"), (403, "no_responsible_person")
_NO_CLIENT, _NO_DETAILS = "invalid_client", "invalid_authorization_details"
_ALONE, _KEYED = (Who.KEYED,), (Who.KEYED, Who.ATTENDED)
_PERSON, _PROGRAM = (Who.ATTENDED,), (Who.PROGRAM,)
_SUSPENDS, _TERMINATES = (
    _agreement_stopped(Standing.SUSPENDED, MAIN),
    _agreement_stopped(Standing.TERMINATED, TERMINATED),
)
CALLER_STOPS: Final[Sequence[CallerStop]] = (
    CallerStop("the agreement is suspended", _SUSPENDS, _SUSPENDED, _NO_DETAILS, undo=_agreement_back),
    CallerStop("the partner is stopped", _partner_stopped, _SUSPENDED, _NO_CLIENT, undo=_partner_back),
    CallerStop("the client is stopped", _client_stopped, _SUSPENDED, _NO_CLIENT, _KEYED, undo=_client_back),
    CallerStop("the program is stopped", _program_stopped, _SUSPENDED, _NO_CLIENT, _PROGRAM, undo=_program_back),
    CallerStop("the client ends its tokens", _ended_by_client, _OVER, None, _KEYED, undo=_new_tokens),
    CallerStop("the district ends the client's tokens", _tokens_of_client, _OVER, None, _KEYED, undo=_new_tokens),
    CallerStop("the district ends the agreement's tokens", _tokens_for_agreement, _OVER, None, undo=_new_tokens),
    CallerStop("the secret is ended", _secret_ended, _INVALID, _NO_CLIENT, _PROGRAM, undo=_secret_back),
    CallerStop("the client's key is exchanged", _key_exchanged, _INVALID, _NO_DETAILS, _KEYED, undo=_key_back),
    CallerStop("the person is taken off the list", _person_taken_out, _INVALID, _NO_DETAILS, _PERSON, undo=_both_back),
    CallerStop("nobody answers for the client", _responsible_taken_out, _UNANSWERED, None, undo=_both_back),
    CallerStop("the next version begins", _amended, _EXPIRED, _NO_DETAILS, _ALONE, agreement=AMENDED),
    CallerStop(
        "the agreement is terminated", _TERMINATES, (403, "no_agreement"), _NO_DETAILS, _ALONE, agreement=TERMINATED
    ),
    CallerStop("the partner leaves", _partner_left, (401, "unknown_client"), _NO_CLIENT, _ALONE, agreement=LEFT),
    CallerStop("the person's training ends", _clock(PAT_TRAINED_TO), _INVALID, _NO_DETAILS, _PERSON, dated=True),
    CallerStop(
        "the clause for programs ends",
        _clock(CLAUSE_ENDS),
        (403, "bearer_not_covered"),
        _NO_CLIENT,
        _PROGRAM,
        dated=True,
    ),
    CallerStop("the undertaking's school year ends", _clock(YEAR_ENDS), _UNANSWERED, None, _ALONE, dated=True),
    CallerStop("the term ends", _clock(TERM_ENDS), _EXPIRED, _NO_DETAILS, _ALONE, dated=True),
)
"""In this order: what is undone comes first, then what ends another agreement for good, and days come last."""
