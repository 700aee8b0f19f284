"""
A naming of witnesses: who cosigns the log from elsewhere, how many of them must, and how long nothing leaves without.

INVARIANT: a naming replaces the one before it, which it names by its digest. So a naming that officers signed and then
thought better of cannot be brought into force behind another one.
"""

from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from agreements.canonical import Json, canonical_bytes
from agreements.documents.reading import read_shaped, refuse
from agreements.shapes import DIGEST, group, leaf, listing, text

MOST_WITNESSES: Final = 16
"""A verifier of signed notes need not accept more signatures than that (C2SP signed-note)."""
MOST_HOURS: Final = 168
"""A week. Whoever wants more wants no witness."""
USUAL_HOURS: Final = 4
"""The default of X-Road for its time-stamps."""

VKEY: Final = (
    "[^+\\s]{1,200}[+][0-9a-f]{8}[+][A-Za-z0-9+/]{44,1752}={0,2}",
    "the verifier key of a witness: name+id+base64",
)
URL: Final = (
    "https?://[A-Za-z0-9.:\\[\\]-]{1,200}(/[A-Za-z0-9._~/-]{0,200})?",
    "an address such as https://witness.example",
)

WITNESSES: Final = group(
    "The naming of witnesses",
    {
        "format": leaf("rule", "The format", const="pactgate-witnesses/1"),
        "witnesses": listing(
            "The witnesses",
            group(
                "A witness",
                {"vkey": text("rule", "Its verifier key", VKEY, 2000), "url": text("rule", "Its address", URL, 400)},
            ),
            most=MOST_WITNESSES,
        ),
        "must_cosign": leaf("rule", "How many must cosign", type="integer", minimum=1, maximum=MOST_WITNESSES),
        "hours": leaf(
            "rule", "Hours after which nothing leaves without", type="integer", minimum=1, maximum=MOST_HOURS
        ),
        "reason": text("words_only", "The reason"),
    },
    {"replaces": text("rule", "The digest of the naming before", DIGEST)},
)


@dataclass(frozen=True, slots=True)
class WitnessPlace:
    """A witness: its verifier key (`name+id+base64`, C2SP tlog-cosignature) and the address to submit to."""

    vkey: str
    url: str

    @property
    def name(self) -> str:
        """What the witness is called."""
        return self.vkey.partition("+")[0]


@dataclass(frozen=True, slots=True)
class Witnesses:
    """Who cosigns, how many must, and after how many hours without them nothing is disclosed."""

    witnesses: tuple[WitnessPlace, ...]
    must_cosign: int
    hours: int
    replaces: str | None
    reason: str = field(repr=False)


def witnesses_bytes(witnesses: Witnesses) -> bytes:
    """Return the canonical bytes of a naming."""
    listed: list[Json] = [{"vkey": each.vkey, "url": each.url} for each in witnesses.witnesses]
    content: dict[str, Json] = {
        "format": "pactgate-witnesses/1",
        "witnesses": listed,
        "must_cosign": witnesses.must_cosign,
        "hours": witnesses.hours,
        "reason": witnesses.reason,
    }
    if witnesses.replaces is not None:
        content["replaces"] = witnesses.replaces
    return canonical_bytes(content)


def read_witnesses(raw: bytes | str) -> Witnesses:
    """Read a naming. Raises `MalformedDocument`, `InvalidDocument`."""
    content = read_shaped(raw, WITNESSES)
    places = tuple(WitnessPlace(each["vkey"], each["url"]) for each in content["witnesses"])
    for at, place in enumerate(places):
        if not _is_private(place.url):
            sentence = "A witness on another machine is reached over https."
            refuse(WITNESSES, f"/witnesses/{at}/url", "format", sentence)
    # One key under two names would be counted twice: an Ed25519 cosignature does not say whose name it is under.
    if len({place.name for place in places}) < len(places) or len({_key(place) for place in places}) < len(places):
        refuse(WITNESSES, "/witnesses", "format", "Two of the witnesses have one name or one key.")
    if content["must_cosign"] > len(places):
        refuse(WITNESSES, "/must_cosign", "format", "More must cosign than there are witnesses.")
    return Witnesses(places, content["must_cosign"], content["hours"], content.get("replaces"), content["reason"])


def _key(place: WitnessPlace) -> str:
    return place.vkey.split("+", 2)[2]


def _is_private(url: str) -> bool:
    """Return whether nobody on the way can read or change what is said: TLS, or this machine alone."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
        return bool(host) and (parts.scheme == "https" or host == "localhost" or ip_address(host).is_loopback)
    except ValueError:
        return False
