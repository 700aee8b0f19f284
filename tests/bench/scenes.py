"""
What is shared when a bench runs: under which agreement, with whom, by which files of the district's export.

`STUDENTS` is the page that the bench of the whole gateway asks for. `DATASETS` is everything that the application
serves, under the agreement that checks most of a row: consent, the partner's list, and schools.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final

from agreements.elements import Tier, Transformation, load_catalogue
from gateway.api.cursor import Cursors
from gateway.api.datasets import datasets_router
from gateway.demo.cast import script
from gateway.demo.district import District
from gateway.demo.district.families import WHO, WHY
from gateway.demo.district.lists import ConsentRow, RosterRow
from gateway.records.meanings import MAX_ELEMENTS

FIELDS: Final = MappingProxyType(
    {
        "first_name": "000115",
        "last_name": "000172",
        "birthdate": "000033",
        "school_identifier": "001069",
        "school_year": "000243",
        "sex": "000255",
        "grade_level": "000100",
        "entry_date": "000097",
        "enrollment_status": "000094",
        "gpa_cumulative": "000128",
        "credits_earned_cumulative": "000074",
        "projected_graduation_year": "000226",
    }
)
"""The twelve elements of a student, by wire name and in the order they are answered; the birthdate leaves as a year."""
ELEMENTS: Final = 12
"""How many elements of a dataset are shared at most."""
_FACTS = ("schools", "terms", "students", "enrollments", "academic_summary")
_OUTCOMES = ("course_grades", "attendance", "assessments", "discipline", "programs")
_COUNSEL = "What a form must say, word for word"
_DIGEST = f"sha256:{'e' * 64}"


@dataclass(frozen=True, slots=True)
class Scene:
    """`partner` is the short name in the district's lists; `loads` are mapping files of the demo, in their order."""

    example: str
    purpose: str
    """The purpose that the example states."""
    partner: str
    loads: tuple[str, ...]
    datasets: Callable[[], Mapping[str, Mapping[str, str]]]
    """Each dataset's elements by wire name."""
    population: Callable[[District], dict[str, Any]]
    listing: Callable[[District], District]

    def content(self, district: District, school_year: str) -> dict[str, Any]:
        """Return the agreement to be signed."""
        content = script(self.example, school_year)
        content["datasets"] = [
            {
                "dataset": dataset,
                "school_years": [school_year],
                "elements": [_term(element) for element in elements.values()],
            }
            for dataset, elements in self.datasets().items()
        ]
        content["population"] = self.population(district)
        return content


def served() -> Mapping[str, str]:
    """
    Return the path of each dataset that the application serves as pages.

    The paths are the application's own, so that a dataset that is new is measured without being named here.
    """
    known = {dataset for element in load_catalogue() for dataset in element.datasets}
    paths = [str(getattr(route, "path", "")) for route in datasets_router(Cursors(bytes(32))).routes]
    named = {path.removeprefix("/v1/").replace("/", "_").replace("-", "_"): path for path in paths}
    return {dataset: path for dataset, path in named.items() if dataset in known}


def shared() -> Mapping[str, Mapping[str, str]]:
    """
    Return what is shared of each dataset that is served, by wire name: as much as one consent can be asked for.

    Of `students` the twelve of the page, of the others the first ones of the catalogue that may ever leave.
    """
    for most in range(ELEMENTS, 0, -1):
        chosen = {dataset: _first(dataset, most) for dataset in served()}
        if len({element for elements in chosen.values() for element in elements.values()}) <= MAX_ELEMENTS:
            return chosen
    raise ValueError("more datasets are served than one consent can name")


def _first(dataset: str, most: int) -> Mapping[str, str]:
    if dataset == "students":
        return FIELDS
    own = [each for each in load_catalogue().in_dataset(dataset) if each.tier is not Tier.NEVER]
    return {each.name: each.id for each in own[:most]}


def _term(element: str) -> dict[str, Any]:
    """Return the line of an element; one that is sensitive has a line of its own in the consent form too."""
    known = load_catalogue().element(element)
    exactly = Transformation.EXACT in known.transformations
    way = Transformation.EXACT if exactly else known.transformations[0]
    if known.name == "birthdate":
        way = Transformation.YEAR
    term: dict[str, Any] = {"element": element, "transformation": way.value}
    return term | {"own_line": True} if known.tier.is_sensitive else term


def _half(district: District) -> District:
    """Half of the students on the partner's list, and no files but those the page reads."""
    listed = _listed(district, "harbor-mentors")[::2]
    return replace(district, harbor=listed, attendance=(), course_grades=(), assessments=(), discipline=())


def _everybody(district: District) -> District:
    """Everybody on the partner's list, with a parent's consent to everything."""
    days = district.calendar
    consents = tuple(
        ConsentRow(
            each.student_number,
            agreement="bright-path",
            signer_relation="parent",
            elements="all",
            signed_on=days.first_day,
            valid_from=days.first_day,
            valid_to=days.closes_on,
            withdrawn_on=None,
            what=_COUNSEL,
            who=WHO,
            why=WHY,
            what_will_be_done=_COUNSEL,
            signer="Somebody",
            form="paper",
            evidence=_DIGEST,
            authenticated_by=None,
            approved_by=None,
            notice=_DIGEST,
            notice_language="en",
        )
        for each in district.students
    )
    return replace(district, bright_path=_listed(district, "bright-path"), consents=consents)


def _listed(district: District, partner: str) -> tuple[RosterRow, ...]:
    days = district.calendar
    return tuple(
        RosterRow(each.student_number, partner, "all schools", days.first_day, days.last_day)
        for each in district.students
    )


def _on_list_at_schools(district: District) -> dict[str, Any]:
    schools = sorted(each.school_id for each in district.schools)
    return {"all": [{"roster": True}, {"in": {"column": "school_identifier", "values": schools}}]}


STUDENTS = Scene(
    example="sps-b-mentoring-school-official.yaml",
    purpose="mentoring",
    partner="harbor-mentors",
    loads=(*_FACTS, "roster_harbor"),
    datasets=lambda: {"students": FIELDS},
    population=lambda _: {"roster": True},
    listing=_half,
)
DATASETS = Scene(
    example="sps-a-tutoring-consent.yaml",
    purpose="tutoring",
    partner="bright-path",
    loads=(*_FACTS, *_OUTCOMES, "roster_bright-path", "consents"),
    datasets=shared,
    population=_on_list_at_schools,
    listing=_everybody,
)
