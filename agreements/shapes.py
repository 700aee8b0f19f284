"""
The shape of a signed document, as JSON Schema, and what is wrong with one, as sentences.

Every leaf of a shape says what carries it out (`x-carried-by`): a rule, the rows, a transformation, an obligation, a
notice, or the words alone. No object accepts members it does not name, so a signed document has no silent term.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import extend

from agreements.canonical import Json
from agreements.errors import Problem
from agreements.pointer import pointer

Shape = dict[str, Any]
CARRIERS = ("rule", "row", "transformation", "obligation", "notice", "words_only")

DIGEST = ("sha256:[0-9a-f]{64}", "sha256: and 64 hexadecimal digits")
THUMBPRINT = ("[A-Za-z0-9_-]{43}", "the 43 characters of a key's thumbprint (RFC 7638)")
CLIENT = (
    "client:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
    "client: and a version 4 UUID",
)
USER = (
    "user:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
    "user: and a version 4 UUID",
)
"""Somebody who signs in, by a random id: never a client's (RFC 9700 section 4.15), and nothing about the person."""
DATE = ("[0-9]{4}-[0-9]{2}-[0-9]{2}", "a date such as 2026-09-01")
SCHOOL_YEAR = ("[0-9]{4}-[0-9]{4}", "a school year such as 2026-2027")

_KINDS = {
    "string": "a text (put it in quotes)",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a group of named parts",
}


def leaf(carried: str, title: str, **keywords: Any) -> Shape:  # noqa: ANN401 -- JSON Schema keywords
    """Return a leaf. `carried` is one of `CARRIERS`; `title` is what a person calls it."""
    return {"title": title, "x-carried-by": carried, **keywords}


def text(carried: str, title: str, pattern: tuple[str, str] | None = None, limit: int = 4000) -> Shape:
    """Return a leaf holding text; `pattern` is a regular expression for all of it and what that looks like."""
    node = leaf(carried, title, type="string", minLength=1, maxLength=limit)
    if pattern is not None:
        node |= {"pattern": f"^(?:{pattern[0]})$", "x-looks-like": pattern[1]}
    return node


def choice(carried: str, title: str, *values: str, **extra: str) -> Shape:
    """Return a leaf holding one of `values`."""
    return leaf(carried, title, type="string", enum=list(values), **extra)


def group(title: str, required: Mapping[str, Shape], optional: Mapping[str, Shape] | None = None) -> Shape:
    """Return an object with exactly these members."""
    return {
        "title": title,
        "type": "object",
        "additionalProperties": False,
        "required": list(required),
        "properties": {**required, **(optional or {})},
    }


def listing(title: str, items: Shape, *, least: int = 1, most: int = 500, repeats: bool = False) -> Shape:
    """
    Return a list, whose items are all different unless it `repeats`: then its order says which is which.

    INVARIANT: an empty list is never valid unless `least` says so: empty would read as 'all'.
    """
    lengths = {"minItems": least, "maxItems": most, "uniqueItems": not repeats}
    return {"title": title, "type": "array", **lengths, "items": items}


def shape_problems(shape: Shape, content: Json) -> list[Problem]:
    """Return everything in which `content` departs from `shape`, the first problem of each place."""
    found: dict[str, Problem] = {}
    for error in _Validator(shape).iter_errors(content):
        for problem in _problems(error):
            found.setdefault(problem.path, problem)
    return list(found.values())


def carriers(shape: Shape, content: Json) -> Iterator[tuple[str, str]]:
    """Yield (pointer, carrier) for every leaf of `content`, which must have the `shape`, in its order."""
    return _carriers(shape, shape, content, ())


def words_only(shape: Shape, content: Json) -> tuple[str, ...]:
    """Return the pointers of all terms that nothing but the words carries, sorted: what an approval must list."""
    return tuple(sorted(path for path, carrier in carriers(shape, content) if carrier == "words_only"))


def title_at(shape: Shape, path: str) -> str:
    """Return what a person calls the place at the JSON pointer `path`, which a document of this shape can have."""
    node = shape
    for step in path.split("/")[1:]:
        node = node["items"] if "items" in node else node["properties"][step.replace("~1", "/").replace("~0", "~")]
    title: str = node["title"]
    return title


def _carriers(root: Shape, node: Shape, value: Json, path: tuple[str | int, ...]) -> Iterator[tuple[str, str]]:
    while "$ref" in node:
        node = root["$defs"][node["$ref"].removeprefix("#/$defs/")]
    if isinstance(value, dict):
        for name, member in value.items():
            yield from _carriers(root, node["properties"][name], member, (*path, name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _carriers(root, node["items"], item, (*path, index))
    else:
        yield pointer(*path), node["x-carried-by"]


def _fullmatch(_: Any, pattern: str, instance: Any, __: Any) -> Iterator[ValidationError]:  # noqa: ANN401 -- jsonschema
    """Match the whole text: Python's `$` would let a line feed at the end through."""
    if isinstance(instance, str) and not re.fullmatch(pattern[1:-1], instance):
        yield ValidationError("does not match")


def _unique(_: Any, asked: bool, instance: Any, __: Any) -> Iterator[ValidationError]:  # noqa: ANN401 -- jsonschema
    """Compare by what stands there: the library compares each item with each other, minutes for a hostile file."""
    if (
        asked
        and isinstance(instance, list)
        and len({json.dumps(item, sort_keys=True) for item in instance}) < len(instance)
    ):
        yield ValidationError("lists something twice")


_Validator: Callable[[Shape], Validator] = extend(  # type: ignore[no-untyped-call]  # untyped in the stubs
    Draft202012Validator, {"pattern": _fullmatch, "uniqueItems": _unique}
)


def _problems(error: ValidationError) -> Iterator[Problem]:
    path = tuple(error.absolute_path)
    node: Any = error.schema
    instance: Any = error.instance
    rule, source = node.get("x-rule", "format"), node.get("x-source", "agreement format 1")
    title = node.get("title", "This part")
    match error.validator:
        case "required":
            for name in [name for name in node["required"] if name not in instance]:
                member = node["properties"][name]
                yield Problem(
                    pointer(*path, name),
                    member.get("x-rule", rule),
                    member.get("x-source", source),
                    f"{member.get('title', name)} is missing: add '{name}'.",
                )
        case "additionalProperties":
            for name in [name for name in instance if name not in node["properties"]]:
                yield Problem(
                    pointer(*path, name),
                    node.get("x-unknown-rule", rule),
                    node.get("x-unknown-source", source),
                    f"'{name[:40]}' is not a part of '{title}'. Remove it or correct the spelling; "
                    f"the parts are: {', '.join(node['properties'])}.",
                )
        case keyword:
            yield Problem(pointer(*path), rule, source, f"{title} {_wrong(str(keyword), error.validator_value, node)}")


def _wrong(keyword: str, limit: Any, node: Shape) -> str:  # noqa: ANN401 -- the keyword's own value
    sentences: dict[str, Callable[[], str]] = {
        "type": lambda: f"must be {_KINDS[limit]}.",
        "enum": lambda: f"must be {node.get('x-choices', 'one of: ' + ', '.join(map(str, limit)))}.",
        "const": lambda: f"must be {str(limit).lower() if isinstance(limit, bool) else limit}.",
        "pattern": lambda: f"must be {node['x-looks-like']}.",
        "minLength": lambda: "is empty.",
        "maxLength": lambda: f"is longer than {limit} characters.",
        "minItems": lambda: "is an empty list; list at least one. An empty list never means 'all'.",
        "maxItems": lambda: f"lists more than {limit}.",
        "uniqueItems": lambda: "lists the same thing twice.",
        "minimum": lambda: f"must be at least {limit}.",
        "maximum": lambda: f"must be at most {limit}.",
        "minProperties": lambda: "must hold exactly one condition.",
        "maxProperties": lambda: "must hold exactly one condition.",
    }
    return sentences[keyword]()
