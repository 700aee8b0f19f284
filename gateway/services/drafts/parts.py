"""What a person has to say for each legal basis, and what was said in the form of the document."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agreements.basis import REQUIRED, Basis, Part
from agreements.canonical import Json
from agreements.elements import Catalogue
from agreements.schema import agreement_schema
from agreements.shapes import Shape


@dataclass(frozen=True, slots=True)
class Asked:
    """One thing to say for a basis: the name of its part (`group.member` within a group), in words, and its source."""

    name: str
    title: str
    source: str
    choices: tuple[str, ...] = ()
    several: bool = False

    @property
    def question(self) -> str:
        """The question, with what can be answered and the law that asks."""
        return f"{self.title} ({'; '.join([*([', '.join(self.choices)] if self.choices else []), self.source])})"


def asked_parts(basis: Basis, catalogue: Catalogue) -> tuple[Asked, ...]:
    """
    Return what a person has to say for `basis`, in the order of the law.

    A part with one possible text is how the gateway works, and is not asked; a fact, such as that a study is for the
    district, is, although it has one possible value.
    """
    return tuple(each for part in REQUIRED[basis] for each in _asked(part, catalogue))


def parts_said(
    basis: Basis, said: Mapping[str, Sequence[str]], school_years: Sequence[str], catalogue: Catalogue
) -> dict[str, Json]:
    """Return what was `said`, by the names of `asked_parts`, in the form the format wants."""
    shapes = _basis_shapes(catalogue)
    found: dict[str, Any] = {}
    for part in REQUIRED[basis]:
        name = part.path.rpartition("/")[2]
        if part.path == f"/basis/{name}" and isinstance(shapes[name].get("const"), str):
            found[name] = shapes[name]["const"]
    for asked in asked_parts(basis, catalogue):
        values = [value for value in said.get(asked.name, ()) if value]
        name, _, member = asked.name.partition(".")
        if not values:
            continue
        if member:
            found.setdefault(name, {})[member] = values[0]
        elif name == "annual_notice_ref":
            years = enumerate(school_years)
            found[name] = [{"school_year": year, "reference": values[min(k, len(values) - 1)]} for k, year in years]
        elif asked.several:
            found[name] = values
        else:
            found[name] = True if (asked.choices, values[0]) == (("true",), "true") else values[0]
    return found


def _asked(part: Part, catalogue: Catalogue) -> Iterator[Asked]:
    root, _, name = part.path.removeprefix("/").partition("/")
    if root != "basis":
        return
    shape = _basis_shapes(catalogue)[name]
    members = shape.get("properties")
    if members is not None:
        for inner, node in members.items():
            yield Asked(f"{name}.{inner}", node["title"], part.source, choices=tuple(node.get("enum", ())))
    elif not isinstance(shape.get("const"), str):
        choices = ("true",) if "const" in shape else tuple(shape.get("enum", ()))
        yield Asked(name, part.title, part.source, choices=choices, several=shape.get("type") == "array")


def _basis_shapes(catalogue: Catalogue) -> Mapping[str, Shape]:
    shapes: Mapping[str, Shape] = agreement_schema(catalogue)["properties"]["basis"]["properties"]
    return shapes
