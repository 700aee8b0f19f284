"""
A deployment in which everything can be stopped: agreements that cover every dataset, read by two replicas.

The main agreement is read by a client with keys, by the same client on a person's behalf, and by a program that knows
only a secret. Its students are alike: each has a row in every dataset, and each stop takes one of them. Three more
agreements are there to be ended for good.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from agreements.documents.people import NamedPerson, Training
from agreements.elements import DATASETS, Transformation, load_catalogue
from gateway.services.alarms import alarm
from gateway.services.compatibility.secrets import Issued
from gateway.services.office import Office, open_office
from policies.guardrails import load_guardrails
from tests.factories.agreements import RECEIVED, SPS_A, SignedAgreement, client_id, key_for, rae
from tests.factories.cohort import MENTORING, STUDENTS, YEAR, Rows, Student, export
from tests.factories.database import TestDatabase
from tests.factories.gateway import BRIGHT_PATH, HARBOR, NOON, SHIFT, Deployment, bring_into_force, load
from tests.factories.lenient import NETWORK

MAIN, AMENDED, TERMINATED, LEFT = "main", "amended", "terminated", "left"
"""The main agreement, and three that are ended: by a version that is not in force yet, by word, with the partner."""
PROGRAM: Final = client_id("a program that knows only a secret, to be stopped")
PAT: Final = "person:pat"
PAT_TRAINED_TO: Final = dt.date(2027, 4, 20)
CLAUSE_ENDS: Final = dt.date(2027, 5, 31)
CLAUSE: Final = {"bearer": True, "because": "It cannot bind its tokens to a key.", "last_day": f"{CLAUSE_ENDS}"}
TERM_ENDS: Final = dt.date(2027, 7, 12)
"""After the school year for which everybody bound themselves, before the training of who answers for clients ends."""
_FROM, _SIGNED = "2026-09-01", "2026-08-25"
CROWD: Final = tuple(each for role, each in STUDENTS.items() if role.startswith("crowd"))


def pat(trained_to: dt.date = PAT_TRAINED_TO) -> NamedPerson:
    """Return a person who may see students until the training ends."""
    training = Training("FERPA", dt.date(2026, 7, 15), trained_to)
    return NamedPerson(PAT, "Pat", "pat@partner.example", "staff", training, key_for(PAT).public)


def datasets() -> list[dict[str, Any]]:
    """Return all datasets of the catalogue, each with a few elements that a consent covers exactly."""
    shut = {barrier.element for barrier in load_guardrails().closed("consent")} | {"001071", "001075"}
    listed = []
    for name in DATASETS:
        # Sensitive ones would need a line of their own in the consent form.
        found = [e for e in load_catalogue().in_dataset(name) if Transformation.EXACT in e.transformations]
        chosen = [e.id for e in found if e.id not in shut and not e.tier_after(Transformation.EXACT).is_sensitive][:4]
        elements = [{"element": each, "transformation": "exact"} for each in chosen]
        listed.append({"dataset": name, "school_years": [YEAR], "elements": elements})
    return listed


def rows_of(each: Student) -> dict[str, Rows]:
    """Return a row of each kind about a student, with codes that leave by consent."""
    first, school = each.number, each.school
    return {
        "attendance_events": [(first, "2027-03-01", school, YEAR, "-")],
        "course_grades": [(first, YEAR, "S1", "a", school, None, "Algebra I", "A-", "91.5", "1", "1")],
        "assessments": [
            (first, "Fall Benchmark Reading", "Reading", "2026-10-02", "Scale score", school, YEAR, "2449", "Level 3")
        ],
        "discipline": [(first, "i-1", "Detention", YEAR, school, "2026-11-05", "Bullying", "1")],
        "programs": [(first, "ECS-READ", "04906", "2026-09-03", None)],
    }


@dataclass(frozen=True)
class Stoppable:
    """What was set up once: `agreements` by name; `files` is what the district's systems exported last."""

    deployment: Deployment
    agreements: Mapping[str, SignedAgreement]
    files: Mapping[str, Rows] = field(repr=False)
    codes: Mapping[str, str]
    """The main agreement's students: number by record code, in the order of pages."""
    secret: Issued = field(repr=False)


async def make_stoppable(deployment: Deployment, home: Path) -> Stoppable:
    """Set it up in a copy of the deployment."""
    database = TestDatabase(deployment.server, "pactgate_stoppable")
    await deployment.server.create(database.name, template=deployment.template)
    clerk = await database.connection("loader")
    await clerk.execute(SHIFT, RECEIVED)
    agreements = _agreements(deployment)
    lines = {name: bundle.agreement.id for name, bundle in agreements.items()}
    async with open_office(database.url("loader"), deployment.trust, alarm) as office:
        for name, bundle in agreements.items():
            partner = deployment.partners[HARBOR if name == LEFT else BRIGHT_PATH]
            await bring_into_force(office, deployment.ring, bundle, partner, name)
        await _let_in(office, deployment, agreements[MAIN])
        await clerk.execute(SHIFT, NOON)
        files = _export(deployment, lines)
        await load(office, deployment.keys, home, files, confirm=True)
        secret = await office.secrets.issue(PROGRAM, 365)
    admin = await database.connection("admin")
    known = await admin.fetch(
        "SELECT code, student_identifier AS number FROM records.code JOIN records.identity USING (student_id)"
        ' WHERE line = $1 ORDER BY code COLLATE "C"',
        lines[MAIN],
    )
    await database.close()
    codes = {row["code"]: row["number"] for row in known}
    copied = replace(deployment, template=database.name)
    return Stoppable(copied, agreements, files, codes, secret)


def _agreements(deployment: Deployment) -> dict[str, SignedAgreement]:
    ring = deployment.ring
    harbor = deployment.agreements[MENTORING].agreement.content["partner"]
    common = {"/datasets": datasets(), "/term/last_day": f"{TERM_ENDS}", "/compatibility": CLAUSE}
    return {
        name: ring.agreement(
            SPS_A,
            changes={**common, "/id": f"agreement:sps-a-{name}", **({"/partner": harbor} if name == LEFT else {})},
        )
        for name in (MAIN, AMENDED, TERMINATED, LEFT)
    }


async def _let_in(office: Office, deployment: Deployment, bundle: SignedAgreement) -> None:
    """Name a person who sees students under an agreement, and bind a program without keys to it."""
    ring = deployment.ring
    people = ring.people(bundle, rae(), pat())
    await office.admissions.name_people(people.envelope, [people.approval])
    await office.admissions.accept_undertaking(ring.undertaking(bundle, person=PAT))
    bound = ring.binding(bundle, PROGRAM, [], compatibility=True, allowed_addresses=(NETWORK,))
    await office.admissions.register_client(bound.envelope, [bound.approval], "gradebook")


def _export(deployment: Deployment, lines: Mapping[str, str]) -> dict[str, Rows]:
    """Return all files: those of the deployment, and the crowd with rows in every dataset and under every line."""
    known = export({name: bundle.agreement.id for name, bundle in deployment.agreements.items()})
    files: dict[str, list[Sequence[object]]] = {target: list(rows) for target, rows in known.items()}
    for each in CROWD:
        for target, rows in rows_of(each).items():
            files.setdefault(target, []).extend(rows)
        for line in lines.values():
            files["rosters"].append((line, each.number, _FROM, None))
            files["consents"].append((line, each.number, "all", "parent", _SIGNED, _FROM, None))
    return dict(files)
