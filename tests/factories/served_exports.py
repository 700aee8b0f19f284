"""An export, loaded by its mapping and served over HTTP to one partner under a signed agreement."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import update

from audit.checkpoint import CheckpointSigner
from audit.export import export_log
from gateway.api.routers import partner_routers
from gateway.app import create_app
from gateway.demo.cast import Cast, script
from gateway.demo.perform import free_port
from gateway.demo.stage import admit_responsible
from gateway.keys import create_keys
from gateway.oauth.client import PartnerClient, PartnerKeys
from gateway.server import bind, server_for
from gateway.services.alarms import alarm
from gateway.services.container import open_services
from gateway.services.installation import install
from gateway.services.office import open_office
from gateway.services.stewardship import Stewardship, read_mappings
from gateway.settings import read_settings
from gateway.store.tables import installation
from tests.factories.database import TestDatabase


@dataclass(frozen=True)
class Export:
    """One export: where it is, when it was, what its agreement covers."""

    mapping: str
    folder: Path
    today: date
    school_year: str
    schools: tuple[str, ...]
    datasets: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class Site:
    """The export, served: one partner, and the database behind it."""

    partner: PartnerClient
    log_key: str
    stewardship: Stewardship
    export_to: Any

    def all(self, path: str) -> list[dict[str, Any]]:
        """Follow the pages to the end, as a nightly job would."""
        token = str(self.partner.token()["access_token"])
        rows: list[dict[str, Any]] = []
        following: str | None = ""
        while following is not None:
            cursor = f"&cursor={following}" if following else ""
            answer = self.partner.get(f"{path}{'&' if '?' in path else '?'}limit=150{cursor}", token)
            assert answer.status_code == 200, answer.text
            rows += answer.json()["data"]
            following = answer.json()["next"]
        return rows

    def status(self, path: str) -> tuple[int, dict[str, Any]]:
        """Ask once."""
        answer = self.partner.get(path, str(self.partner.token()["access_token"]))
        return answer.status_code, answer.json()


def lines(*elements: str) -> list[dict[str, str]]:
    return [{"element": element, "transformation": "exact"} for element in elements]


@asynccontextmanager
async def served(database: TestDatabase, home: Path, export: Export) -> AsyncIterator[Site]:
    port = free_port()
    settings = read_settings({"PACTGATE_HOME": str(home / "home"), "PACTGATE_PORT": str(port)})
    content = script("sps-b-mentoring-school-official.yaml", export.school_year)
    content["datasets"] = list(export.datasets)
    content["population"] = {
        "all": [{"everyone": True}, {"in": {"column": "school_identifier", "values": list(export.schools)}}]
    }
    cast = Cast.meet((content["partner"]["id"],))
    keys = create_keys(settings.keys)
    trust = (
        await install(
            database.url("owner"),
            database.url("loader"),
            settings.trust,
            keys,
            cast.officers,
            origin="pactgate.test/contoso",
            demo=True,
        )
    ).trust
    async with open_office(database.url("loader"), trust, alarm) as office:
        async with office.engine.begin() as connection:
            # Noon in the district, whatever the hour is here: its day begins when that of UTC is eight hours old.
            noon = datetime.combine(export.today, time(12), ZoneInfo(content["term"]["time_zone"]))
            shift = noon - datetime.now(UTC)
            await connection.execute(update(installation).values(clock_shift=shift))
        first, last = export.today - timedelta(days=2), export.today + timedelta(days=2)
        for party in (content["district"]["id"], content["partner"]["id"]):
            await office.admissions.introduce_signer(cast.introduction(party, first, last))
        agreement, signed = cast.agreement(content)
        await office.onboarding.activate(signed.document, [signed.approval])
        await admit_responsible(office, cast, agreement, first, last)
        partner_keys = PartnerKeys.generate()
        client, bound = cast.binding(agreement, partner_keys)
        await office.admissions.register_client(bound.document, [bound.approval], "Nightly job")
        (mapping,) = read_mappings([Path(str(files("gateway.records.mappings") / f"{export.mapping}.toml"))])
        await Stewardship(office).load(mapping, export.folder, keys.subject, agreements={}, strict=False)
        app_url = database.url("app")
        with bind("127.0.0.1", port) as listening:
            async with open_services(app_url, keys, trust, readers=4, public_url=settings.public_url) as services:
                routers = partner_routers(keys.cursor)
                app = create_app(settings, keys, lambda: nullcontext(services), routers, write=lambda _: None)
                server = server_for(app)
                serving = asyncio.create_task(server.serve(sockets=[listening]))
                try:
                    while not server.started:  # noqa: ASYNC110 - uvicorn offers no event
                        await asyncio.sleep(0.01)

                    async def export_to(folder: Path) -> None:
                        pool = await database.pool("app")
                        await export_log(pool, CheckpointSigner(trust.origin, keys.checkpoint), folder)

                    with PartnerClient(settings.public_url, client, partner_keys) as partner:
                        yield Site(partner, trust.log_public_key, Stewardship(office), export_to)
                finally:
                    server.should_exit = True
                    await serving
