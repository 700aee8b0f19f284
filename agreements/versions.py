"""What a later version of an agreement may change: everything but the line, the parties, the basis and the purpose."""

from collections.abc import Iterator

from agreements.document import Agreement
from agreements.errors import NotAnAmendment, Problem

_SOURCE = "project rule S4"


def require_amends(old: Agreement, new: Agreement) -> None:
    """
    Check that `new` is the next version of `old`.

    It names the same line, parties, basis and purpose code, the next version number, and `old`'s digest as what it
    replaces; a framework stays one, and what narrows a master goes on narrowing one. Who signed it is for
    `agreements.in_force`. Raises `NotAnAmendment` with every place (row S4).
    """
    found = tuple(_departures(old, new))
    if found:
        raise NotAnAmendment("The new version", found)


def _departures(old: Agreement, new: Agreement) -> Iterator[Problem]:
    kept = {
        "/id": (old.id, new.id),
        "/district/id": (old.district.id, new.district.id),
        "/partner/id": (old.partner.id, new.partner.id),
        "/basis/type": (old.basis, new.basis),
        "/purpose/code": (old.purpose.code, new.purpose.code),
        "/framework": (_yes_or_no(old.framework), _yes_or_no(new.framework)),
        "/master": (_yes_or_no(old.master is not None), _yes_or_no(new.master is not None)),
    }
    for path, (before, after) in kept.items():
        if before != after:
            sentence = (
                f"An amendment keeps '{before}'; with '{after}' it is a new agreement, which needs an id of its own."
            )
            yield Problem(path, "S4", _SOURCE, sentence)
    if new.replaces != old.digest:
        sentence = f"The version that is replaced has the digest {old.digest}; this one names {new.replaces}."
        yield Problem("/replaces", "S4", _SOURCE, sentence)
    if new.version != old.version + 1:
        sentence = f"The next version is {old.version + 1}, not {new.version}."
        yield Problem("/version", "S4", _SOURCE, sentence)


def _yes_or_no(stands: bool) -> str:
    return "yes" if stands else "no"
