"""
The marked district under an agreement on each basis, as wide as the law lets it be, once exact and once coarse.

    made = await deploy_marked(deployment, home)     # -> Marked: `deployment` to be copied, marks, what is allowed
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from agreements.canonical import Json
from agreements.document import agreement_problems
from agreements.elements import DATASETS, load_catalogue
from gateway.services.alarms import alarm
from gateway.services.office import Office, open_office
from policies.guardrails import Guardrails, read_guardrails
from tests.factories.agreements import RECEIVED, SPS_B, Keyring, SignedAgreement, client_id, example
from tests.factories.cohort import TUTORING, Rows
from tests.factories.database import TestDatabase
from tests.factories.gateway import BRIGHT_PATH, NOON, SHIFT, Deployment, bring_into_force, load
from tests.factories.lawful import on
from tests.factories.markers import (
    CLOSED,
    CROWD,
    PARTLY,
    RECORDS,
    SHOWN,
    YEAR,
    Marker,
    marked_district,
)
from tests.factories.plain import load_plain

FEW: Final = ("000115", "001069", "000243", "000124", "001649")
"""What the consent of `PARTLY` covers."""
_FORMS: Final = (
    ("consent", "exact", ("students",)),  # three of them: a consent can name 63 elements
    ("consent", "exact", DATASETS[1:6]),
    ("consent", "exact", DATASETS[6:]),
    ("consent", "coarse", DATASETS),
    ("school_official", "coarse", DATASETS),
    ("audit_evaluation", "exact", DATASETS),
    ("usc_1232g_b_1_L", "exact", DATASETS),
    ("de_identified_with_code", "coarse", DATASETS),
)
"""
The agreements, besides the compatible one of a school official. Studies need a master and directory information a
notice, an emergency has an order of its own, and juvenile justice is read as an audit is.
"""
EXACT: Final = "exact"
COARSE: Final = "coarse"
PROGRAM: Final = client_id("a program that knows only a secret, among markers")
NETWORK: Final = "203.0.113.0/28"
COMPATIBLE: Final = "compatible"
CLAUSE: Final = {"bearer": True, "because": "It cannot bind its tokens to a key.", "last_day": "2027-05-31"}
_GUARDRAILS: Final = Path(__file__).parents[2] / "policies" / "guardrails.toml"
_READS: Final[Mapping[str, frozenset[str]]] = {
    "students": frozenset({"schools", "students", "enrollments", "academic_summaries"}),
    "attendance": frozenset({"enrollments", "attendance_events"}),
    "attendance_events": frozenset({"enrollments", "attendance_events"}),
    "courses": frozenset({"enrollments", "course_grades", "sessions"}),
    "enrollments": frozenset({"schools", "enrollments"}),
    "academic_summary": frozenset({"enrollments", "academic_summaries"}),
    "graduation": frozenset({"schools", "students", "enrollments"}),
    "assessments": frozenset({"enrollments", "assessments"}),
    "discipline": frozenset({"enrollments", "discipline"}),
    "programs": frozenset({"enrollments", "programs"}),
}
"""Which targets a dataset tells of; one that does not stand here may tell of all."""


@dataclass(frozen=True)
class Marked:
    """What was set up. `names` are the agreements; a compatible one is asked for with a secret."""

    deployment: Deployment
    marks: tuple[Marker, ...]
    secret: str = field(repr=False)

    @property
    def names(self) -> tuple[str, ...]:
        """The agreements over marked students, in the order of their names."""
        return tuple(sorted(set(self.deployment.agreements) - {TUTORING, "mentoring", "follow_up"}))

    @property
    def guardrails(self) -> Guardrails:
        """The shipped guardrails, with the part that lets agreements provide for bearer tokens."""
        return read_guardrails(_GUARDRAILS.read_text("utf-8") + "\n[compatibility]\nbearer = true\n", load_catalogue())

    def allowed(self, name: str, dataset: str) -> set[Marker]:
        """Return the markers that may stand in an answer about `dataset` under an agreement, by its plain words."""
        return {mark for mark in self.marks if self._is_allowed(mark, name, dataset)}

    def _is_allowed(self, mark: Marker, name: str, dataset: str) -> bool:
        content: Any = self.deployment.agreements[name].agreement.content
        lines = [line for part in content["datasets"] if part["dataset"] == dataset for line in part["elements"]]
        given = {line["element"] for line in lines if line["transformation"] == "exact"}
        # What was done after an incident tells a status: such a row leaves with consent only, a count of them always.
        is_counted = any(line["transformation"] == "count" for line in lines)
        if dataset == "discipline" and content["basis"]["type"] != "consent" and not is_counted:
            return False
        covered = {SHOWN, PARTLY} if mark.element in FEW or content["basis"]["type"] != "consent" else {SHOWN}
        is_row = mark.kind != CLOSED and not mark.is_coded
        of_dataset = mark.target in _READS.get(dataset, set(RECORDS))
        return mark.element in given and mark.role in covered and is_row and of_dataset


def _widest(basis: str, form: str, datasets: Sequence[str] = DATASETS) -> dict[str, Any]:
    """Return an agreement on a basis with every element of `datasets` that the law lets it have."""
    catalogue, content = load_catalogue(), on(basis)
    content["datasets"] = [
        {"dataset": name, "school_years": [YEAR], "elements": _lines(name, form)} for name in datasets
    ]
    placed = [{"placement": True}] if basis == "usc_1232g_b_1_L" else []
    content["population"] = {"all": [{"roster": True}, *placed]} if placed else {"roster": True}
    if basis == "consent" and len(datasets) > 1 and form == COARSE:
        for part in content["datasets"]:
            part["elements"] = [each for each in part["elements"] if each["transformation"] != EXACT]
    content["datasets"] = [part for part in content["datasets"] if part["elements"]]
    while doomed := sorted(_doomed(agreement_problems(content, catalogue)), reverse=True):
        for dataset, line in doomed:
            del content["datasets"][dataset]["elements"][line]
    content["datasets"] = [part for part in content["datasets"] if part["elements"]]
    return content


def _doomed(problems: Any) -> set[tuple[int, int]]:
    steps = [problem.path.split("/") for problem in problems]
    return {
        (int(step[2]), int(step[4]))
        for step in steps
        if step[1:2] == ["datasets"] and step[3:4] == ["elements"] and step[4:]
    }


def _lines(dataset: str, form: str) -> list[Json]:
    lines: list[Json] = []
    for element in load_catalogue().in_dataset(dataset):
        if form == EXACT and "count" in element.transformations and EXACT not in element.transformations:
            continue  # rows and what counts them are never told together
        *coarse, last = element.transformations
        exact = form == EXACT or not coarse
        how = ("exact" if "exact" in element.transformations else last) if exact else _coarse(element.transformations)
        line: dict[str, Json] = {"element": element.id, "transformation": str(how)}
        if element.tier_after(how).is_sensitive:
            line["own_line"] = True
        lines.append(line)
    return lines


def _coarse(transformations: Any) -> str:
    """Return the first transformation that tells less, but something."""
    return str(next((each for each in transformations if each not in {"exact", "blank"}), transformations[-1]))


def _agreements(ring: Keyring, partner: dict[str, Any]) -> Iterator[tuple[str, SignedAgreement]]:
    for number, (basis, form, datasets) in enumerate(_FORMS):
        content = _widest(basis, form, datasets)
        content["id"] = f"agreement:marked-{number}"
        content["partner"] = {**content["partner"], "id": partner["id"], "name": partner["name"]}
        yield f"{number} {basis} {form}", ring.agreement(content=content)
    content = {**_widest("school_official", EXACT), "id": "agreement:marked-compatible", "compatibility": CLAUSE}
    yield COMPATIBLE, ring.agreement(content={**content, "partner": example(SPS_B)["partner"]})


async def deploy_marked(deployment: Deployment, home: Path) -> Marked:
    """Set everything up in a database of its own."""
    database = TestDatabase(deployment.server, "pactgate_marked")
    await deployment.server.create(database.name, template=deployment.template)
    ring, partner = deployment.ring, deployment.partners[BRIGHT_PATH]
    content, marks = marked_district()
    partner_named: Any = deployment.agreements[TUTORING].agreement.content["partner"]
    made = dict(_agreements(ring, partner_named))
    clerk = await database.connection("loader")
    await clerk.execute(SHIFT, RECEIVED)
    async with open_office(database.url("loader"), deployment.trust, alarm) as office:
        for name, bundle in made.items():
            if name == COMPATIBLE:
                await _let_in(office, ring, bundle)
            else:
                await bring_into_force(office, ring, bundle, partner, name)
        await clerk.execute(SHIFT, NOON)
        await load_plain(office, deployment.keys, home, content)
        numbers = {row["student_identifier"]: None for row in content["students"]}
        await load(office, deployment.keys, home, _standing(made, list(numbers)), confirm=True)
        secret = await office.secrets.issue(PROGRAM, 365)
    await database.close()
    copied = replace(deployment, template=database.name, agreements={**deployment.agreements, **made})
    return Marked(copied, marks, secret.text)


async def _let_in(office: Office, ring: Keyring, bundle: SignedAgreement) -> None:
    await office.onboarding.activate(bundle.envelope, [bundle.approval])
    people = ring.people(bundle)
    await office.admissions.name_people(people.envelope, [people.approval])
    bound = ring.binding(bundle, PROGRAM, [], compatibility=True, allowed_addresses=(NETWORK,))
    await office.admissions.register_client(bound.envelope, [bound.approval], "program")
    await office.admissions.accept_undertaking(ring.undertaking(bundle))


def _standing(made: Mapping[str, SignedAgreement], numbers: list[str]) -> dict[str, Rows]:
    """Return who is covered. The students come in the order of their roles, those of the crowd last."""
    shown, partly, _, opted_out, *crowd = numbers
    on_file = [shown, partly, opted_out, *crowd]
    lines = {name: bundle.agreement for name, bundle in made.items()}
    assert crowd == list(CROWD)
    return {
        "rosters": [(each.id, number, "2026-09-01", None) for each in lines.values() for number in on_file],
        "placements": [
            (each.id, number, "2026-09-01", None)
            for each in lines.values()
            if each.content["basis"]["type"] == "usc_1232g_b_1_L"  # type: ignore[index,call-overload]
            for number in on_file
        ],
        "consents": [
            (each.id, number, ";".join(FEW) if number == partly else "all", "parent", "2026-08-25", "2026-09-01", None)
            for each in lines.values()
            if each.content["basis"]["type"] == "consent"  # type: ignore[index,call-overload]
            for number in on_file
        ],
        "opt_outs": [(opted_out, None, "sharing", "2026-09-01")],
    }
