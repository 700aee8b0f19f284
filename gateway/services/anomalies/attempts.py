"""Attempts: many refusals, codes and receipts that are tried out, and requests after a stop."""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Final

from gateway.services.anomalies.found import Anomaly, Noted, World, anomaly, bursts
from gateway.services.anomalies.history import History, Refusal, Stop

_NOT_THERE: Final = "not_found"


def denial_burst(history: History, world: World) -> Iterator[Anomaly]:
    """Yield times in which one client was refused again and again."""
    limits = world.thresholds
    for client, run in _runs(history, world, lambda _: True, limits.burst_minutes, limits.burst):
        yield anomaly("denial_burst", client, "", run, f"{len(run)} refusals within minutes.")


def enumeration(history: History, world: World) -> Iterator[Anomaly]:
    """Yield times in which one client asked for record codes that are not there, one after the other."""
    limits = world.thresholds
    for client, run in _runs(history, world, _is_code, limits.tried_minutes, limits.codes_tried):
        reason = f"{len(run)} record codes were asked for that are not there, or not its own."
        yield anomaly("enumeration", client, "", run, reason)


def receipts_of_others(history: History, world: World) -> Iterator[Anomaly]:
    """Yield times in which one client asked for receipts that are not its own."""
    limits = world.thresholds
    for client, run in _runs(history, world, _is_receipt, limits.tried_minutes, limits.receipts_tried):
        yield anomaly(
            "receipts_of_others", client, "", run, f"{len(run)} receipts were asked for that are not its own."
        )


def asks_after_stop(history: History, world: World) -> Iterator[Anomaly]:
    """Yield clients that go on asking although they, their agreement or their partner was stopped."""
    for stop in history.stops:
        for client, refusals in history.refusals.items():
            after = [each for each in refusals if _is_after(each, client, stop, world)]
            if len(after) >= world.thresholds.after_stop and after[-1].at >= world.since:
                reason = f"{len(after)} requests after entry {stop.moment.entry} stopped the {stop.kind}."
                agreement = stop.subject if stop.kind == "agreement" else ""
                yield anomaly("asks_after_stop", client, agreement, after, reason)


def strangers(history: History, world: World) -> Iterator[Anomaly]:
    """Yield periods with very many refusals of callers without an accepted key."""
    for moment, total in history.strangers:
        if total >= world.thresholds.strangers and moment.at >= world.since:
            yield anomaly("strangers", "", "", [moment], f"{total} requests without an accepted key were refused.")


def _is_after(refusal: Refusal, client: str, stop: Stop, world: World) -> bool:
    stopped = {"agreement": refusal.agreement, "client": client, "partner": world.partners.get(client)}[stop.kind]
    ends = refusal.entry + 1 if stop.undone is None else stop.undone
    return stopped == stop.subject and stop.moment.entry < refusal.entry < ends


def _is_code(refusal: Refusal) -> bool:
    return refusal.code == _NOT_THERE and refusal.dataset is not None


def _is_receipt(refusal: Refusal) -> bool:
    return refusal.code == _NOT_THERE and refusal.dataset is None


def _runs(
    history: History, world: World, meant: Callable[[Refusal], bool], minutes: int, least: int
) -> Iterator[tuple[str, Sequence[Noted]]]:
    for client, refusals in history.refusals.items():
        noted = [each for each in refusals if meant(each)]
        for run in bursts(noted, timedelta(minutes=minutes), least):
            if run[-1].at >= world.since:
                yield client, run
