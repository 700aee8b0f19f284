"""
Who asks, with which key, and when.

Network addresses are on no leaf, because they tell where people live; a key that was never seen tells more.
"""

from collections.abc import Iterator
from datetime import date

from gateway.services.anomalies.found import Anomaly, World, anomaly
from gateway.services.anomalies.history import AUTOMATED, History, Moment
from gateway.services.anomalies.thresholds import Thresholds


def new_key(history: History, world: World) -> Iterator[Anomaly]:
    """Yield tokens bound to a key that a settled client never used, and keys that were bound to it anew."""
    limits = world.thresholds
    for client, keys in history.keys.items():
        for new in keys.values():
            settled = new.before >= limits.settled and new.others <= limits.settled_keys
            if settled and new.moment.at >= world.since:
                reason = f"A token for a key it never used before, after {new.before} with {new.others} other."
                yield anomaly("new_key", client, "", [new.moment], reason)
    for client, moments in history.bindings.items():
        asked = [new.moment.at for new in history.keys.get(client, {}).values()]
        for moment in moments:
            if moment.at >= world.since and any(at < moment.at for at in asked):
                yield anomaly("new_key", client, "", [moment], "Another key set was bound to a client that had asked.")


def new_person(history: History, world: World) -> Iterator[Anomaly]:
    """Yield people who ask for the first time through a client that is settled."""
    for (client, agreement), people in history.people.items():
        for behind, new in people.items():
            if behind != AUTOMATED and new.before >= world.thresholds.settled and new.moment.at >= world.since:
                reason = f"Somebody asks through it who never did in {new.before} requests before: {behind}."
                yield anomaly("new_person", client, agreement, [new.moment], reason)


def off_hours(history: History, world: World) -> Iterator[Anomaly]:
    """Yield people at work by night, and programs at an hour far from any at which they asked before."""
    for (client, agreement, behind), days in history.hours.items():
        for day, hours in sorted(days.items()):
            recent = {hour: moment for hour, moment in hours.items() if moment.at >= world.since}
            if behind == AUTOMATED:
                odd = _odd_hours(days, day, recent, world.thresholds)
                reason = f"A program asks at {_clock(odd)} on {day}, hours from any at which it asked before."
            else:
                odd = {hour: moment for hour, moment in recent.items() if _is_night(hour, world.thresholds)}
                reason = f"A person asks by night, at {_clock(odd)} on {day}: {behind}."
            if odd:
                yield anomaly("off_hours", client, agreement, sorted(odd.values(), key=lambda each: each.entry), reason)


def _odd_hours(
    days: dict[date, dict[int, Moment]], day: date, recent: dict[int, Moment], limits: Thresholds
) -> dict[int, Moment]:
    before = [hours for earlier, hours in days.items() if earlier < day]
    if len(before) < limits.past_days:
        return {}
    usual = {(hour + shift) % 24 for hours in before for hour in hours for shift in (-1, 0, 1)}
    return {hour: moment for hour, moment in recent.items() if hour not in usual}


def _is_night(hour: int, limits: Thresholds) -> bool:
    return hour >= limits.night_begins or hour < limits.night_ends


def _clock(hours: dict[int, Moment]) -> str:
    return ", ".join(f"{hour:02}:00" for hour in sorted(hours))
