"""
What is measured: a district of many students, loaded as any other, and one partner under one signed agreement.

A scene says what is shared (`tests.bench.scenes`); only the files that it reads are loaded.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from gateway.demo.cast import Cast
from gateway.demo.district import District, generate, stage_for, write_csv
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
from tests.bench.scenes import STUDENTS, Scene

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
    agreement: str
    """The digest of the agreement."""

    @property
    def bare_url(self) -> str:
        """Where the flat table is, as the server's own account."""
        return self.cluster.url("admin").replace("/pactgate?", f"/{BARE_DATABASE}?")

    def partner(self, port: int | None = None) -> PartnerClient:
        """Return the partner's client, at the gateway of this port."""
        return PartnerClient(f"http://127.0.0.1:{port or self.settings.port}", self.client, self.keys)


@asynccontextmanager
async def deployed(
    home: Path, students: int, scene: Scene = STUDENTS, *, days: int | None = None
) -> AsyncIterator[Deployment]:
    """
    Set everything up in `home`; the database is removed at the end.

    `days` keeps the attendance of the last of so many school days only.
    """
    settings = settings_for(read_settings({}), home, free_port())
    async with throw_away_cluster(settings) as cluster:
        await create_database(cluster.url("admin"), BARE_DATABASE)
        today = datetime.now(ZONE).date()
        school_year, day = stage_for(today)
        keys = create_keys(settings.keys)
        district = scene.listing(generate(SEED, today=day, school_year=school_year, students=students))
        content = scene.content(district, school_year)
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
            (home / "export").mkdir()
            write_csv(district if days is None else _lately(district, days), home / "export")
            await _load(office, scene, home / "export", keys.subject, digest)
            covered = await Stewardship(office).covered_today(digest, content["term"]["time_zone"])
        async with connect(cluster.url("admin")) as connection:
            # What autovacuum has done on any server that is older than a minute.
            await connection.execute("VACUUM ANALYZE")
        folder = home / "partner"
        write_keys(folder, partner_keys)
        yield Deployment(settings, cluster, client, partner_keys, folder, students, covered, digest)


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


async def server_facts(deployment: Deployment) -> dict[str, str]:
    """Return the database's version and the settings that a number depends on."""
    names = ("server_version", "fsync", "synchronous_commit", "full_page_writes", "jit", "shared_buffers")
    async with connect(deployment.cluster.url("admin")) as connection:
        return {name: str(await connection.fetchval("SELECT current_setting($1)", name)) for name in names}


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


def _lately(district: District, days: int) -> District:
    kept = frozenset(sorted({row.date for row in district.attendance})[-days:])
    return replace(district, attendance=tuple(row for row in district.attendance if row.date in kept))


async def _load(office: Office, scene: Scene, folder: Path, subject_key: WrappingKeys, digest: str) -> None:
    steward = Stewardship(office)
    with as_file(files("gateway.demo").joinpath("mappings")) as mappings:
        for mapping in read_mappings([mappings / f"{name}.toml" for name in scene.loads]):
            await steward.load(mapping, folder, subject_key, agreements={scene.partner: digest}, strict=False)
