"""
The stage of the demo: a fictional district, two partners under two signed agreements, and the gateway, served.

Everything is done the way an installation does it: keys, init, signers, agreements, bindings, loads. What a story needs
from behind the scenes (a withdrawal, an export of the log) is a method here, and everything else goes through HTTP.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import date, timedelta
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import update

from agreements.dates import school_year_of
from agreements.document import Agreement
from agreements.errors import AgreementError
from agreements.trust import Trust
from audit.checkpoint import CheckpointSigner, CheckpointVerifier
from audit.export import export_log
from gateway.api.routers import partner_routers
from gateway.app import create_app
from gateway.console.desk import ConsoleDesk
from gateway.console.routes import console_routers
from gateway.console.views import first_page
from gateway.demo.cast import Cast, script
from gateway.demo.district import District, generate, stage_for, write_csv
from gateway.demo.staff import employ, staff_of
from gateway.kept import KeptCheckpoint
from gateway.keys import GatewayKeys, create_keys
from gateway.logs import LineWriter
from gateway.oauth.client import PartnerClient, PartnerKeys
from gateway.oauth.keyfiles import write_keys
from gateway.server import bind, server_for
from gateway.services.alarms import alarm
from gateway.services.container import open_services
from gateway.services.installation import install
from gateway.services.office import Office, open_office
from gateway.services.stewardship import Stewardship, read_mappings
from gateway.settings import Settings
from gateway.signin.development import development_for
from gateway.signin.routes import development_routers
from gateway.store.cluster import Cluster
from gateway.store.session import connect
from gateway.store.tables import installation

SEED = 7
STUDENTS = 2_000
ORIGIN = "pactgate.demo/emerald-city"
ZONE = ZoneInfo("America/Los_Angeles")
PARTS = {
    "bright-path": "sps-a-tutoring-consent.yaml",
    "harbor-mentors": "sps-b-mentoring-school-official.yaml",
}
"""The two partners, by the name the district's lists use, with the agreement each signs."""
LOADS = (
    "schools",
    "terms",
    "students",
    "enrollments",
    "academic_summary",
    "course_grades",
    "attendance",
    "assessments",
    "discipline",
    "programs",
    "opt_outs",
    "roster_bright-path",
    "roster_harbor",
    "consents",
)
"""What the district loads, in order. Placements are left out: nobody here is a child-welfare agency."""


@dataclass(frozen=True, slots=True)
class Part:
    """One partner under one agreement, with its client and the folder of its keys."""

    agreement: Agreement
    client: str
    keys: PartnerKeys = field(repr=False)
    folder: Path

    def connect(self, url: str) -> PartnerClient:
        """Return the partner's client, talking to the gateway at `url`."""
        return PartnerClient(url, self.client, self.keys)


@dataclass(slots=True)
class Stage:
    """What was set up. `home` holds keys, trust file, the partners' keys and the district's export."""

    home: Path
    settings: Settings
    cluster: Cluster = field(repr=False)
    keys: GatewayKeys = field(repr=False)
    trust: Trust
    district: District = field(repr=False)
    parts: dict[str, Part]
    stewardship: Stewardship = field(repr=False)
    office: Office = field(repr=False)
    cast: Cast = field(repr=False)

    @property
    def url(self) -> str:
        """The gateway's public URL."""
        return self.settings.public_url

    async def withdraw(self, partner: str, student_identifier: str) -> None:
        """Withdraw a student's consent, as a steward would after the family's word."""
        await self.stewardship.withdraw(self.parts[partner].agreement.digest, student_identifier)

    async def amend_alone(self, partner: str) -> str:
        """Try to bring an amendment into force that the partner alone has signed; return what came of it."""
        old = self.parts[partner].agreement
        content = {**old.content, "version": old.version + 1, "replaces": old.digest, "annexes": "carried_over"}
        amended = self.cast.half_signed(content)
        try:
            return (await self.office.onboarding.activate(amended.document, [amended.approval])).agreement
        except AgreementError as refused:
            return refused.code

    async def export_log(self, folder: Path) -> None:
        """Sign the head and write the whole log to `folder`, as an auditor would receive it."""
        async with connect(self.cluster.url("app")) as connection:
            await export_log(connection, CheckpointSigner(self.trust.origin, self.keys.checkpoint), folder)


Scripts = Callable[[str, str], dict[str, Any]]
"""Returns the agreement a partner signs in a school year."""


def script_for(partner: str, school_year: str) -> dict[str, Any]:
    """Return the agreement that `partner` signs in this school year."""
    return script(PARTS[partner], school_year)


@asynccontextmanager
async def set_stage(
    cluster: Cluster, settings: Settings, *, today: date, students: int = STUDENTS, scripts: Scripts = script_for
) -> AsyncIterator[Stage]:
    """Build the district and bring both agreements into force. The database must be fresh; it becomes a demo."""
    school_year, day = stage_for(today)
    district = generate(SEED, today=day, school_year=school_year, students=students)
    contents = {name: scripts(name, school_year) for name in PARTS}
    cast = Cast.meet(tuple(content["partner"]["id"] for content in contents.values()))
    keys = create_keys(settings.keys)
    installed = await install(
        cluster.url("owner"),
        cluster.url("loader"),
        settings.trust,
        keys,
        cast.officers,
        origin=ORIGIN,
        demo=True,
    )
    async with open_office(cluster.url("loader"), installed.trust, alarm, remembers=True) as office:
        await _set_clock(office, day, today)
        parts = await _sign_everything(office, cast, contents, settings.home)
        await employ(office, cast, staff_of(cast, contents[next(iter(PARTS))]["district"]["id"], tuple(cast.partners)))
        stewardship = Stewardship(office)
        stage = Stage(
            settings.home, settings, cluster, keys, installed.trust, district, parts, stewardship, office, cast
        )
        await _load(stage)
        yield stage


@asynccontextmanager
async def served(stage: Stage, write: LineWriter) -> AsyncIterator[asyncio.Task[None]]:
    """Serve the gateway at the stage's address for the length of the block; yields the task that serves."""
    with bind(stage.settings.host, stage.settings.port) as listening:
        async with open_services(
            stage.cluster.url("app"),
            stage.keys,
            stage.trust,
            readers=stage.settings.readers,
            public_url=stage.settings.public_url,
            kept=KeptCheckpoint(stage.settings.checkpoint, CheckpointVerifier.parse(stage.trust.log_public_key)),
        ) as services:
            development = await development_for(stage.settings, services.database.pool)
            app = create_app(
                stage.settings,
                stage.keys,
                lambda: nullcontext(services),
                (
                    *partner_routers(stage.keys.cursor),
                    *development_routers(development, first=first_page),
                    *console_routers(ConsoleDesk(stage.office, stage.keys.subject)),
                ),
                write=write,
            )
            server = server_for(app)
            serving = asyncio.create_task(server.serve(sockets=[listening]))
            try:
                while not server.started and not serving.done():  # noqa: ASYNC110 - uvicorn offers no event
                    await asyncio.sleep(0.01)
                yield serving
            finally:
                server.should_exit = True
                await serving


async def _set_clock(office: Office, day: date, today: date) -> None:
    """Shift the clock of this demo database to the day that is played; on most days that is today."""
    async with office.engine.begin() as connection:
        await connection.execute(update(installation).values(clock_shift=day - today))


async def _sign_everything(
    office: Office, cast: Cast, contents: dict[str, dict[str, Any]], home: Path
) -> dict[str, Part]:
    moment, _ = await office.desk.registry()
    first = moment.now.date() - timedelta(days=30)
    last = moment.now.date() + timedelta(days=365)
    district = next(iter(contents.values()))["district"]["id"]
    for party in (district, *cast.partners):
        await office.admissions.introduce_signer(cast.introduction(party, first, last))
    parts = {}
    for name, content in contents.items():
        agreement, signed = cast.agreement(content)
        await office.onboarding.activate(signed.document, [signed.approval])
        await admit_responsible(office, cast, agreement, first, last)
        keys = PartnerKeys.generate()
        client, bound = cast.binding(agreement, keys)
        await office.admissions.register_client(bound.document, [bound.approval], f"{agreement.partner.name}, nightly")
        folder = home / "partners" / name
        write_keys(folder, keys)
        parts[name] = Part(agreement, client, keys, folder)
    return parts


async def admit_responsible(office: Office, cast: Cast, agreement: Agreement, first: date, last: date) -> None:
    """Have the partner name who answers for its client, trained from `first` to `last`, and that person accept."""
    named = cast.people(agreement, first, last)
    await office.admissions.name_people(named.document, [named.approval])
    moment, _ = await office.desk.registry()
    began = school_year_of(moment.now.astimezone(ZoneInfo(agreement.term.time_zone)).date())
    await office.admissions.accept_undertaking(cast.undertaking(agreement, f"{began}-{began + 1}"))


async def _load(stage: Stage) -> None:
    """Load the district's export as a steward would, file by file, by the mapping files that ship with the demo."""
    folder = stage.home / "export"
    folder.mkdir()
    write_csv(stage.district, folder)
    agreements = {name: part.agreement.digest for name, part in stage.parts.items()}
    with as_file(files("gateway.demo").joinpath("mappings")) as mappings:
        for mapping in read_mappings([mappings / f"{name}.toml" for name in LOADS]):
            await stage.stewardship.load(mapping, folder, stage.keys.subject, agreements=agreements, strict=False)
