"""
What stewards have classified of the district's own codes, as one pass over the register finds it.

INVARIANT: damage opens nothing. What counts is the log: of a classification that an entry names and that is gone,
every element leaves not at all; the values of one that does not hold any more leave under no basis, until stewards
judge them anew.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from agreements.authority import Filed
from agreements.documents.classification import Classification, Verdict, read_classification
from agreements.errors import AgreementError
from agreements.shapes import DIGEST
from agreements.signature import Kind
from agreements.stewarding import VerifiedClassification, verify_classification
from audit.events import Event
from gateway.services.standing.classified import ClassifiedCodes
from gateway.services.standing.judging import Judging, texts
from policies.classified import classified_by

_DIGEST: Final = re.compile(DIGEST[0])


def classified_codes(judging: Judging) -> ClassifiedCodes:
    """Return what stewards classified, each classification judged as the one after the one before it."""
    stored = judging.read.register.of(Kind.CODE_CLASSIFICATION)
    there = {(each.received.index, each.envelope.digest): each for each in judging.filed(stored)}
    before: str | None = None
    counted: list[Classification] = []
    closed: set[str] = set()
    acts: list[VerifiedClassification] = []
    for index, digest, elements in _said(judging):
        filed = there.get((index, digest))
        if filed is None:
            closed.update(elements)
        else:
            verified = _verified(judging, filed, before)
            if verified is not None:
                acts.append(verified)
            counted.append(_barred(filed) if verified is None else verified.classification)
        before = digest
    return ClassifiedCodes(classified_by(counted, closed), tuple(acts), before)


def _said(judging: Judging) -> Iterator[tuple[int, str, list[str]]]:
    """Yield what each entry says of a classification, in the order of the log: its digest, and of which elements."""
    for index, entry in sorted(judging.read.entries.items()):
        if entry.event == Event.CODES_CLASSIFIED:
            digest, elements = entry.body.get("document"), entry.body.get("elements")
            if isinstance(digest, str) and _DIGEST.fullmatch(digest) and isinstance(elements, list):
                yield index, digest, [str(each) for each in elements]


def _verified(judging: Judging, filed: Filed, before: str | None) -> VerifiedClassification | None:
    try:
        return judging.once(
            lambda: verify_classification(filed, before, authority=judging.authority),
            *("code_classification", judging.authority.digest, before or ""),
            *texts(filed),
        )
    except AgreementError as error:
        judging.alarm("classification_refused", document=filed.envelope.digest, reason=error.code)
        return None


def _barred(filed: Filed) -> Classification:
    """Return what a classification that does not hold leaves behind: its values leave under no basis."""
    said = read_classification(filed.envelope.payload)
    return replace(said, codes=tuple(replace(each, verdict=Verdict.NEVER, law=None) for each in said.codes))
