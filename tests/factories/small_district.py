"""
A small district: eight students, three agreements, two partners with three clients, one of them bound to nothing yet.

    made = await deploy_small(server, "small", home)             # once; worlds are copies of it
"""

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from agreements.trust import Officer
from gateway.keys import create_keys
from gateway.oauth.client import PartnerKeys
from gateway.services.alarms import alarm
from gateway.services.installation import install
from gateway.services.office import open_office
from tests.factories.agreements import RECEIVED, SPS_A, SPS_B, Keyring, client_id
from tests.factories.cohort import FOLLOW_UP, MENTORING, TUTORING, YEAR, Rows
from tests.factories.database import TestDatabase, TestServer
from tests.factories.gateway import Deployment, Partner, bring_into_force, load
from tests.factories.long_lived_model import ZONE, Asked, Pupil

START: Final = dt.datetime(2027, 3, 10, 12, tzinfo=ZONE)
FIRST: Final = dt.date(2026, 9, 1)
SIGNED: Final = dt.date(2026, 8, 25)
BRIGHT_PATH, SECOND, HARBOR = "bright-path", "bright-path-nightly", "harbor-mentors"
"""Clients. The second one of Bright Path is bound to nothing at first."""
SEX: Final = {"element": "000255", "transformation": "exact"}
"""What amendments add and take away."""
PUPILS: Final = tuple(
    Pupil(f"Nr-{place}", f"Pupil{place}", school, grade)
    for place, (school, grade) in enumerate(
        [(school, grade) for school in ("ECS-103", "ECS-105", "ECS-101") for grade in ("09", "10")]
        + [("ECS-103", "09"), ("ECS-199", "09")]
    )
)
QUESTIONS: Final = (
    Asked(),
    Asked(elements=("first_name",), grade="09", sort="last_name"),
    Asked(elements=("first_name", "sex")),
    Asked("attendance"),
)
_SHIFT = "UPDATE gateway.installation SET clock_shift = $1 - statement_timestamp()"
PARTNERS: Final[Mapping[str, str]] = {TUTORING: BRIGHT_PATH, FOLLOW_UP: BRIGHT_PATH, MENTORING: HARBOR}
"""The first client of each agreement."""


async def deploy_small(server: TestServer, name: str, home: Path) -> Deployment:
    """Set it up in a new database called `name`, as an installation does it."""
    await server.create(name)
    database = TestDatabase(server, name)
    keys, ring = create_keys(home / "keys"), Keyring()
    officers = tuple(Officer(person.name, person.key.public) for person in ring.officers)
    urls = database.url("owner"), database.url("loader")
    installed = await install(*urls, home / "trust.json", keys, officers, origin=ring.origin, demo=True)
    ring.log_public_key = installed.trust.log_public_key
    clerk = await database.connection("loader")
    await clerk.execute(_SHIFT, RECEIVED)
    server.know(installed.trust.log_public_key)
    tutoring = ring.agreement(SPS_A)
    second = {"/partner": tutoring.agreement.content["partner"], "/id": "agreement:sps-b-follow-up"}
    agreements = {
        TUTORING: tutoring,
        MENTORING: ring.agreement(SPS_B),
        FOLLOW_UP: ring.agreement(SPS_B, changes=second),
    }
    partners = {each: Partner(client_id(each), PartnerKeys.generate()) for each in (BRIGHT_PATH, HARBOR, SECOND)}
    async with open_office(database.url("loader"), installed.trust, alarm) as office:
        for document in ring.signer_documents:
            await office.admissions.introduce_signer(document)
        for each, bundle in agreements.items():
            await bring_into_force(office, ring, bundle, partners[PARTNERS[each]], each)
        await clerk.execute(_SHIFT, START)
        await load(office, keys, home, _export({each: bundle.agreement.id for each, bundle in agreements.items()}))
    await database.close()
    return Deployment(server, name, keys, installed.trust, ring, agreements, partners, home)


def _export(ids: Mapping[str, str]) -> dict[str, Rows]:
    return {
        "students": [(each.number, each.first, f"Last{each.number}", "05.04.2011", "F", None, None) for each in PUPILS],
        "enrollments": stays({}),
        "rosters": [(ids[name], each.number, FIRST, None) for name in ids for each in PUPILS],
        "consents": [(ids[TUTORING], each.number, "all", "parent", SIGNED, FIRST, None) for each in PUPILS],
    }


def stays(exits: Mapping[str, dt.date]) -> Rows:
    """Return everybody's stay; `exits` gives the last day of those who leave."""
    return [(each.number, each.school, YEAR, each.grade, FIRST, exits.get(each.number)) for each in PUPILS]
