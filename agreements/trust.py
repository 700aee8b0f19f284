"""
Where trust starts: two or more officers and the log's key, pinned in a file outside the database by `pactgate init`.

Every other key leads back here by signatures.
"""

from dataclasses import dataclass, field
from typing import Any, Final, cast

from agreements.canonical import Json, canonical_bytes, read_json
from agreements.errors import BadKey, BadTrust, MalformedDocument
from agreements.keys import PublicKey, read_public_key
from agreements.names import person
from agreements.shapes import DIGEST, Shape, group, leaf, listing, shape_problems, text

MIN_OFFICERS: Final = 2
_ENTRIES: Final[Shape] = {"type": "integer", "minimum": 1, "maximum": 2**53 - 1}
_SHAPE: Final[Shape] = group(
    "The trust file",
    {
        "origin": text("rule", "The log's origin", ("[!-~]+", "a short name without spaces, such as a host name"), 200),
        "officers": listing(
            "Officers",
            group(
                "An officer", {"name": text("rule", "The name", limit=200), "jwk": leaf("rule", "Key", type="object")}
            ),
            least=MIN_OFFICERS,
            most=20,
        ),
        "log_public_key": text("rule", "The log's public key", ("[!-~]+", "a verifier key on one line"), 1000),
    },
    {
        "follows": listing(
            "Earlier origins",
            group(
                "An earlier origin",
                {
                    "origin": text("rule", "Its origin", ("[!-~]+", "a short name without spaces"), 200),
                    "log_public_key": text("rule", "Its public key", ("[!-~]+", "a verifier key on one line"), 1000),
                    "recovery": text("rule", "The digest of the recovery", DIGEST),
                    "entry": leaf("rule", "The entry of the recovery", **_ENTRIES),
                    "kept": leaf("rule", "Entries of the kept checkpoint", **_ENTRIES),
                },
            ),
            most=20,
        )
    },
)


@dataclass(frozen=True, slots=True)
class Officer:
    """A privacy officer of the district, pinned at `pactgate init`."""

    name: str = field(repr=False)
    key: PublicKey


@dataclass(frozen=True, slots=True)
class Followed:
    """
    An origin under which nothing is signed any more, and the recovery that ended it: its digest and its entry.

    `kept` is the size of the newest checkpoint of this origin that the recovery cites.
    """

    origin: str
    log_public_key: str
    recovery: str
    entry: int
    kept: int


@dataclass(frozen=True, slots=True)
class Trust:
    """
    The pinned officers, the log's origin and its public key; `follows` are the origins before, the oldest first.

    INVARIANT: made by `read_trust`, `pin_trust` or `recovered_trust` only.
    """

    origin: str
    officers: tuple[Officer, ...]
    log_public_key: str
    follows: tuple[Followed, ...] = ()

    @property
    def keys(self) -> dict[str, PublicKey]:
        """The officers' keys by thumbprint."""
        return {officer.key.thumbprint: officer.key for officer in self.officers}

    @property
    def canonical(self) -> bytes:
        """The bytes of the trust file."""
        content: dict[str, Json] = {
            "origin": self.origin,
            "officers": [{"name": officer.name, "jwk": officer.key.jwk} for officer in self.officers],
            "log_public_key": self.log_public_key,
        }
        if self.follows:
            content["follows"] = [
                {
                    "origin": each.origin,
                    "log_public_key": each.log_public_key,
                    "recovery": each.recovery,
                    "entry": each.entry,
                    "kept": each.kept,
                }
                for each in self.follows
            ]
        return canonical_bytes(content)

    def before(self, recoveries: int) -> "Trust":
        """Return the trust as it was pinned when the log had been recovered this many times; 0 at its opening."""
        if recoveries == len(self.follows):
            return self
        then = self.follows[recoveries]
        return Trust(then.origin, self.officers, then.log_public_key, self.follows[:recoveries])

    def at(self, entry: int) -> "Trust":
        """Return the trust as it was pinned when this entry was appended."""
        return self.before(sum(each.entry <= entry for each in self.follows))


def read_trust(raw: bytes) -> Trust:
    """Read a trust file. Raises `BadTrust`: unreadable, a member too many or too few, the same officer twice."""
    try:
        content = read_json(raw)
    except MalformedDocument as error:
        raise BadTrust(f"The trust file cannot be read: {error}") from None
    if problems := shape_problems(_SHAPE, content):
        raise BadTrust(f"The trust file is wrong at {problems[0].path or '/'}: {problems[0].sentence}")
    rows = cast("dict[str, Any]", content)
    try:
        officers = tuple(Officer(row["name"], read_public_key(row["jwk"])) for row in rows["officers"])
    except BadKey as error:
        raise BadTrust(f"An officer's key cannot be pinned: {error}") from None
    keys = {officer.key.thumbprint for officer in officers}
    names = {person(officer.name) for officer in officers}
    if len(keys) != len(officers) or len(names) != len(officers):
        raise BadTrust("The same officer is pinned twice; two different people with two different keys are needed.")
    follows = tuple(
        Followed(row["origin"], row["log_public_key"], row["recovery"], row["entry"], row["kept"])
        for row in rows.get("follows", ())
    )
    origins = [*(each.origin for each in follows), rows["origin"]]
    entries = [each.entry for each in follows]
    if len(set(origins)) != len(origins) or entries != sorted(set(entries)):
        raise BadTrust("The origins that the log had are each another, one after the other.")
    return Trust(rows["origin"], officers, rows["log_public_key"], follows)


def pin_trust(origin: str, officers: tuple[Officer, ...], log_public_key: str) -> Trust:
    """Return the trust to be written to the file, judged exactly as it will be when read. Raises `BadTrust`."""
    return read_trust(Trust(origin, officers, log_public_key).canonical)


def recovered_trust(trust: Trust, origin: str, log_public_key: str, *, recovery: str, entry: int, kept: int) -> Trust:
    """
    Return the trust after a recovery: the same officers, another origin. Raises `BadTrust`.

    `recovery` is the digest of the recovery, `entry` where it stands in the log, `kept` the size that it cites.
    """
    ended = Followed(trust.origin, trust.log_public_key, recovery, entry, kept)
    return read_trust(Trust(origin, trust.officers, log_public_key, (*trust.follows, ended)).canonical)
