"""People whom a partner names, and what one of them accepts on the pages."""

import datetime as dt
from dataclasses import replace
from itertools import count
from typing import Final

from agreements.documents.people import NamedPerson, Training
from agreements.roles import Role
from agreements.signature import Kind
from gateway.services.acceptances import undertaking_by
from tests.factories.agreements import key_for, rae
from tests.factories.cohort import STUDENTS, TUTORING
from tests.factories.console import Console
from tests.factories.papers import papers_of

YEAR: Final = "2026-2027"
TRAINED: Final = Training("FERPA for partners", dt.date(2026, 7, 15), dt.date(2029, 6, 30))
PAT: Final = NamedPerson("person:pat", "Pat", "pat@partner.example", "staff", TRAINED, key_for("person:pat").public)
_parts = count(1)


async def named(console: Console, agreement: str, *others: NamedPerson) -> None:
    """Name who answers for the clients, and others, in a list that was never filed before and an officer approved."""
    training = replace(TRAINED, title=f"FERPA for partners, part {next(_parts)}")
    bundle = console.gateway.deployment.agreements[agreement]
    annex = console.gateway.deployment.ring.people(bundle, rae(training=training), *others)
    await console.office.admissions.name_people(annex.envelope, [annex.approval])


async def an_undertaking(console: Console) -> str:
    """Return the digest of an undertaking that waits for Pat, who is on the list of the first agreement by then."""
    digest, papers = console.gateway.digest(TUTORING), await papers_of(console)
    await named(console, TUTORING, PAT)
    moment, registry = await console.office.desk.registry()
    payload = undertaking_by(registry, moment, digest, PAT.id, YEAR)
    person = console.people[Role.OFFICER].id
    return await papers.prepare(Kind.UNDERTAKING, payload, person, title=f"{PAT.id}, {YEAR}")


async def somebody_leaves(console: Console) -> None:
    """Have the consent of one student under the first agreement withdrawn: there is somebody to certify."""
    steward = await console.gateway.steward()
    await steward.withdraw(console.gateway.digest(TUTORING), STUDENTS["ximena"].number)
