"""
The form of a policy test: read whole and strictly, so that a misspelt word never makes a test that tests nothing.

`docs/policies.md` shows it to people.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

import msgspec
import yaml
from msgspec import Meta, Struct

from agreements.authored import read_authored
from agreements.errors import MalformedDocument
from policies.errors import MalformedExpectations

Text = Annotated[str, Meta(min_length=1, max_length=200)]
_STEPS: Final = 64
"""Longer paths than any place in this form has."""


class Stay(Struct, frozen=True, forbid_unknown_fields=True):
    """One enrollment of the student; what is left out is unknown."""

    school: Text | None = None
    grade: Text | None = None


class Student(Struct, frozen=True, forbid_unknown_fields=True):
    """A made-up student on the day: what is left out is not so. `consent` lists wire names of the dataset, or `all`."""

    enrollments: tuple[Stay, ...] = ()
    programs: tuple[Text | None, ...] = ()
    roster: bool = False
    placed: bool = False
    consent: tuple[Text, ...] | Literal["all"] = ()
    opted_out: tuple[Literal["sharing", "directory"], ...] = ()
    withheld: bool = False


class Given(Struct, frozen=True, forbid_unknown_fields=True):
    """
    What a request is, and in what world; an expectation's own words go before those of its file.

    Left out: the purpose that was signed, everything granted, noon of the first day, a client that is bound to the
    agreement and for whom somebody answers, no stop.
    """

    dataset: Text | None = None
    purpose: Text | None = None
    elements: tuple[Text, ...] | None = None
    filters: dict[Text, str] | None = None
    sort: Text | None = None
    at: Text | None = None
    client: Literal["bound", "unbound"] | None = None
    answered: bool | None = None
    stopped: tuple[Literal["client", "partner", "agreement"], ...] | None = None
    student: Student | None = None

    def over(self, other: "Given") -> "Given":
        """Return `other` with what is said here in its place."""
        said = {name: value for name in self.__struct_fields__ if (value := getattr(self, name)) is not None}
        return msgspec.structs.replace(other, **said)


class Expect(Struct, frozen=True, forbid_unknown_fields=True):
    """
    One of three: `denied` with a code, `permit` with each field and its transformation, or whether the `row` leaves.

    `clause` and `elements` go with `denied`; `values`, the wire names that leave with a value, with `row: true`;
    `because`, a ground or the pointer of a condition, with `row: false`.
    """

    denied: Text | None = None
    clause: Text | None = None
    elements: tuple[Text, ...] | None = None
    permit: dict[Text, Text] | None = None
    row: bool | None = None
    values: tuple[Text, ...] | None = None
    because: Text | None = None


class Expectation(Struct, frozen=True, forbid_unknown_fields=True):
    """One case, and the sentence that a person reads of it."""

    name: Text
    expect: Expect
    given: Given = Given()


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    """One file as it is written."""

    format: Literal["pactgate-policy-test/1"]
    agreement: Text
    expectations: Annotated[tuple[Expectation, ...], Meta(min_length=1, max_length=1000)]
    given: Given = Given()


@dataclass(frozen=True, slots=True)
class Case:
    """One expectation with all that is given, and the line of its file on which it begins."""

    name: str
    line: int
    given: Given
    expect: Expect


@dataclass(frozen=True, slots=True)
class PolicyTest:
    """One file: the path of its agreement, from the file's own folder, and at least one case."""

    agreement: str
    cases: tuple[Case, ...]


_WITH: Final = {"clause": "denied", "elements": "denied", "values": "row", "because": "row"}


def read_policy_test(raw: bytes) -> PolicyTest:
    """Read one file. Raises `MalformedExpectations`, naming the line."""
    try:
        file = msgspec.convert(read_authored(raw), _File)
    except MalformedDocument as error:
        raise MalformedExpectations(str(error)) from None
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `$")
        line = _line(raw, tuple(_steps(path.removesuffix("`"), message)))
        raise MalformedExpectations(f"Line {line}: {message}.") from None
    cases: list[Case] = []
    for place, each in enumerate(file.expectations):
        line = _line(raw, ("expectations", place))
        if each.name in {case.name for case in cases}:
            raise MalformedExpectations(f"Line {line}: another expectation has this name.")
        _require_sound(each, file.given, line)
        cases.append(Case(each.name, line, each.given.over(file.given), each.expect))
    return PolicyTest(file.agreement, tuple(cases))


def _require_sound(case: Expectation, common: Given, line: int) -> None:
    """Check that a case expects one thing, says what is needed for it, and nothing that would not be looked at."""
    expected, given = case.expect, case.given.over(common)
    chosen = [name for name in ("denied", "permit", "row") if getattr(expected, name) is not None]
    if len(chosen) != 1:
        raise MalformedExpectations(f"Line {line}: expect one of `denied`, `permit` and `row`.")
    for name, needs in _WITH.items():
        if getattr(expected, name) is not None and chosen != [needs]:
            raise MalformedExpectations(f"Line {line}: `{name}` goes with `{needs}`.")
    if (expected.because is not None and expected.row) or (expected.values is not None and not expected.row):
        raise MalformedExpectations(f"Line {line}: `values` goes with `row: true`, `because` with `row: false`.")
    if given.dataset is None:
        raise MalformedExpectations(f"Line {line}: say the `dataset`.")
    if expected.row is not None and given.student is None:
        raise MalformedExpectations(f"Line {line}: whether a `row` leaves depends on the `student`.")
    if expected.row is None and case.given.student is not None:
        raise MalformedExpectations(f"Line {line}: a `student` is looked at only where a `row` is expected.")


def _steps(path: str, message: str) -> Iterator[str | int]:
    """Yield the steps of a place as msgspec writes it (`.given.at`, `[0]`), with the word it does not know."""
    for step in path.replace("[", ".[").split(".")[1:_STEPS]:
        inner = step.strip("[]")
        yield int(inner) if step.startswith("[") and inner.isdecimal() else inner
    if "unknown field" in message:
        yield message.rpartition("field `")[2].rstrip("`")


def _line(raw: bytes, steps: Sequence[str | int]) -> int:
    """Return the line on which a place begins; that of the nearest place around it if it is not there."""
    node: Any = yaml.compose(raw, Loader=yaml.SafeLoader)
    line = node.start_mark.line
    for step in steps:
        pairs = node.value if isinstance(node, yaml.MappingNode) else enumerate(node.value)
        found = [(key, value) for key, value in pairs if (key if isinstance(key, int) else key.value) == step]
        if not found:
            break
        key, node = found[0]
        line = (node if isinstance(key, int) else key).start_mark.line
    return int(line) + 1
