"""
What people write: YAML (or JSON) files, read into the same plain values as JSON.

YAML is read from the parser's events, not through a loader: there are no tags to construct, no aliases to expand, and a
bare word that YAML 1.1 and 1.2 read differently (`no`, `010`, `1_000`) is refused with the advice to quote it.
"""

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from agreements.canonical import MAX_DEPTH, Json, decode, integer, read_json, require_plain_text
from agreements.errors import MalformedDocument

_EVENTS: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml where the wheel has it: 20 times faster
_KNOWN_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None}
_INTEGER = re.compile(r"(0|-?[1-9][0-9]*)\Z")
_AMBIGUOUS = re.compile(
    r"""(?: ~ | [Yy]|[Nn] | [Yy]es|YES | [Nn]o|NO | [Oo]n|ON | [Oo]ff|OFF | True|TRUE|False|FALSE|Null|NULL
        | [-+]?[0-9][0-9_]*            # 010, 1_000, +5
        | [-+]?0[xob][0-9A-Fa-f_]+
        | [-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?
        | [-+]?(?:[0-9][0-9_]*)?\.?[0-9_]+(?:[eE][-+]?[0-9]+)?
        | [-+]?[0-9][0-9_]*\.(?:[eE][-+]?[0-9]+)?
        | [-+]?\.(?:inf|Inf|INF) | \.(?:nan|NaN|NAN) )\Z""",
    re.VERBOSE,
)


def read_authored(raw: bytes | str) -> Json:
    """Read a file a person wrote: JSON if it starts with a brace, YAML otherwise. Raises `MalformedDocument`."""
    text = decode(raw)
    return read_json(text) if text.lstrip().startswith("{") else read_yaml(text)


def read_yaml(raw: bytes | str) -> Json:
    """
    Read one YAML document holding plain mappings, lists, texts, integers and booleans. Dates stay text.

    Raises `MalformedDocument` on tags, anchors, aliases, directives, repeated names, a second document.
    """
    text = decode(raw)
    building = _Building()
    try:
        for event in yaml.parse(text, Loader=_EVENTS):
            building.take(event)
    except (yaml.YAMLError, UnicodeEncodeError) as error:
        where = getattr(error, "problem_mark", None)
        place = f" at line {where.line + 1}" if where is not None else ""
        raise MalformedDocument(f"This is not YAML{place}.") from None
    if not building.finished:
        raise MalformedDocument("The file is empty.")
    value = building.finished[0]
    require_plain_text(value)
    return value


@dataclass(slots=True)
class _Container:
    value: dict[str, Json] | list[Json]
    name: str | None = None


@dataclass(slots=True)
class _Building:
    """The values under construction, innermost last."""

    open: list[_Container] = field(default_factory=list)
    finished: list[Json] = field(default_factory=list)

    def take(self, event: Any) -> None:  # noqa: ANN401 -- PyYAML's events have no useful common type
        match event:
            case yaml.AliasEvent():
                raise MalformedDocument("YAML aliases (*name) are not allowed; write the value out.")
            case yaml.DocumentStartEvent() if event.version or event.tags:
                raise MalformedDocument("YAML directives (%YAML, %TAG) are not allowed.")
            case yaml.MappingStartEvent():
                self._begin(event, {})
            case yaml.SequenceStartEvent():
                self._begin(event, [])
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._place(self.open.pop().value, event)
            case yaml.ScalarEvent():
                _require_untagged(event)
                container = self.open[-1] if self.open else None
                if container is not None and isinstance(container.value, dict) and container.name is None:
                    self._name(container, event)
                else:
                    self._place(_scalar(event), event)
            case _:
                pass

    def _begin(self, event: Any, value: dict[str, Json] | list[Json]) -> None:  # noqa: ANN401 -- as in `take`
        _require_untagged(event)
        if len(self.open) >= MAX_DEPTH:
            raise MalformedDocument(f"The document is nested more than {MAX_DEPTH} levels deep.")
        if self.open and isinstance(self.open[-1].value, dict) and self.open[-1].name is None:
            raise MalformedDocument(f"A name at line {event.start_mark.line + 1} is not a plain text.")
        self.open.append(_Container(value))

    def _name(self, container: _Container, event: Any) -> None:  # noqa: ANN401 -- as in `take`
        if event.value in container.value or event.value == "<<":
            raise MalformedDocument(
                f"The name '{event.value[:40]}' at line {event.start_mark.line + 1} appears twice or is a merge key."
            )
        container.name = event.value

    def _place(self, value: Json, event: Any) -> None:  # noqa: ANN401 -- as in `take`
        if not self.open:
            if self.finished:
                raise MalformedDocument(f"A second document starts at line {event.start_mark.line + 1}.")
            self.finished.append(value)
            return
        container = self.open[-1]
        if isinstance(container.value, list):
            container.value.append(value)
        else:
            assert container.name is not None
            container.value[container.name] = value
            container.name = None


def _require_untagged(event: Any) -> None:  # noqa: ANN401 -- as in `take`
    if event.tag is not None or event.anchor is not None:
        raise MalformedDocument(
            f"YAML tags and anchors are not allowed (line {event.start_mark.line + 1}); write plain values."
        )


def _scalar(event: Any) -> Json:  # noqa: ANN401 -- as in `take`
    text: str = event.value
    if not event.implicit[0]:  # quoted or a block
        return text
    if text == "":
        return None
    if text in _KNOWN_WORDS:
        return _KNOWN_WORDS[text]
    if _INTEGER.match(text):
        return integer(text)
    if _AMBIGUOUS.match(text):
        raise MalformedDocument(
            f"'{text[:20]}' at line {event.start_mark.line + 1} is read differently by different programs; "
            "put it in quotes if it is text."
        )
    return text
