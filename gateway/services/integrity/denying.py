"""Whom a finding stops: the agreements that it concerns, and all of them where that cannot be told."""

from collections.abc import Iterable, Iterator
from typing import Final

from agreements.document import Agreement
from gateway.records.parts import EVERYBODY
from gateway.services.integrity.findings import Finding
from gateway.services.standing.registry import Registry
from policies.compile import Suspension

_TOLD_ONLY: Final = {
    "academic_summary": frozenset({"000073", "000074", "000123", "000127", "000128", "000199", "000200"}),
    "attendance": frozenset(
        {"000076", "000201", "000202", "000496", "000599", "001649", "001957", "002022"}  # stored, and counted from it
    ),
}
"""Tables that decide nothing about who is covered, and the elements that come from them. Others concern everybody."""


def stops_of(findings: Iterable[Finding], registry: Registry) -> tuple[Suspension, ...]:
    """Return the stops of agreements in force that these findings mean, one an agreement."""
    stopped: dict[str, int] = {}
    for finding in findings:
        for digest in _concerned(finding, registry):
            stopped.setdefault(digest, max(finding.at, 0))
    return tuple(Suspension(digest, at) for digest, at in stopped.items())


def _concerned(finding: Finding, registry: Registry) -> Iterator[str]:
    for digest, granted in registry.granted.items():
        if finding.concerns in {digest, granted.document.id} or (
            finding.concerns == EVERYBODY and _reads(granted.document, finding.table)
        ):
            yield digest


def _reads(agreement: Agreement, table: str) -> bool:
    elements = _TOLD_ONLY.get(table)
    return elements is None or not elements.isdisjoint(agreement.element_ids)
