"""
What an accounting may betray to whoever asks for it, said to the officer before it is handed out.

A caution withholds nothing: the record of disclosures is a right (34 CFR 99.32(c)). It makes somebody look, who then
says that they did, code by code; that is in the entry.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Final

from agreements.basis import Basis
from agreements.documents.family import Capacity
from agreements.documents.telling_partners import Tells
from agreements.elements import Catalogue
from agreements.families import Asking
from gateway.services.accounting.lines import About, Caution, Line, Warn

SENTENCES: Final[Mapping[Warn, str]] = {
    Warn.RIGHTS_RESTRICTED: "A court's order or a law restricts somebody's rights to these records (34 CFR 99.4): see"
    " whether it is whoever asks.",
    Warn.ACTS_FOR_ANOTHER: "Whoever asks acts for somebody else: there is a signed and dated consent for it (34 CFR"
    " 99.30), or there is nothing to hand out.",
    Warn.RIGHTS_MOVED: "The student is 18, or the birth date is not known, and it is not the student who asks: the"
    " rights are the student's from 18 on (34 CFR 99.5(a)).",
    Warn.PARTNER_TELLS: "The name of a recipient alone tells something: where a child sleeps, what it was treated for,"
    " who looks for it.",
    Warn.TELLS_HOMELESSNESS: "It says that the housing of the student was shared (42 U.S.C. 11432(g)(3)(G)).",
    Warn.TELLS_FOSTER_CARE: "It says that the student was with a child welfare agency (20 U.S.C. 1232g(b)(1)(L)).",
    Warn.TELLS_DISCIPLINE: "It says that discipline was shared: incidents name other children too (34 CFR 99.12(a)).",
    Warn.TELLS_JUSTICE: "It says that the student was with the juvenile justice system (34 CFR 99.38).",
    Warn.TELLS_THREAT: "It tells the threat of an emergency (34 CFR 99.32(a)(5)): see whether it is about who asks.",
}
_HOMELESSNESS: Final = "42 U.S.C. 11432(g)(3)(G)"
_FOSTER_CARE: Final = frozenset({"001929"})
_DISCIPLINE: Final = "discipline"
_TELLING: Final = re.compile(
    r"\b(shelter|refuge|safe ?house|transitional|clinic|hospital|health|counsel+ing|therapy|psychiatr\w*|rehab\w*"
    r"|substance|addiction|crisis|violence|victims?|abuse|immigra\w+|refugee|asylum|court|probation|juvenile|police"
    r"|sheriff|detention|prison|foster|child welfare|protective|homeless\w*|pregnan\w*|albergue|cl[ií]nica|refugio)\b",
    re.IGNORECASE,
)
"""Words of a name that tell where a child is, or why. No such list is whole: officers keep one of partners besides."""


def cautions_of(
    lines: Iterable[Line],
    asking: Asking | None,
    birthdate: date | None,
    today: date,
    *,
    telling: Mapping[str, Tells],
    catalogue: Catalogue,
    restricted: bool = False,
) -> tuple[Caution, ...]:
    """
    Return every caution about handing these lines to whoever asks; None: nobody has asked, an officer looks.

    `restricted` says that the rights of some parent of the student are restricted.
    """
    found: list[Caution] = []
    asked = None if asking is None else asking.asked.request
    if restricted or (asked is not None and asked.restricted):
        found.append(_caution(Warn.RIGHTS_RESTRICTED))
    if asked is not None and asked.capacity is Capacity.REPRESENTATIVE:
        found.append(_caution(Warn.ACTS_FOR_ANOTHER))
    if asked is not None and asked.capacity is not Capacity.ELIGIBLE_STUDENT and _may_be_18(birthdate, today):
        found.append(_caution(Warn.RIGHTS_MOVED))
    tells = _Tells(telling, catalogue)
    shown = list(lines)
    for code, does in tells.each:
        entries = tuple(line.occurrences[0].entry for line in shown if does(line.about))
        if entries:
            found.append(_caution(code, entries))
    return tuple(found)


class _Tells:
    """What one line tells, caution by caution."""

    def __init__(self, telling: Mapping[str, Tells], catalogue: Catalogue) -> None:
        self._telling = telling
        self._homelessness = frozenset(each.id for each in catalogue if each.gate == _HOMELESSNESS)
        # Schools and school years stand in every dataset, and tell nothing of discipline.
        self._discipline = frozenset(each.id for each in catalogue if each.datasets == (_DISCIPLINE,))
        self.each: tuple[tuple[Warn, Callable[[About], bool]], ...] = (
            (Warn.PARTNER_TELLS, self._partner),
            (Warn.TELLS_HOMELESSNESS, lambda about: self._holds(about, self._homelessness)),
            (
                Warn.TELLS_FOSTER_CARE,
                lambda about: about.basis == Basis.CHILD_WELFARE or self._holds(about, _FOSTER_CARE),
            ),
            (
                Warn.TELLS_DISCIPLINE,
                lambda about: about.dataset == _DISCIPLINE or self._holds(about, self._discipline),
            ),
            (Warn.TELLS_JUSTICE, lambda about: about.basis == Basis.JUVENILE_JUSTICE),
            (Warn.TELLS_THREAT, lambda about: about.threat is not None),
        )

    def _partner(self, about: About) -> bool:
        named = (*about.recipients, *(each.name for each in about.further))
        return about.partner in self._telling or any(_TELLING.search(each) for each in named)

    @staticmethod
    def _holds(about: About, elements: frozenset[str]) -> bool:
        return any(each.element in elements for each in about.elements)


def _may_be_18(birthdate: date | None, today: date) -> bool:
    """Return whether somebody is 18 or may be; who was born on 29 February, a day early rather than late."""
    if birthdate is None:
        return True
    try:
        day = birthdate.replace(year=birthdate.year + 18)
    except ValueError:
        day = date(birthdate.year + 18, 2, 28)
    return today >= day


def _caution(code: Warn, entries: tuple[int, ...] = ()) -> Caution:
    return Caution(code, SENTENCES[code], entries)


__all__ = ["Caution", "Warn", "cautions_of"]
