"""
Every setting of the gateway: read from the environment once, checked, frozen, passed down.

There is no default for a secret and no module reads the environment after this one. `docs/settings.md` documents each;
a test compares the two both ways.
"""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from gateway.addresses import Terminators, is_loopback
from gateway.errors import SettingsError

PREFIX = "PACTGATE_"
DATABASE_ROLES = ("admin", "owner", "app", "loader", "auditor")

CATALOGUE: Mapping[str, str] = {
    "PACTGATE_HOME": ".pactgate",
    "PACTGATE_KEYS": "PACTGATE_HOME/keys",
    "PACTGATE_TRUST": "PACTGATE_HOME/trust.json",
    "PACTGATE_CHECKPOINT": "PACTGATE_HOME/checkpoint",
    "PACTGATE_ERASURES": "PACTGATE_HOME/erasures",
    "PACTGATE_POSTGRES": "PACTGATE_HOME/postgres",
    **{f"PACTGATE_{role.upper()}_URL": "" for role in DATABASE_ROLES},
    "PACTGATE_PUBLIC_URL": "http://127.0.0.1:PACTGATE_PORT",
    "PACTGATE_HOST": "127.0.0.1",
    "PACTGATE_PORT": "8000",
    "PACTGATE_READERS": "16",
    "PACTGATE_IN_FLIGHT": "256",
    "PACTGATE_BODY_BYTES": "16384",
    "PACTGATE_REQUEST_SECONDS": "30",
    "PACTGATE_CLIENT_RATE": "50",
    "PACTGATE_TERMINATORS": "",
    "PACTGATE_COMPATIBILITY": "off",
    "PACTGATE_RECORDS_DAYS": "",
    "PACTGATE_CONSOLE": "off",
    "PACTGATE_SIGN_IN": "",
    "PACTGATE_DEVELOPMENT_SIGN_IN": "off",
}
"""Each setting and its default as the documentation states it; an empty default means unset."""


FEWEST_DAYS: Final = 410
"""
Fewest days for which versions of records are kept: a year, in which families are told of their rights (34 CFR 99.7) and
a yearly review asks for a sample, and the 45 days within which a district answers who asks to see (99.10(b)).
"""
_SWITCH: Mapping[str, bool] = {"on": True, "off": False}


@dataclass(frozen=True, slots=True)
class Settings:
    """
    How this process runs. Paths are absolute.

    `postgres` is the embedded server's folder if one was chosen, None to let the gateway choose. `database_urls` holds
    the URLs that were given, by role; it is empty when the embedded server is to be used.
    """

    home: Path
    keys: Path
    trust: Path
    checkpoint: Path
    erasures: Path
    postgres: Path | None
    database_urls: Mapping[str, str] = field(repr=False)
    public_url: str
    host: str
    port: int
    readers: int
    in_flight: int
    body_bytes: int
    request_seconds: int
    client_rate: int
    terminators: Terminators
    compatibility: bool
    records_days: int | None
    console: bool = False
    sign_in: Path | None = None
    development_sign_in: bool = False

    @property
    def is_embedded(self) -> bool:
        """Whether the gateway runs its own PostgreSQL."""
        return not self.database_urls

    def database_url(self, role: str) -> str:
        """Return the URL given for `role`. Raises `SettingsError` if others were given and this one was not."""
        try:
            return self.database_urls[role]
        except KeyError:
            name = f"PACTGATE_{role.upper()}_URL"
            raise SettingsError(
                f"This needs a database login as {role}, and {name} is not set.",
                remedy=f"Set {name} to the URL of the {role} login, or unset every PACTGATE_*_URL of the database.",
            ) from None


def read_settings(environment: Mapping[str, str]) -> Settings:
    """
    Return the settings in `environment`; an empty value counts as unset.

    Raises `SettingsError` for a value that cannot be used, and for a name that begins with PACTGATE_ and is none of
    ours: a misspelt limit must not be a missing one.
    """
    given = {name: value for name, value in environment.items() if name.startswith(PREFIX) and value.strip()}
    _require_known(given)
    home = _path(given.get("PACTGATE_HOME", CATALOGUE["PACTGATE_HOME"]))
    port = _number(given, "PACTGATE_PORT", lowest=0, highest=65_535)
    postgres = given.get("PACTGATE_POSTGRES")
    host = given.get("PACTGATE_HOST", CATALOGUE["PACTGATE_HOST"])
    public_url = _public_url(given.get("PACTGATE_PUBLIC_URL", f"http://127.0.0.1:{port}"))
    _require_private_or_tls(host, public_url)
    return Settings(
        home=home,
        keys=_path(given.get("PACTGATE_KEYS", str(home / "keys"))),
        trust=_path(given.get("PACTGATE_TRUST", str(home / "trust.json"))),
        checkpoint=_path(given.get("PACTGATE_CHECKPOINT", str(home / "checkpoint"))),
        erasures=_path(given.get("PACTGATE_ERASURES", str(home / "erasures"))),
        postgres=_path(postgres) if postgres else None,
        database_urls=_database_urls(given),
        public_url=public_url,
        host=host,
        port=port,
        readers=_number(given, "PACTGATE_READERS", lowest=1, highest=200),
        in_flight=_number(given, "PACTGATE_IN_FLIGHT", lowest=1, highest=10_000),
        body_bytes=_number(given, "PACTGATE_BODY_BYTES", lowest=1_024, highest=1_048_576),
        request_seconds=_number(given, "PACTGATE_REQUEST_SECONDS", lowest=1, highest=300),
        client_rate=_number(given, "PACTGATE_CLIENT_RATE", lowest=1, highest=10_000),
        terminators=_terminators(given.get("PACTGATE_TERMINATORS", "")),
        compatibility=_switch(given, "PACTGATE_COMPATIBILITY"),
        records_days=_number(given, "PACTGATE_RECORDS_DAYS", lowest=FEWEST_DAYS, highest=36_500)
        if "PACTGATE_RECORDS_DAYS" in given
        else None,
        console=_switch(given, "PACTGATE_CONSOLE"),
        sign_in=_path(given["PACTGATE_SIGN_IN"]) if "PACTGATE_SIGN_IN" in given else None,
        development_sign_in=_switch(given, "PACTGATE_DEVELOPMENT_SIGN_IN"),
    )


def _require_known(given: Mapping[str, str]) -> None:
    for name in given:
        if name not in CATALOGUE:
            near = difflib.get_close_matches(name, CATALOGUE, n=1)
            hint = f"Did you mean {near[0]}? " if near else ""
            raise SettingsError(
                f"{name} is not a setting of Pactgate.",
                remedy=f"{hint}docs/settings.md lists them all; unset the others.",
            )


def _path(text: str) -> Path:
    return Path(text).expanduser().absolute()


def _number(given: Mapping[str, str], name: str, *, lowest: int, highest: int) -> int:
    text = given.get(name, CATALOGUE[name])
    if not (text.isascii() and text.isdigit()) or not lowest <= int(text) <= highest:
        raise SettingsError(
            f"{name} is {text!r}.", remedy=f"Set it to a whole number from {lowest} to {highest}, or unset it."
        )
    return int(text)


def _switch(given: Mapping[str, str], name: str) -> bool:
    text = given.get(name, CATALOGUE[name])
    if text not in _SWITCH:
        raise SettingsError(f"{name} is {text!r}.", remedy="Set it to on or off, or unset it.")
    return _SWITCH[text]


def _terminators(text: str) -> Terminators:
    try:
        return Terminators.parse(text)
    except ValueError as error:
        raise SettingsError(
            f"PACTGATE_TERMINATORS cannot be read: {error}.",
            remedy="Write addresses or networks, separated by commas: 10.0.0.5, 10.1.0.0/24.",
        ) from None


def _database_urls(given: Mapping[str, str]) -> dict[str, str]:
    urls = {}
    for role in DATABASE_ROLES:
        name = f"PACTGATE_{role.upper()}_URL"
        if (url := given.get(name)) is None:
            continue
        try:
            scheme = urlsplit(url).scheme
        except ValueError:
            scheme = ""
        if scheme not in {"postgresql", "postgres"}:
            # The value is not repeated: it may hold a password.
            raise SettingsError(
                f"{name} is not the URL of a PostgreSQL database.",
                remedy="Write it as postgresql://user:password@host/name, or postgresql://user:password@/name?host=/folder.",
            )
        urls[role] = url
    return urls


def _public_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        parts, host = urlsplit(""), None
    plain = host is not None and not (parts.path.strip("/") or parts.query or parts.fragment or parts.username)
    if not plain or parts.scheme not in {"http", "https"}:
        raise SettingsError(
            "PACTGATE_PUBLIC_URL is not a plain http or https address.",
            remedy="Write scheme, host and, if it must be, port: https://data.district.example.",
        )
    if parts.scheme == "http" and not is_loopback(host or ""):
        raise SettingsError(
            f"PACTGATE_PUBLIC_URL is {url!r}: student data and tokens never travel over plain http.",
            remedy="Put a TLS terminator in front and set the https address partners use.",
        )
    return url.rstrip("/")


def _require_private_or_tls(host: str, public_url: str) -> None:
    """Refuse to listen to the network while telling partners a plain loopback address: a demo would face the world."""
    if public_url.startswith("http:") and not is_loopback(host):
        raise SettingsError(
            f"PACTGATE_HOST is {host!r}, and PACTGATE_PUBLIC_URL is a plain address of this machine alone.",
            remedy="Set PACTGATE_PUBLIC_URL to the https address partners use, or listen on 127.0.0.1.",
        )
