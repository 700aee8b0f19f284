"""
The steps in which an agreement is written, each a page: which fields it has for this basis, and which problems are its.

The basis decides what is asked. Every place of the format belongs to one step, so that every problem has a page.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from agreements.basis import PARTNERS, PUBLIC_AGENCY, Basis
from agreements.elements import Catalogue
from agreements.errors import Problem
from agreements.pointer import resolve
from agreements.purpose import PURPOSES
from agreements.schema import CADENCES, IDENTIFIERS, PARTNER_TYPES
from gateway.console.drafting import words
from gateway.console.drafting.fields import Content, Field, Look
from gateway.pages.languages import message
from gateway.services.drafts.drafting import purposes_for
from gateway.services.drafts.offering import Offered
from gateway.services.drafts.parts import Asked, asked_parts

_DESTRUCTION: Final = "/obligations/destruction"


@dataclass(frozen=True, slots=True)
class Step:
    """One page: its name in the address, its title (a message), its fields, and the places that it answers for."""

    name: str
    title: str
    owns: tuple[str, ...]
    fields: Callable[[Content, Catalogue, Offered], tuple[Field, ...]] = lambda *_: ()
    asked: Callable[[Content], bool] = field(default=lambda _: True)


def basis_of(content: Content) -> Basis | None:
    """Return the basis that a draft names, None if it names none that there is."""
    named = resolve(content, "/basis/type")
    return Basis(named) if isinstance(named, str) and named in set(Basis) else None


def _purpose(content: Content, _: Catalogue, __: Offered) -> tuple[Field, ...]:
    basis = basis_of(content)
    codes = PURPOSES if basis is None else purposes_for(basis)
    return (
        Field(
            "/basis/type",
            message("Legal basis"),
            Look.CHOICE,
            words.choices(words.BASES, words.BASES),
            message("It decides everything else that is asked. What belongs to another basis is left out by a change."),
            "34 CFR 99.30(a), 99.31(a)",
        ),
        Field(
            "/purpose/code",
            message("Purpose"),
            Look.CHOICE,
            words.choices(codes, words.PURPOSES),
            message("Requests declare this purpose, and the records serve no other."),
            "34 CFR 99.33(a)(2)",
        ),
        Field("/purpose/words", message("The purpose in words"), Look.TEXT),
    )


def _parties(content: Content, _: Catalogue, offered: Offered) -> tuple[Field, ...]:
    basis = basis_of(content)
    kinds = PARTNERS[basis][0] if basis is not None and basis in PARTNERS else PARTNER_TYPES
    return (
        Field("/partner/name", message("The partner's name")),
        Field(
            "/partner/id",
            message("The partner's id"),
            hint=message("partner: and a short name in small letters. A known partner keeps its id."),
            known=offered.partners,
            offered=offered.partner_id,
        ),
        Field("/partner/type", message("Kind of partner"), Look.CHOICE, words.choices(kinds, words.PARTNER_TYPES)),
        Field("/district/name", message("The district's name")),
        Field("/district/id", message("The district's id"), hint=message("district: and a short name.")),
        Field("/title", message("Title"), offered=offered.title),
        Field(
            "/id",
            message("Id of the agreement"),
            hint=message("Every later version keeps it, and with it rosters, consents and record codes."),
            offered=offered.id,
        ),
        Field(
            "/master",
            message("Digest of the master that it narrows"),
            hint=message("Only if it narrows a framework. It may only narrow."),
            known=offered.masters,
        ),
        Field("/framework", message("It is a framework, which grants nothing by itself"), Look.TICK),
    )


def _basis(content: Content, catalogue: Catalogue, _: Offered) -> tuple[Field, ...]:
    basis = basis_of(content)
    return () if basis is None else tuple(_part(each) for each in asked_parts(basis, catalogue))


def _part(asked: Asked) -> Field:
    path = "/basis/" + asked.name.replace(".", "/")
    if asked.name == "annual_notice_ref":
        members = (
            ("school_year", message("School year")),
            ("reference", message("Where the notice is found")),
        )
        return Field(path, asked.title, Look.ROWS, source=asked.source, members=members)
    if asked.choices == ("true",):
        return Field(path, asked.title, Look.TICK, source=asked.source)
    if asked.choices:
        return Field(path, asked.title, Look.CHOICE, words.choices(asked.choices, words.OTHERS), source=asked.source)
    if asked.several:
        return Field(path, asked.title, Look.LINES, hint=message("One a line."), source=asked.source)
    look = Look.DAY if asked.name.endswith("_on") else Look.TEXT
    return Field(path, asked.title, look, source=asked.source)


def _term(_: Content, __: Catalogue, offered: Offered) -> tuple[Field, ...]:
    return (
        Field("/term/first_day", message("First day"), Look.DAY, offered=offered.first_day),
        Field(
            "/term/last_day",
            message("Last day, included"),
            Look.DAY,
            offered=offered.last_day,
            source="34 CFR 99.31(a)(6)(iii)(C)(1)",
        ),
        Field(
            "/term/time_zone",
            message("Time zone"),
            hint=message("Such as America/Los_Angeles."),
            offered=offered.time_zone,
        ),
        Field(
            "/cadence",
            message("How often derived values move"),
            Look.CHOICE,
            words.choices(CADENCES, words.CADENCES),
            message("Slower tells less."),
        ),
        Field(
            "/identifiers",
            message("How the partner tells students apart"),
            Look.CHOICE,
            words.choices(IDENTIFIERS, words.IDENTIFIERS),
            message("The district's number lets partners join their records."),
            "34 CFR 99.31(b)(2)",
        ),
    )


def _obligations(_: Content, __: Catalogue, ___: Offered) -> tuple[Field, ...]:
    whole = "34 CFR 99.31(a)(6)(iii)(C)(4), 99.35(a)(3)(iii)-(iv)"
    return (
        Field(
            "/subrecipients",
            message("Who may receive the records from the partner"),
            Look.ROWS,
            hint=message("Nobody else receives them. Leave it empty, and nobody does."),
            source="34 CFR 99.32(b), 99.33(b)",
            members=(("name", message("Name")), ("interest", message("Why they need them"))),
        ),
        Field(
            "/obligations/redisclosure/notice",
            message("What the partner is told with every answer"),
            Look.TEXT,
            source="34 CFR 99.33(a), (d)",
        ),
        Field(
            f"{_DESTRUCTION}/destroy_when",
            message("When records are destroyed"),
            Look.CHOICE,
            words.choices(words.DESTROYED, words.DESTROYED),
            source=whole,
        ),
        Field(f"{_DESTRUCTION}/destruction_period_days", message("Within how many days"), Look.NUMBER, source=whole),
        Field(
            "/obligations/breach_notice_hours",
            message("Hours until the district is told of a breach"),
            Look.NUMBER,
            source="RCW 42.56.590",
        ),
        Field(
            "/obligations/security",
            message("What the partner does to keep the records safe"),
            Look.LINES,
            hint=message("One a line. Only these words carry it."),
        ),
    )


def _agency(_: Content, __: Catalogue, ___: Offered) -> tuple[Field, ...]:
    return tuple(Field(part.path, part.title, Look.TEXT, source=part.source) for part in PUBLIC_AGENCY)


def _people(_: Content, __: Catalogue, offered: Offered) -> tuple[Field, ...]:
    return (
        Field(
            "/people/drafted_by",
            message("The key of whoever drafts"),
            hint=message("That officer does not approve it. Paste the public key file, or the key's thumbprint."),
            offered=offered.drafter,
            reads_file="text",
        ),
        Field(
            "/people_behind",
            message("A named person behind each call"),
            Look.CHOICE,
            words.choices(words.BEHIND, words.BEHIND),
            source="34 CFR 99.33(a)(2)",
        ),
        Field(
            "/compatibility/bearer",
            message("Programs that know only a secret are let in"),
            Look.TICK,
            hint=message("Whoever steals such a secret can use it from the partner's addresses."),
        ),
        Field("/compatibility/because", message("Why no better program can be used"), Look.TEXT),
        Field("/compatibility/last_day", message("The last day on which they are let in"), Look.DAY),
    )


def _paper(_: Content, __: Catalogue, ___: Offered) -> tuple[Field, ...]:
    return (
        Field("/executed_pdf/title", message("Title of the paper that both parties executed")),
        Field(
            "/executed_pdf/sha256",
            message("Digest of that file"),
            hint=message("sha256: and 64 hexadecimal digits. The file itself stays where it is."),
            reads_file="digest",
        ),
    )


STEPS: Final = (
    Step("purpose", message("Basis and purpose"), ("/basis/type", "/purpose"), _purpose),
    Step("parties", message("Parties and title"), ("/partner", "/district", "/title", "/id", "/master", ""), _parties),
    Step("basis", message("What the basis requires"), ("/basis",), _basis),
    Step("data", message("Data"), ("/datasets",)),
    Step("population", message("Students"), ("/population",)),
    Step("term", message("Term and form"), ("/term", "/cadence", "/identifiers"), _term),
    Step("obligations", message("Obligations"), ("/obligations", "/subrecipients"), _obligations),
    Step(
        "agency",
        message("Public agency"),
        ("/public_agency",),
        _agency,
        lambda content: resolve(content, "/partner/type") == "public_agency",
    ),
    Step("people", message("People"), ("/people", "/people_behind", "/compatibility"), _people),
    Step("paper", message("Executed paper"), ("/executed_pdf",), _paper),
)
BY_NAME: Final[Mapping[str, Step]] = {step.name: step for step in STEPS}


def steps_of(content: Content) -> tuple[Step, ...]:
    """Return the steps that a draft has."""
    return tuple(step for step in STEPS if step.asked(content))


def by_step(problems: Iterable[Problem]) -> dict[str, list[Problem]]:
    """Return the problems of each step: the step that answers for the longest part of the place has it."""
    found: dict[str, list[Problem]] = {step.name: [] for step in STEPS}
    for problem in problems:
        found[_step_for(problem.path).name].append(problem)
    return found


def by_field(problems: Iterable[Problem], fields: tuple[Field, ...]) -> tuple[dict[str, list[Problem]], list[Problem]]:
    """Return the problems at each field, by its path, and those that stand at none of them."""
    found: dict[str, list[Problem]] = {}
    rest: list[Problem] = []
    for problem in problems:
        inside = [field for field in fields if _within(problem.path, field.path)]
        around = [field for field in fields if _within(field.path, problem.path)]
        if inside:
            found.setdefault(max(inside, key=lambda each: len(each.path)).path, []).append(problem)
        elif around:
            found.setdefault(around[0].path, []).append(problem)
        else:
            rest.append(problem)
    return found, rest


def _step_for(path: str) -> Step:
    owners = [(len(place), step) for step in STEPS for place in step.owns if _within(path, place)]
    return max(owners, key=lambda owner: owner[0])[1]


def _within(path: str, place: str) -> bool:
    return path == place or path.startswith(f"{place}/")
