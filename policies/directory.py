"""
What the district designated as directory information by public notice, and to whom it limits it (34 CFR 99.37).

An agreement quotes the notice; this is the notice itself. INVARIANT: no agreement widens it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from agreements.basis import ANY_PARTY, DIRECTORY
from agreements.dates import is_school_year
from agreements.terms import Party
from policies.members import require_members, texts

CLAUSE: Final = "guardrails:/directory"
REASONS: Final[Mapping[str, str]] = {
    f"{CLAUSE}/elements": "The district's notice does not designate it as directory information (34 CFR 99.37(a)(1)).",
    f"{CLAUSE}/limited_parties": "The district's notice limits directory information to other parties"
    " (34 CFR 99.37(d)).",
    f"{CLAUSE}/school_years": "The district gave no notice of directory information for this school year"
    " (34 CFR 99.37(a)).",
    f"{CLAUSE}/population": "Who is covered depends on something that is not directory information (34 CFR 99.37(e)).",
}
"""Clause -> why the denial stands, for people."""


@dataclass(frozen=True, slots=True)
class Directory:
    """The designation: the notice, its school years (`2026-2027`), the elements, and the parties it is limited to."""

    notice: str
    school_years: tuple[str, ...]
    elements: frozenset[str]
    limited_parties: frozenset[str]

    def admits(self, partner: Party) -> bool:
        """Return whether the notice lets directory information go to this partner."""
        return bool(self.limited_parties & {ANY_PARTY, partner.id, partner.kind})


def read_directory(table: Mapping[str, Any]) -> Directory:
    """
    Read `[directory]`.

    Raises `ValueError` for an element that cannot be directory information (34 CFR 99.3: the Social Security number
    never, the student number not as it is used here), for a part without its notice, or for parties beside "any party".
    """
    require_members(table, {"notice", "school_years", "elements", "limited_parties"})
    notice, years = table["notice"], texts(table["school_years"])
    elements, parties = texts(table["elements"]), texts(table["limited_parties"])
    if not isinstance(notice, str) or any((years, elements, parties)) != bool(notice):
        raise ValueError("a designation of directory information has a notice, and a notice designates something")
    if not all(is_school_year(year) for year in years):
        raise ValueError("a school year is two years that follow each other, such as 2026-2027")
    if foreign := sorted(set(elements) - set(DIRECTORY)):
        raise ValueError(f"{', '.join(foreign)} cannot be directory information")
    if ANY_PARTY in parties and len(parties) > 1:
        raise ValueError(f"'{ANY_PARTY}' stands alone")
    return Directory(notice, tuple(sorted(years)), frozenset(elements), frozenset(parties))
