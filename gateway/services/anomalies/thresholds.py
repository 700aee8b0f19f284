"""How much is unusual: one number a question, each with its reason. A district changes them in a TOML file."""

import tomllib
from dataclasses import dataclass, fields

from gateway.services.errors import ThresholdsRefused


@dataclass(frozen=True, slots=True)
class Thresholds:
    """
    From which number on a rule speaks. Made for a nightly fetch and people who work by day: it says nothing of these.

    Days and hours are those of the agreement's own zone, but for volumes, which are counted by UTC's as ceilings are.
    """

    volume_share: float = 0.125
    """Of what the district's ceiling allows for the population in a day; an eighth is a third complete fetch."""
    volume_least: int = 1_000
    """Rows a day below which no volume is unusual, however small the population."""
    past_factor: float = 3.0
    """Times the client's own highest day."""
    past_days: int = 7
    """Days on which a client must have asked before its own past is a measure."""
    settled: int = 20
    """Tokens or requests before a new key, or a new person, is news."""
    settled_keys: int = 3
    """Keys at most a client may have used until then: a program that makes one for each run has none that is new."""
    night_begins: int = 22
    """The hour from which a person is not at work."""
    night_ends: int = 5
    """The hour from which they may be."""
    burst: int = 20
    """Refusals of one client within `burst_minutes`."""
    burst_minutes: int = 10
    codes_tried: int = 10
    """Record codes that were not there, within `tried_minutes`: somebody tries them out."""
    receipts_tried: int = 3
    """Receipts that were not the client's own, within `tried_minutes`."""
    tried_minutes: int = 60
    after_stop: int = 3
    """Requests after a stop; a program that meets one stops asking."""
    strangers: int = 1_000
    """Refusals without an accepted key in one entry, which covers a minute or more."""
    unused_days: int = 90
    """Days in force without a request for an element that was granted."""


def read_thresholds(text: str) -> Thresholds:
    """Read a district's numbers; what is left out stays as it is. Raises `ThresholdsRefused`."""
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ThresholdsRefused(f"The thresholds are not TOML: {error}.") from None
    kinds = {each.name: type(each.default) for each in fields(Thresholds)}
    for name, value in given.items():
        if name not in kinds:
            raise ThresholdsRefused(f"There is no threshold {name!r}.")
        if type(value) not in {int, kinds[name]} or value <= 0:
            raise ThresholdsRefused(f"The threshold {name!r} is a {kinds[name].__name__} above zero.")
    return Thresholds(**given)
