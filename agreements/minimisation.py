"""What the data section of an agreement may ask for: listed elements, fit transformations, statute gates (A7, M2)."""

from collections.abc import Iterator
from datetime import date

from agreements.canonical import Json
from agreements.dates import is_school_year, read_date, school_year_of
from agreements.elements import Catalogue, Element, Tier
from agreements.errors import Problem
from agreements.pointer import resolve, rows

STUDENT_NUMBER = "001071"
_NO_IDENTITY = ("de_identified", "de_identified_with_code")
_NUMBERLESS = (*_NO_IDENTITY, "directory_information")


def data_problems(content: Json, catalogue: Catalogue) -> Iterator[Problem]:
    """Yield what is wrong with the datasets, their elements and the identifiers."""
    basis = resolve(content, "/basis/type")
    last = read_date(resolve(content, "/term/last_day"))
    seen: set[Json] = set()
    for path, terms in rows(content, "/datasets"):
        dataset = terms.get("dataset")
        if isinstance(dataset, str) and dataset in seen:
            yield Problem(
                f"{path}/dataset", "format", "agreement format 1", f"The dataset '{dataset}' is listed twice."
            )
        if isinstance(dataset, str):
            seen.add(dataset)
        yield from _years(path, terms, last)
        listed: set[str] = set()
        for place, line in rows(content, f"{path}/elements"):
            element_id = line.get("element")
            if not isinstance(element_id, str) or element_id not in catalogue:
                continue  # the shape has named this problem
            element = catalogue.element(element_id)
            if element_id in listed:
                yield Problem(f"{place}/element", "A7", "agreement format 1", f"{_name(element)} is listed twice.")
            listed.add(element_id)
            if isinstance(dataset, str) and dataset not in element.datasets:
                known = ", ".join(element.datasets)
                sentence = f"{_name(element)} is not part of the dataset '{dataset}'; it is part of {known}."
                yield Problem(f"{place}/element", "A7", "element catalogue", sentence)
            yield from _line(place, line, element, basis)
    yield from _identifiers(content)


def _line(place: str, line: dict[str, Json], element: Element, basis: object) -> Iterator[Problem]:
    transformation = line.get("transformation")
    tier = element.tier_after(transformation) if isinstance(transformation, str) else element.tier
    if element.tier is Tier.NEVER:
        source = element.gate or "project rule M2"
        yield Problem(place, "M2", source, f"{_name(element)} is never released ({source}). Remove it.")
        return
    if isinstance(transformation, str) and transformation not in element.transformations:
        permitted = ", ".join(element.transformations)
        yield Problem(
            f"{place}/transformation", "M4", "element catalogue", f"{_name(element)} can be given as: {permitted}."
        )
    if tier is Tier.IDENTIFYING and basis in _NO_IDENTITY:
        yield Problem(place, "L1", "34 CFR 99.31(b)", f"{_name(element)} identifies a student. Remove it.")
    if tier.is_sensitive and isinstance(basis, str):
        yield from _gate(place, line, element, basis)


def _gate(place: str, line: dict[str, Json], element: Element, basis: object) -> Iterator[Problem]:
    source = element.gate or "project rule M2"
    if basis != "consent":
        sentence = f"{_name(element)} may only leave with consent ({source}); the basis '{basis}' does not unlock it."
        yield Problem(place, "M2", source, sentence)
    if "own_line" not in line:
        sentence = f"{_name(element)} is sensitive ({source}): add 'own_line: true' and a line in the consent form."
        yield Problem(f"{place}/own_line", "M2", source, sentence)


def _years(path: str, terms: dict[str, Json], last: date | None) -> Iterator[Problem]:
    years = terms.get("school_years")
    for index, year in enumerate(years if isinstance(years, list) else ()):
        if isinstance(year, str) and not is_school_year(year):
            sentence = "A school year is two years that follow each other, such as 2026-2027."
            yield Problem(f"{path}/school_years/{index}", "T2", "agreement format 1", sentence)
        elif isinstance(year, str) and last is not None and int(year[:4]) > school_year_of(last):
            sentence = f"The school year {year} begins after the term has ended."
            yield Problem(f"{path}/school_years/{index}", "T2", "34 CFR 99.35; project rule T2", sentence)


def _identifiers(content: Json) -> Iterator[Problem]:
    places = [
        place
        for path, _ in rows(content, "/datasets")
        for place, line in rows(content, f"{path}/elements")
        if line.get("element") == STUDENT_NUMBER
    ]
    named = resolve(content, "/identifiers") == "student_number"
    if named and not places and isinstance(resolve(content, "/datasets"), list):
        sentence = f"The student number identifies students here, but the element {STUDENT_NUMBER} is not listed."
        yield Problem("/identifiers", "R5", "project rule R5", sentence)
    if places and not named:
        sentence = "The student number is listed, but students are identified by record codes. Choose one."
        yield Problem(places[0], "R5", "project rule R5", sentence)
    basis = resolve(content, "/basis/type")
    if named and basis in _NUMBERLESS:
        sentence = f"The student number may not be used under the basis '{basis}'; use record codes."
        yield Problem("/identifiers", "R5", "34 CFR 99.3, 99.31(b)(2), 99.37(e)", sentence)


def _name(element: Element) -> str:
    return f"'{element.title}' ({element.id})"
