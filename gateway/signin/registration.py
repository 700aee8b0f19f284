"""
Where staff sign in: the file with our registrations at identity providers, read once when the gateway starts.

INVARIANT: which algorithms, which strength and how long ago count stands in this file, never in what a provider
publishes about itself.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey

from agreements.roles import Role
from gateway.errors import SettingsError
from gateway.services.standing.identity import Realm

ALGORITHMS: Final = ("ES256", "PS256", "RS256", "Ed25519", "EdDSA")
"""What an id_token may be signed by. Never `none`, never a shared secret; RS256, as most providers know no other."""
_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,39}")
_MEMBERS: Final = frozenset(
    {
        *("name", "title", "issuer", "client_id", "key_file", "secret_file", "algorithms", "max_age"),
        *("acr", "step_up_acr", "step_up_amr", "roles_claim", "roles", "authorization_response_iss"),
    }
)
_MOST_SECONDS: Final = 12 * 3600
_SMALLEST_RSA: Final = 2048
_REMEDY: Final = "docs/sign-in.md shows the file line by line."


@dataclass(frozen=True, slots=True)
class Registration:
    """
    What was agreed with one identity provider. `secret` is text, or the private key of `private_key_jwt`.

    `acr` are the values of which one must be in the id_token (empty: any), `step_up_acr` and `step_up_amr` those for a
    fresh sign-in; `max_age` are the seconds that an authentication may be old. `roles` maps what the provider's
    `roles_claim` says to the roles it leaves; None, and it leaves all.
    """

    realm: Realm
    name: str
    title: str
    issuer: str
    client_id: str
    secret: str | Key = field(repr=False)
    algorithms: tuple[str, ...]
    acr: tuple[str, ...]
    step_up_acr: tuple[str, ...]
    step_up_amr: tuple[str, ...]
    max_age: int
    roles_claim: str
    roles: Mapping[str, Role] | None
    names_itself: bool
    """Whether the provider must name itself in its answers (RFC 9207)."""


@dataclass(frozen=True, slots=True)
class Registrations:
    """Every registration, by realm and name; none, and nobody signs in."""

    all: tuple[Registration, ...] = ()

    def of(self, realm: Realm) -> tuple[Registration, ...]:
        """Return the registrations of one realm, in the order of the file."""
        return tuple(each for each in self.all if each.realm is realm)


def read_registrations(file: Path) -> Registrations:
    """Read the file and the keys it names. Raises `SettingsError`, which repeats no secret."""
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError(f"{file} cannot be read: {type(error).__name__}.", remedy=_REMEDY) from None
    if not content.keys() <= {realm.value for realm in Realm}:
        raise _wrong(file, "it has sections besides [[district]] and [[partner]]")
    found = tuple(
        _registration(file, realm, entry) for realm in Realm for entry in _entries(file, content.get(realm.value, []))
    )
    # A callback is found by realm and name, and an identity by its issuer: neither may be two registrations'.
    for key in ("name", "issuer"):
        for realm in Realm:
            names = [getattr(each, key) for each in found if each.realm is realm]
            if len(set(names)) != len(names):
                raise _wrong(file, f"two registrations of [[{realm.value}]] have the same {key}")
    return Registrations(found)


def _entries(file: Path, given: object) -> list[dict[str, Any]]:
    if not isinstance(given, list) or not all(isinstance(each, dict) for each in given):
        raise _wrong(file, "a section is written [[district]] or [[partner]], with two brackets")
    return given


def _registration(file: Path, realm: Realm, entry: Mapping[str, Any]) -> Registration:
    if unknown := entry.keys() - _MEMBERS:
        raise _wrong(file, f"{min(unknown)!r} is not a member of a registration")
    issuer, name = _text(file, entry, "issuer"), _text(file, entry, "name")
    if not _NAME.fullmatch(name):
        raise _wrong(file, "a name is written in small letters, digits and hyphens")
    _require_safe(file, issuer)
    algorithms = _words(file, entry, "algorithms", ("ES256", "PS256", "RS256"))
    if not algorithms or not set(algorithms) <= set(ALGORITHMS):
        raise _wrong(file, f"algorithms are some of {', '.join(ALGORITHMS)}")
    max_age = entry.get("max_age", _MOST_SECONDS)
    if type(max_age) is not int or not 1 <= max_age <= _MOST_SECONDS:
        raise _wrong(file, f"max_age is a whole number of seconds, at most {_MOST_SECONDS}")
    step_up = _words(file, entry, "step_up_acr"), _words(file, entry, "step_up_amr")
    if not any(step_up):
        raise _wrong(file, "step_up_acr or step_up_amr says what a fresh sign-in for an act must prove")
    names_itself = entry.get("authorization_response_iss", True)
    if type(names_itself) is not bool:
        raise _wrong(file, "authorization_response_iss is true or false")
    return Registration(
        realm=realm,
        name=name,
        title=_text(file, entry, "title"),
        issuer=issuer,
        client_id=_text(file, entry, "client_id"),
        secret=_secret(file, entry),
        algorithms=algorithms,
        acr=_words(file, entry, "acr"),
        step_up_acr=step_up[0],
        step_up_amr=step_up[1],
        max_age=max_age,
        roles_claim=_text(file, entry, "roles_claim") if "roles_claim" in entry else "groups",
        roles=_roles(file, realm, entry.get("roles")),
        names_itself=names_itself,
    )


def _roles(file: Path, realm: Realm, given: object) -> dict[str, Role] | None:
    if given is None:
        return None
    known = {role.value: role for role in Role if role.is_partners == (realm is Realm.PARTNER)}
    if not isinstance(given, dict) or not all(isinstance(role, str) and role in known for role in given.values()):
        raise _wrong(file, f"roles map a value of the provider's claim to one of {', '.join(known)}")
    return {str(value): known[role] for value, role in given.items()}


def _require_safe(file: Path, issuer: str) -> None:
    try:
        parts = urlsplit(issuer)
        host, _ = parts.hostname, parts.port  # raises for a port that there cannot be
    except ValueError:
        parts, host = urlsplit(""), None
    loopback = parts.scheme == "http" and host in {"127.0.0.1", "localhost", "::1"}
    if not host or not (parts.scheme == "https" or loopback) or parts.query or parts.fragment or parts.username:
        raise _wrong(file, "an issuer is an https address without query and fragment")


def _secret(file: Path, entry: Mapping[str, Any]) -> str | Key:
    """Return the secret or the key from a file of its own, which nobody else may read."""
    if ("key_file" in entry) == ("secret_file" in entry):
        raise _wrong(file, "a registration names a key_file or a secret_file, and not both")
    kind = "key_file" if "key_file" in entry else "secret_file"
    path = file.parent / _text(file, entry, kind)
    try:
        if path.stat().st_mode & 0o077:
            raise SettingsError(f"{path} can be read by other accounts.", remedy=f"Close it with chmod 600 {path}.")
        content = path.read_bytes()
        if kind == "secret_file":
            return _plain(content)
        return _key(content)
    except (OSError, ValueError, JoseError):
        raise SettingsError(f"{path} cannot be used as a {kind}.", remedy=_REMEDY) from None


def _plain(content: bytes) -> str:
    secret = content.decode("ascii").strip()
    if not secret:
        raise ValueError
    return secret


def _key(content: bytes) -> Key:
    """Return a private key in PEM: P-256, Ed25519, or RSA of 2048 bits or more."""
    if b"PRIVATE KEY" not in content:
        raise ValueError
    for kind in (ECKey, OKPKey, RSAKey):
        try:
            key = kind.import_key(content)
        except (ValueError, TypeError, JoseError):
            continue
        break
    else:
        raise ValueError
    good = (
        (isinstance(key, ECKey) and key.curve_name == "P-256")
        or (isinstance(key, OKPKey) and key.curve_name == "Ed25519")
        or (isinstance(key, RSAKey) and key.raw_value.key_size >= _SMALLEST_RSA)
    )
    if not good:
        raise ValueError
    return key


def _text(file: Path, entry: Mapping[str, Any], name: str) -> str:
    value = entry.get(name)
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise _wrong(file, f"{name} is missing in a registration, or is not a line of text")
    return value


def _words(file: Path, entry: Mapping[str, Any], name: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
    value = entry.get(name, list(default))
    if not isinstance(value, list) or not all(isinstance(each, str) and each and " " not in each for each in value):
        raise _wrong(file, f"{name} is a list of words")
    return tuple(value)


def _wrong(file: Path, sentence: str) -> SettingsError:
    return SettingsError(f"{file} cannot be used: {sentence}.", remedy=_REMEDY)
