"""Volumes: more than a population accounts for, and more than a client ever took."""

from collections.abc import Iterator
from datetime import UTC, date

from gateway.services.anomalies.found import Anomaly, World, anomaly
from gateway.services.anomalies.history import History, Refusal
from gateway.services.volume import EXCEEDED


def volume_of_population(history: History, world: World) -> Iterator[Anomaly]:
    """Yield days on which a client took more rows than a few complete fetches of its population are."""
    limits = world.thresholds
    for (client, agreement, dataset), days in history.volumes.items():
        ceiling, students = world.ceilings.get(dataset), world.covered.get(agreement)
        if ceiling is None or students is None:
            continue
        usual = max(limits.volume_share * ceiling.times * students, limits.volume_least)
        for day, taken in days.items():
            entries = [each for each in taken.entries if each.at >= world.since]
            if entries and taken.records > usual:
                reason = (
                    f"{taken.records} rows of {dataset} on {day} (UTC), for a population of {students} students;"
                    f" up to {usual:.0f} are usual."
                )
                yield anomaly("volume_of_population", client, agreement, entries, reason)


def volume_of_past(history: History, world: World) -> Iterator[Anomaly]:
    """Yield days on which a client took several times what it took on any day before."""
    limits = world.thresholds
    for (client, agreement, dataset), days in history.volumes.items():
        before: list[int] = []
        for day, taken in sorted(days.items()):
            entries = [each for each in taken.entries if each.at >= world.since]
            most = max(before, default=0)
            enough = len(before) >= limits.past_days and taken.records > limits.volume_least
            if entries and enough and taken.records > limits.past_factor * most:
                reason = (
                    f"{taken.records} rows of {dataset} on {day} (UTC); on each of the {len(before)} days before on"
                    f" which it asked it took {most} at most."
                )
                yield anomaly("volume_of_past", client, agreement, entries, reason)
            before.append(taken.records)


def volume_refused(history: History, world: World) -> Iterator[Anomaly]:
    """Yield days on which a client was refused because it had taken all that one client may."""
    for client, refusals in history.refusals.items():
        over = [each for each in refusals if each.code == EXCEEDED and each.at >= world.since]
        by_day: dict[tuple[date, str], list[Refusal]] = {}
        for each in over:
            by_day.setdefault((each.at.astimezone(UTC).date(), each.agreement), []).append(each)
        for (day, agreement), entries in by_day.items():
            reason = f"It asked for more than one client may have on {day} (UTC), and was refused."
            yield anomaly("volume_refused", client, agreement, entries, reason)
