"""What is unusual in the log, put into the inbox: one case a rule, client and agreement, opened by newer entries."""

from collections.abc import Iterable
from datetime import datetime

from gateway.services.analysis.past import Law
from gateway.services.anomalies.found import Anomaly
from gateway.services.anomalies.thresholds import Thresholds
from gateway.services.anomalies.watch import Watch, Watched
from gateway.services.inbox.cases import UNUSUAL
from gateway.services.inbox.keeping import put_on_file
from gateway.services.inbox.pending import Raised
from gateway.services.law import guardrails_of
from gateway.services.office import Office
from gateway.services.standing.registry import Alarm


async def find_unusual(
    office: Office, alarm: Alarm, thresholds: Thresholds | None = None, since: datetime | None = None
) -> Watched:
    """
    Go through the log by every rule, by the guardrails in force; what is found has a case, and is returned.

    Raises `LogDamaged`, `LeafRefused`.
    """
    _, registry = await office.desk.registry()
    law = Law(office.desk.catalogue, guardrails_of(office.desk, registry))
    found = await Watch(office, law, alarm, thresholds).anomalies(since)
    await put_on_file(office.engine, raised_by(found.anomalies))
    return found


def raised_by(anomalies: Iterable[Anomaly]) -> tuple[Raised, ...]:
    """
    Return findings as what is put on file: those of one rule, client and agreement are one, said as its newest is.

    INVARIANT: the same log raises nothing anew: a case that was resolved opens only for an entry after those it knew.
    """
    newest: dict[tuple[str, str, str], Anomaly] = {}
    for each in anomalies:
        about = (each.rule, each.client, each.agreement)
        known = newest.get(about)
        if known is None or each.last > known.last:
            newest[about] = each
    return tuple(_raised(each) for each in newest.values())


def _raised(anomaly: Anomaly) -> Raised:
    facts = {
        "client": anomaly.client,
        "agreement": anomaly.agreement,
        "reason": anomaly.reason,
        "count": str(anomaly.count),
        "first_entry": str(anomaly.entries[0]),
        "last_entry": str(anomaly.last),
    }
    named = {name: value for name, value in facts.items() if value}
    return Raised(f"{UNUSUAL}{anomaly.rule}", named, newest=anomaly.last)
