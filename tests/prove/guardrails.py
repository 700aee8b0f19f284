"""
The district's guardrails as the readings of documents see them: the data of the file, never `policies.guardrails`.

    closed(content) -> the elements that the district withholds under the document with this content
    noticed(content) -> the days on which it lets anything go under it; None if always
"""

import tomllib
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any, Final

_BEHIND: Final = {"school_identifier": "001069", "grade_level": "000100", "program_type": "000225"}
"""The element behind each column that a population can look at."""


_NO_NOTICE: Final = """
notice = ""
school_years = []
elements = []
limited_parties = []
"""
_NOTICE: Final = """
notice = "Annual notice of August 2026, section 4"
school_years = ["2026-2027", "2027-2028"]
elements = ["000115", "000172", "001069"]
limited_parties = ["partner:bright-path"]
"""


@cache
def guardrails_text() -> str:
    """Return the file; where it has no notice of directory information, with one: nothing could be given without."""
    return files("policies").joinpath("guardrails.toml").read_text("utf-8").replace(_NO_NOTICE, _NOTICE)


@cache
def guardrails() -> Mapping[str, Any]:
    """Return what the file says."""
    return tomllib.loads(guardrails_text())


def never_shared() -> frozenset[str]:
    """Return the elements that are never shared."""
    return frozenset(row["element"] for row in guardrails()["never"])


def gated() -> Mapping[str, frozenset[str]]:
    """Return the elements that a statute guards, each with the legal bases that open it."""
    return {element: frozenset(row["bases"]) for row in guardrails()["gates"] for element in row["elements"]}


def closed(content: Mapping[str, Any]) -> frozenset[str]:
    """Return all elements that are withheld under this document."""
    shut = {element for element, bases in gated().items() if content["basis"]["type"] not in bases}
    return never_shared() | shut | undesignated(content)


def undesignated(content: Mapping[str, Any]) -> frozenset[str]:
    """Return what the document names as directory information and the district's notice does not (34 CFR 99.37)."""
    if (notice := _notice_for(content)) is None:
        return frozenset()
    listed = {line["element"] for row in content["datasets"] for line in row["elements"]}
    return frozenset(listed - {*notice["elements"]})


def noticed(content: Mapping[str, Any]) -> tuple[tuple[date, date], ...] | None:
    """Return the first and last days on which directory information may go to this partner; None on another basis."""
    if (notice := _notice_for(content)) is None:
        return None
    partner = content["partner"]
    to_whom = {"any party", partner["id"], partner["type"]} & {*notice["limited_parties"]}
    if not to_whom or not {*_columns(content["population"])} <= {*notice["elements"]}:
        return ()
    years = [int(year[:4]) for year in notice["school_years"]]
    return tuple((date(year, 7, 1), date(year + 1, 6, 30)) for year in years)


def _notice_for(content: Mapping[str, Any]) -> Mapping[str, Any] | None:
    if content["basis"]["type"] != "directory_information":
        return None
    found: Mapping[str, Any] | None = guardrails().get("directory")
    return found


def _columns(population: Any) -> Iterator[str]:
    """Yield the elements that decide who is covered."""
    if isinstance(population, list):
        for part in population:
            yield from _columns(part)
    elif isinstance(population, dict):
        if "column" in population:
            yield _BEHIND[population["column"]]
        for part in population.values():
            yield from _columns(part)
