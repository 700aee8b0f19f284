"""
What is measured: a district of many students, loaded as any other, and one partner under one signed agreement.

Only the files that the page reads are loaded. About half of the students are on the partner's list.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from gateway.demo.cast import Cast, script
from gateway.demo.district import District, generate, stage_for, write_csv
from gateway.demo.district.lists import RosterRow
from gateway.demo.perform import free_port, settings_for, throw_away_cluster
from gateway.demo.stage import ORIGIN, SEED, ZONE, admit_responsible
from gateway.keys import create_keys
from gateway.oauth.client import PartnerClient, PartnerKeys
from gateway.oauth.keyfiles import write_keys
from gateway.services.alarms import alarm
from gateway.services.installation import install
from gateway.services.office import Office, open_office
from gateway.services.stewardship import Stewardship, read_mappings
from gateway.settings import Settings, read_settings
from gateway.store.cluster import Cluster
from gateway.store.roles import create_database
from gateway.store.session import connect
from gateway.wrapping_keys import WrappingKeys

EXAMPLE, PARTNER = "sps-b-mentoring-school-official.yaml", "harbor-mentors"
LOADS = ("schools", "terms", "students", "enrollments", "academic_summary", "roster_harbor")
FIELDS = {
    "first_name": "000115",
    "last_name": "000172",
    "birthdate": "000033",
    "school_identifier": "001069",
    "school_year": "000243",
    "sex": "000255",
    "grade_level": "000100",
    "entry_date": "000097",
    "enrollment_status": "000094",
    "gpa_cumulative": "000128",
    "credits_earned_cumulative": "000074",
    "projected_graduation_year": "000226",
}
"""The twelve elements, by wire name and in the order they are answered; the birthdate leaves as a year."""
BARE_DATABASE = "bench"


@dataclass(frozen=True, slots=True)
class Deployment:
    """An installation on a server of its own. `bare_url` is a second database there, for what we compare with."""

    settings: Settings
    cluster: Cluster = field(repr=False)
    client: str
    keys: PartnerKeys = field(repr=False)
    keys_folder: Path
    students: int
    covered: int

    @property
    def bare_url(self) -> str:
        """Where the flat table is, as the server's own account."""
        return self.cluster.url("admin").replace("/pactgate?", f"/{BARE_DATABASE}?")

    def partner(self, port: int | None = None) -> PartnerClient:
        """Return the partner's client, at the gateway of this port."""
        return PartnerClient(f"http://127.0.0.1:{port or self.settings.port}", self.client, self.keys)


@asynccontextmanager
async def deployed(home: Path, students: int) -> AsyncIterator[Deployment]:
    """Set everything up in `home`; the database is removed at the end."""
    settings = settings_for(read_settings({}), home, free_port())
    async with throw_away_cluster(settings) as cluster:
        await create_database(cluster.url("admin"), BARE_DATABASE)
        today = datetime.now(ZONE).date()
        school_year, day = stage_for(today)
        keys = create_keys(settings.keys)
        content = _content(school_year)
        cast = Cast.meet((content["partner"]["id"],))
        installed = await install(
            cluster.url("owner"),
            cluster.url("loader"),
            settings.trust,
            keys,
            cast.officers,
            origin=ORIGIN,
            demo=True,
        )
        async with open_office(cluster.url("loader"), installed.trust, alarm) as office:
            await _shift_clock(cluster, day - today)
            client, partner_keys, digest = await _sign(office, cast, content)
            district = _listing_half(generate(SEED, today=day, school_year=school_year, students=students))
            (home / "export").mkdir()
            await _load(office, district, home / "export", keys.subject, digest)
            covered = await Stewardship(office).covered_today(digest, content["term"]["time_zone"])
        async with connect(cluster.url("admin")) as connection:
            # What autovacuum has done on any server that is older than a minute.
            await connection.execute("VACUUM ANALYZE")
        folder = home / "partner"
        write_keys(folder, partner_keys)
        yield Deployment(settings, cluster, client, partner_keys, folder, students, covered)


def environment_of(deployment: Deployment, port: int | None = None) -> dict[str, str]:
    """Return the environment in which `pactgate serve` serves this deployment, at another port if one is given."""
    settings = deployment.settings
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PACTGATE_")}
    return kept | {
        "PACTGATE_HOME": str(settings.home),
        "PACTGATE_PORT": str(port or settings.port),
        "PACTGATE_APP_URL": deployment.cluster.url("app"),
        "PACTGATE_CLIENT_RATE": "10000",  # one client asks for all of it
    }


async def fill_bare(deployment: Deployment, rows: list[dict[str, Any]]) -> None:
    """Put the very rows the gateway answered with into one flat table, with its key as the only index."""
    names = ("record_code", *FIELDS)
    kinds = {
        "birthdate": "integer",
        "gpa_cumulative": "double precision",
        "credits_earned_cumulative": "double precision",
    }
    columns = ", ".join(f"{name} {kinds.get(name, 'text')}" for name in names)
    async with connect(deployment.bare_url) as connection:
        await connection.execute(f"CREATE TABLE bench_student ({columns}, PRIMARY KEY (record_code))")
        await connection.copy_records_to_table(
            "bench_student", columns=names, records=[tuple(row[name] for name in names) for row in rows]
        )
        await connection.execute("VACUUM ANALYZE bench_student")


async def server_facts(deployment: Deployment) -> dict[str, str]:
    """Return the database's version and the settings that a number depends on."""
    names = ("server_version", "fsync", "synchronous_commit", "full_page_writes", "jit", "shared_buffers")
    async with connect(deployment.cluster.url("admin")) as connection:
        return {name: str(await connection.fetchval("SELECT current_setting($1)", name)) for name in names}


def _content(school_year: str) -> dict[str, Any]:
    """Return the example, with the twelve elements of the page and for everybody on the partner's list."""
    content = script(EXAMPLE, school_year)
    students = next(terms for terms in content["datasets"] if terms["dataset"] == "students")
    students["elements"] = [
        {"element": element, "transformation": "year" if name == "birthdate" else "exact"}
        for name, element in FIELDS.items()
    ]
    content["datasets"] = [students]
    content["population"] = {"roster": True}
    return content


async def _shift_clock(cluster: Cluster, shift: timedelta) -> None:
    async with connect(cluster.url("loader")) as connection:
        await connection.execute("UPDATE gateway.installation SET clock_shift = $1", shift)


async def _sign(office: Office, cast: Cast, content: dict[str, Any]) -> tuple[str, PartnerKeys, str]:
    moment, _ = await office.desk.registry()
    first, last = moment.now.date() - timedelta(days=30), moment.now.date() + timedelta(days=365)
    for party in (content["district"]["id"], content["partner"]["id"]):
        await office.admissions.introduce_signer(cast.introduction(party, first, last))
    agreement, signed = cast.agreement(content)
    await office.onboarding.activate(signed.document, [signed.approval])
    await admit_responsible(office, cast, agreement, first, last)
    keys = PartnerKeys.generate()
    client, bound = cast.binding(agreement, keys)
    await office.admissions.register_client(bound.document, [bound.approval], "bench")
    return client, keys, agreement.digest


def _listing_half(district: District) -> District:
    days = district.calendar
    listed = tuple(
        RosterRow(each.student_number, PARTNER, "all schools", days.first_day, days.last_day)
        for each in district.students[::2]
    )
    return replace(district, harbor=listed, attendance=(), course_grades=(), assessments=(), discipline=())


async def _load(office: Office, district: District, folder: Path, subject_key: WrappingKeys, digest: str) -> None:
    write_csv(district, folder)
    steward = Stewardship(office)
    with as_file(files("gateway.demo").joinpath("mappings")) as mappings:
        for mapping in read_mappings([mappings / f"{name}.toml" for name in LOADS]):
            await steward.load(mapping, folder, subject_key, agreements={PARTNER: digest}, strict=False, confirm=False)
