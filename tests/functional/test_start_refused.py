"""The gateway starts, and the office opens, only on what was pinned when the log was opened."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from agreements.keys import SigningKey
from agreements.trust import Trust, read_trust
from audit.entry import encode
from audit.events import Event
from gateway.errors import SettingsError
from gateway.services.alarms import alarm
from gateway.services.errors import InstallationChanged, OtherInstallation
from gateway.services.office import open_office
from gateway.services.opening import opening, require_unchanged
from gateway.services.readiness import require_ready
from gateway.store.errors import LoginRefused
from tests.factories.installation import ORIGIN, TestInstallation

pytestmark = [pytest.mark.claim(1), pytest.mark.claim(12)]

LOOPBACK = "http://127.0.0.1:8000"
NOW = datetime(2026, 9, 1, tzinfo=UTC)


def tampered(installed: TestInstallation, case: str) -> Trust:
    """Return what a changed trust file says: well formed, of the same log, and not what was pinned."""
    content = json.loads(installed.trust.canonical)
    stranger = SigningKey.generate("Ed25519").public.jwk
    match case:
        case "another officer's key":
            content["officers"][1]["jwk"] = stranger
        case "an officer more":
            content["officers"].append({"name": "Mallory Pike", "jwk": stranger})
        case "another name":
            content["officers"][0]["name"] = "Mallory Pike"
        case "another order":
            content["officers"].reverse()
    return read_trust(json.dumps(content).encode())


async def start(installed: TestInstallation, trust: Trust) -> None:
    """Do what `pactgate serve` does first."""
    await require_ready(installed.database.url("app"), public_url=LOOPBACK, keys=installed.keys, trust=trust)


async def administer(installed: TestInstallation, trust: Trust) -> None:
    """Do what every command of the office does first."""
    async with open_office(installed.database.url("loader"), trust, alarm):
        pass


CHANGES = ("another officer's key", "an officer more", "another name", "another order")


@pytest.mark.attack("trust file exchanged")
@pytest.mark.parametrize("case", CHANGES)
async def test_a_trust_file_that_was_changed_is_refused(installed: TestInstallation, case: str) -> None:
    trust = tampered(installed, case)
    for act in (start, administer):
        with pytest.raises(InstallationChanged, match="not the one that was pinned") as refused:
            await act(installed, trust)
        assert "Restore the trust file" in refused.value.remedy


async def test_the_trust_file_of_another_log_is_refused(installed: TestInstallation) -> None:
    for act in (start, administer):
        with pytest.raises(OtherInstallation, match="pins the log other"):
            await act(installed, replace(installed.trust, origin="other.example/log"))


@pytest.mark.attack("demo mark taken off")
async def test_a_mark_as_a_demo_that_was_changed_in_the_database_is_refused(installed: TestInstallation) -> None:
    owner = await installed.database.connection("owner")
    await owner.execute("""
        ALTER TABLE gateway.installation DISABLE TRIGGER USER;
        UPDATE gateway.installation SET demo = false, clock_shift = '0';
        ALTER TABLE gateway.installation ENABLE ALWAYS TRIGGER installation_is_for_good""")
    for act in (start, administer):
        with pytest.raises(InstallationChanged, match="demo"):
            await act(installed, installed.trust)


async def test_a_demo_is_not_served_on_a_public_address(installed: TestInstallation) -> None:
    with pytest.raises(SettingsError, match="demo"):
        await require_ready(
            installed.database.url("app"),
            public_url="https://data.district.example",
            keys=installed.keys,
            trust=installed.trust,
        )


async def test_what_was_pinned_starts_however_the_file_is_laid_out(installed: TestInstallation) -> None:
    spaced = json.dumps(json.loads(installed.trust.canonical), indent=4).encode()
    for act in (start, administer):
        await act(installed, read_trust(spaced))


def test_a_log_that_does_not_begin_with_its_opening_is_refused(installed: TestInstallation) -> None:
    pinned = opening(installed.trust, NOW, demo=True)
    require_unchanged(pinned, installed.trust, origin=ORIGIN, demo=True)
    for written in (None, b"{}", encode(Event.LOG_CHECKED, NOW, {"trust": "sha256:" + "0" * 64}), pinned[:-1]):
        with pytest.raises(InstallationChanged, match="Entry 0"):
            require_unchanged(written, installed.trust, origin=ORIGIN, demo=True)


@pytest.mark.claim(3)
async def test_a_login_that_may_read_a_table_of_students_is_refused(installed: TestInstallation) -> None:
    owner = await installed.database.connection("owner")
    await owner.execute("GRANT SELECT ON records.population TO pactgate_app")
    with pytest.raises(LoginRefused, match="population"):
        await start(installed, installed.trust)
