"""The comparison itself: claims against parts that were computed again. Pure."""

from collections.abc import Iterable, Mapping

from gateway.records.parts import Part
from gateway.services.integrity.findings import Code, Finding
from gateway.services.integrity.ledger import Claims, Ledger


def compare(claims: Claims, found: Iterable[Part], first: int, last: int) -> frozenset[Finding]:
    """
    Return where the rows dated from `first` to `last` are not those that were claimed.

    A part that differs concerns its agreement; a row that was moved from one agreement to another, both.
    """
    there: dict[int, set[Part]] = {}
    for part in found:
        there.setdefault(part.at, set()).add(part)
    findings: set[Finding] = set()
    for at, claimed in claims.between(first, last):
        rows = there.pop(at, set())
        if claimed is None:
            # (1): what the entry commits to is not known any more, so anything may be missing.
            findings.add(Finding(Code.OPENING_LOST, at, "audit.private"))
        else:
            # (2): the same rows, no more and no fewer.
            findings |= {Finding(Code.CHANGED, at, part.table, part.concerns) for part in claimed ^ rows}
    # (3): nothing is dated by what claims nothing.
    findings |= {
        Finding(Code.UNCLAIMED, at, part.table, part.concerns) for at, parts in there.items() for part in parts
    }
    return frozenset(findings)


def compare_batches(ledger: Ledger, found: Iterable[tuple[int, int | None, bool]]) -> frozenset[Finding]:
    """Return where the loads that are visible, as (batch, entry, newest), are not those of the log."""
    findings: set[Finding] = set()
    missing, newest = dict(ledger.batches), 0
    for batch, entry, visible in found:
        newest = batch if visible else newest
        if entry is not None and missing.pop(batch, None) != entry:
            findings.add(Finding(Code.VISIBLE_MOVED, batch, "batch"))
    findings |= {Finding(Code.VISIBLE_MOVED, batch, "batch") for batch in missing}
    if newest != ledger.visible:
        findings.add(Finding(Code.VISIBLE_MOVED, newest, "frontier"))
    return frozenset(findings)


def compare_terms(kept: Iterable[tuple[str, str, str]], signed: Mapping[str, tuple[str, str]]) -> frozenset[Finding]:
    """Return which populations, as (agreement, line, time zone), have other terms than their signed documents."""
    return frozenset(
        Finding(Code.TERMS_MOVED, 0, "scope", agreement)
        for agreement, line, time_zone in kept
        if agreement in signed and signed[agreement] != (line, time_zone)
    )
