"""
The PostgreSQL server this installation uses: the one whose URLs were given, or the embedded one.

With the embedded server everything an operator would do by hand is done at the first start: roles with passwords of
their own, kept in a private file, and the database.
"""

import hashlib
import json
import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from gateway.errors import SettingsError
from gateway.settings import Settings
from gateway.store.embedded import EmbeddedPostgres
from gateway.store.errors import EmbeddedRefused, LoginRefused
from gateway.store.program import is_reachable, server_account
from gateway.store.roles import Passwords, Role, create_database, create_roles, has_database, new_passwords

DATABASE = "pactgate"
PASSWORDS_FILE = "roles.json"
_ROOTS_PLACE = Path("/var/lib/pactgate")
"""Where root's embedded servers live when the home folder is closed to the server's account, as /root is."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """A running server. `urls` are by role: `admin` (if known), `owner`, `app`, `loader`, `auditor`."""

    settings: Settings = field(repr=False)
    urls: dict[str, str] = field(repr=False)

    def url(self, role: str) -> str:
        """Return the database's URL for `role`. Raises `SettingsError` when it was not given."""
        return self.urls[role] if role in self.urls else self.settings.database_url(role)


@asynccontextmanager
async def running_cluster(settings: Settings) -> AsyncIterator[Cluster]:
    """
    Return the server, started if it is the embedded one; it stops when its last user leaves the block.

    Raises `EmbeddedRefused`, `SettingsError`, and what `create_roles` raises.
    """
    if not settings.is_embedded:
        yield Cluster(settings, dict(settings.database_urls))
        return
    with EmbeddedPostgres(postgres_folder(settings)) as server:
        passwords = await _own_roles(server, settings.home / PASSWORDS_FILE)
        roles = {role.name.lower(): server.url(role, passwords.of(role), DATABASE) for role in Role}
        yield Cluster(settings, {"admin": server.admin_url(DATABASE), **roles})


async def create_given_roles(settings: Settings) -> None:
    """
    Create the four roles and the database on a server given by URL, with the passwords in the roles' URLs.

    Raises `SettingsError` when a URL is missing or names another role than its own.
    """
    passwords = Passwords(**{role.name.lower(): _password(settings, role) for role in Role})
    admin = settings.database_url("admin")
    await create_roles(admin, passwords)
    name = unquote(urlsplit(settings.database_url("owner")).path.lstrip("/"))
    if not await has_database(admin, name):
        await create_database(admin, name)


def postgres_folder(settings: Settings) -> Path:
    """Return where the embedded server keeps its data: as set, else below the home folder if it can be entered."""
    chosen = settings.postgres or settings.home / "postgres"
    if settings.postgres or os.geteuid() != 0 or is_reachable(chosen, server_account()):
        return chosen
    return _ROOTS_PLACE / hashlib.sha256(os.fsencode(settings.home)).hexdigest()[:12]


async def _own_roles(server: EmbeddedPostgres, file: Path) -> Passwords:
    """Return the passwords in `file`; at the first start make them, the roles and the database."""
    admin = server.admin_url()
    passwords = _kept(file)
    await create_roles(admin, passwords)
    if not await has_database(admin, DATABASE):
        await create_database(admin, DATABASE)
    return passwords


def _kept(file: Path) -> Passwords:
    """Return the passwords in `file`, made at the first start. It appears whole or not at all; the first one stays."""
    making = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not file.exists():
            with os.fdopen(os.open(making, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as writing:
                json.dump(asdict(new_passwords()), writing)
            with suppress(FileExistsError):
                file.hardlink_to(making)
        return Passwords(**json.loads(file.read_text()))
    except OSError as error:
        raise EmbeddedRefused(
            f"The database passwords cannot be kept in {file}: {error.strerror}.",
            remedy="Set PACTGATE_HOME to a folder this account may write to.",
        ) from None
    except (ValueError, TypeError):
        raise EmbeddedRefused(
            f"{file} is damaged.", remedy=f"Remove {file}: new passwords are made at the next start."
        ) from None
    finally:
        with suppress(OSError):
            making.unlink()


def _password(settings: Settings, role: Role) -> str:
    parts = urlsplit(settings.database_url(role.name.lower()))
    if unquote(parts.username or "") != role:
        raise SettingsError(
            f"PACTGATE_{role.name}_URL names the login {unquote(parts.username or '')!r}.",
            remedy=f"Roles have fixed names, because grants name them: use {role.value}.",
        )
    if not parts.password:
        raise LoginRefused(
            f"PACTGATE_{role.name}_URL holds no password.", remedy=f"Give {role.value} a long random password there."
        )
    return unquote(parts.password)
