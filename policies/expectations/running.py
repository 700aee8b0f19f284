"""
Running a policy test on a rehearsal of its agreement: what was decided, beside what was expected.

Nothing is signed for it and nothing can leave by it (`policies.rehearsal`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any, Final

from agreements.document import Agreement
from agreements.elements import Catalogue
from policies.compile import Suspension
from policies.decision import Permit
from policies.errors import MalformedExpectations, UnclearRequest
from policies.expectations.form import Case, Given, PolicyTest
from policies.explain.request import RequestExplained, explain_request
from policies.explain.standing import Coverage, Known, coverage
from policies.guardrails import Guardrails
from policies.population import Enrollment, Facts
from policies.rehearsal import ALWAYS, Rehearsed, rehearse
from policies.request import AccessRequest
from policies.state import PolicyState
from policies.term import pinned_zone

BOUND: Final = "client:00000000-0000-4000-8000-000000000001"
UNBOUND: Final = "client:00000000-0000-4000-8000-000000000002"
_STOP: Final = 1
"""The entry of every stop: which one it is makes no difference to a decision."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One case: what was found, in the words of `Expect`, and what differs, one line each. Empty: as expected."""

    case: Case
    found: dict[str, Any]
    differences: tuple[str, ...]
    explained: RequestExplained | None
    coverage: Coverage | None

    @property
    def passed(self) -> bool:
        """Whether it is as expected."""
        return not self.differences


def run_policy_test(
    test: PolicyTest, agreement: Agreement, catalogue: Catalogue, guardrails: Guardrails
) -> tuple[Outcome, ...]:
    """Run every case. Raises `MalformedExpectations` for a time or an element that is none, and as compiling does."""
    rehearsal = _Rehearsal(agreement, catalogue, guardrails)
    return tuple(_outcome(case, agreement, catalogue, rehearsal) for case in test.cases)


class _Rehearsal:
    """The worlds that cases ask for: with or without somebody who answers, and with these stops. Each is made once."""

    def __init__(self, agreement: Agreement, catalogue: Catalogue, guardrails: Guardrails) -> None:
        self._agreement = agreement
        self._catalogue = catalogue
        self._guardrails = guardrails
        self._states: dict[tuple[bool, tuple[str, ...]], PolicyState] = {}

    def state(self, given: Given) -> PolicyState:
        """Return the state in which a case is decided."""
        key = (given.answered is not False, given.stopped or ())
        if key not in self._states:
            accountable = {BOUND: (ALWAYS,) if key[0] else ()}
            promise = Rehearsed(self._agreement, frozenset({BOUND}), accountable=accountable)
            concerns = {"client": BOUND, "partner": self._agreement.partner.id, "agreement": self._agreement.digest}
            stops = [Suspension(concerns[each], _STOP) for each in key[1]]
            self._states[key] = rehearse(
                [promise], self._catalogue, self._guardrails, suspensions=stops, others=(UNBOUND,)
            )
        return self._states[key]


def _outcome(case: Case, agreement: Agreement, catalogue: Catalogue, rehearsal: _Rehearsal) -> Outcome:
    given = case.given
    request = AccessRequest(
        client=UNBOUND if given.client == "unbound" else BOUND,
        agreement=agreement.digest,
        purpose=given.purpose or agreement.purpose.code,
        dataset=str(given.dataset),
        elements=given.elements,
        filters=given.filters or {},
        sort=given.sort,
    )
    try:
        explained = explain_request(rehearsal.state(given), request, _moment(case, agreement))
    except UnclearRequest as error:
        found: dict[str, Any] = {"denied": error.code}
        return Outcome(case, found, tuple(_differences(case, found)), None, None)
    found, covered = _found(case, explained, catalogue)
    return Outcome(case, found, tuple(_differences(case, found, covered)), explained, covered)


def _found(case: Case, explained: RequestExplained, catalogue: Catalogue) -> tuple[dict[str, Any], Coverage | None]:
    decision = explained.decision
    if not isinstance(decision, Permit):
        clause = decision.facts.get("clause", "")
        found: dict[str, Any] = {"denied": decision.code, "clause": clause, "elements": list(decision.elements)}
        return {name: value for name, value in found.items() if value}, None
    if case.expect.row is None:
        return {"permit": {each.name: each.transformation for each in decision.fields}}, None
    covered = coverage(decision.rows, _known(case, catalogue))
    if covered.covered:
        values = [each.name for each in decision.fields if each.element in covered.elements]
        return {"row": True, "values": values}, covered
    against = covered.first_against
    return {"row": False} if against is None else {"row": False, "because": against.ground.value}, covered


def _differences(case: Case, found: dict[str, Any], covered: Coverage | None = None) -> Iterator[str]:
    """Yield a line for everything expected that was not found."""
    expected = case.expect
    for name in ("denied", "clause", "permit", "row", "elements", "values", "because"):
        wanted, has = getattr(expected, name), found.get(name)
        if name == "because" and wanted is not None and wanted.startswith("/"):
            yield from _condition_differs(wanted, covered, found)
        elif name in {"elements", "values"} and wanted is not None and sorted(wanted) == sorted(has or ()):
            continue
        elif wanted is not None and wanted != has:
            yield f"{name}: expected {_shown(wanted)}, found {_instead(found) if has is None else _shown(has)}"


def _condition_differs(clause: str, covered: Coverage | None, found: dict[str, Any]) -> Iterator[str]:
    """Yield a line unless the condition at `clause` holds of none of the student's enrollments."""
    stays = () if covered is None else covered.enrollments
    holds = [each.holds for stay in stays for each in stay.conditions if each.clause == clause]
    if not holds:
        yield f"because: expected that {clause} does not hold, found {_instead(found)}, and no such condition"
    elif True in holds:
        yield f"because: expected that {clause} does not hold, found that it does"


def _instead(found: dict[str, Any]) -> str:
    """Return what was decided, where the kind of answer is another one."""
    return "; ".join(f"{name} {_shown(value)}" for name, value in found.items())


def _shown(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case dict():
            return "{" + ", ".join(f"{name}: {each}" for name, each in sorted(value.items())) + "}"
        case list() | tuple():
            return "[" + ", ".join(map(str, value)) + "]"
    return str(value)


def _known(case: Case, catalogue: Catalogue) -> Known:
    student = case.given.student
    assert student is not None  # `form` sees to it
    names = {each.name: each.id for each in catalogue.in_dataset(str(case.given.dataset))}
    consented = (
        frozenset(each.id for each in catalogue)
        if student.consent == "all"
        else frozenset(_element(case, name, names) for name in student.consent)
    )
    facts = Facts(
        enrollments=tuple(Enrollment(stay.school, stay.grade) for stay in student.enrollments),
        program_types=student.programs,
        on_roster=student.roster,
        is_placed=student.placed,
    )
    return Known(facts, consented, frozenset(student.opted_out), student.withheld)


def _element(case: Case, name: str, names: dict[str, str]) -> str:
    if name not in names:
        raise MalformedExpectations(f"Line {case.line}: the dataset {case.given.dataset} has no element {name!r}.")
    return names[name]


def _moment(case: Case, agreement: Agreement) -> datetime:
    """Return the instant asked about; a day is noon, and a time without a zone is in the agreement's."""
    zone = pinned_zone(agreement.term.time_zone)
    given: Given = case.given
    if given.at is None:
        return datetime.combine(agreement.term.first_day, time(12), zone)
    try:
        moment = datetime.fromisoformat(given.at)
    except ValueError:
        raise MalformedExpectations(f"Line {case.line}: {given.at!r} is no day (2026-11-02) and no time.") from None
    if len(given.at) == len("2026-11-02"):
        moment = moment.replace(hour=12)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)
