"""
A small district to analyse: four agreements of three partners, two of them with one partner, some stopped or ended.

    STATE                                          # all of it, as `rehearse` puts it together
    everything()                                   # -> what anybody obtains, ever
    with_lines(sps_a, ("000033", "blank"), …)      # an agreement with further lines in its first dataset
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import Final

from agreements.accountable import Window
from agreements.document import Agreement
from agreements.elements import load_catalogue
from agreements.terms import ElementTerm
from policies.analyse.obtained import Obtained, obtained
from policies.compile import Suspension
from policies.guardrails import load_guardrails
from policies.rehearsal import Rehearsed, rehearse
from policies.state import PolicyState
from tests.factories.agreements import SPS_B, client_id
from tests.factories.policy_worlds import TUTOR, promise

MENTOR = client_id("mentor")
BANNED = client_id("banned")
FEBRUARY = datetime(2027, 2, 1, 8, tzinfo=UTC)
AUTUMN = Window(datetime(2026, 9, 10, tzinfo=UTC), datetime(2026, 12, 20, tzinfo=UTC))

TUTORING: Final = promise().signed.agreement
MENTORING: Final = promise(SPS_B, clients=("mentor",)).signed.agreement
GATED: Final = promise(
    changes={
        "/id": "agreement:sps-a-gated",
        "/term/first_day": "2027-02-01",
        "/term/last_day": "2028-02-29",
        "/term/time_zone": "America/New_York",
        "/datasets/0/elements/2/transformation": "year",
        "/datasets/0/elements/0": {"element": "000092", "transformation": "exact", "own_line": True},
    }
).signed.agreement
STOPPED: Final = promise(SPS_B, clients=("mentor",), changes={"/id": "agreement:sps-b-stopped"}).signed.agreement
SECOND: Final = promise(
    SPS_B,
    clients=("tutor",),
    changes={"/id": "agreement:sps-b-second", "/partner": TUTORING.content["partner"]},
).signed.agreement

PROMISES: Final = (
    Rehearsed(TUTORING, frozenset({TUTOR, BANNED})),
    Rehearsed(MENTORING, frozenset({MENTOR}), until=FEBRUARY),
    Rehearsed(GATED, frozenset({TUTOR})),
    Rehearsed(STOPPED, frozenset({MENTOR})),
    Rehearsed(SECOND, frozenset({TUTOR}), accountable={TUTOR: (AUTUMN,)}),
)
STOPS: Final = (Suspension(BANNED, 3), Suspension(STOPPED.digest, 5))
STATE: Final = rehearse(PROMISES, load_catalogue(), load_guardrails(), suspensions=STOPS)


@cache
def everything() -> tuple[Obtained, ...]:
    """All that anybody obtains in the small district, ever."""
    return tuple(obtained(STATE))


def alone(*promises: Rehearsed, stops: tuple[Suspension, ...] = ()) -> PolicyState:
    """A district with these promises only."""
    return rehearse(promises, load_catalogue(), load_guardrails(), suspensions=stops)


def with_lines(agreement: Agreement, *lines: tuple[str, str]) -> Agreement:
    """The agreement with further lines (element, transformation) at the end of its first dataset."""
    first, *rest = agreement.datasets
    added = tuple(
        ElementTerm(element, way, own_line=False, pointer=f"/datasets/0/elements/{place}")
        for place, (element, way) in enumerate(lines, len(first.elements))
    )
    return replace(agreement, datasets=(replace(first, elements=(*first.elements, *added)), *rest))


def only_lines(agreement: Agreement, ways: Mapping[str, str]) -> Agreement:
    """The agreement with nothing but these elements of its first dataset."""
    first = replace(agreement.datasets[0], elements=())
    return with_lines(replace(agreement, datasets=(first,)), *ways.items())
