"""
An agreement's content as the YAML a person goes on with: in the format's order, each part with what is asked of it.

The opposite of `agreements.authored`, which must read exactly the content back. What is still wrong stands as a comment
where it is wrong.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from textwrap import wrap
from typing import Any, Final

import yaml

from agreements.canonical import Json
from agreements.document import agreement_problems
from agreements.elements import Catalogue
from agreements.errors import Problem
from agreements.pointer import MISSING, pointer, resolve
from agreements.schema import agreement_schema
from gateway.services.drafts.remarks import remark_for

_PLAIN: Final = re.compile(r"[a-z][a-z0-9]*(?:[_:/-][A-Za-z0-9]+)*")
_WORDS: Final = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
"""What YAML 1.1 and 1.2 do not read alike, or not as text."""
_WIDTH: Final = 110


def written(content: dict[str, Json], catalogue: Catalogue) -> str:
    """Return `content` as YAML with comments. It need not be complete; what is wrong is a comment that says `TO DO`."""
    writer = _Writer(content, catalogue, agreement_problems(content, catalogue))
    lines = writer.mapping(agreement_schema(catalogue), content, "", 0)
    return "\n".join(["# A draft. Check it with `pactgate agreement check` until nothing is wrong.", *lines]) + "\n"


def scalar(value: Json) -> str:
    """Return a text, number, truth value or nothing as YAML that every reader reads alike."""
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case None:
            return "null"
        case str() if _PLAIN.fullmatch(value) and value not in _WORDS:
            return value
    quoted: str = yaml.safe_dump(value, default_style='"', allow_unicode=True, width=float("inf"))
    return quoted.removesuffix("\n")


class _Writer:
    """One draft on its way to text."""

    def __init__(self, content: dict[str, Json], catalogue: Catalogue, problems: Sequence[Problem]) -> None:
        self._root = agreement_schema(catalogue)
        self._catalogue = catalogue
        basis = resolve(content, "/basis/type")
        self._basis = basis if isinstance(basis, str) else None
        self._wrong: dict[str, list[str]] = {}
        for problem in problems:
            # What is missing is said where it belongs: in the innermost group that is there.
            place = problem.path
            while resolve(content, place) is MISSING:
                place = place.rpartition("/")[0]
            words = f"{problem.path or '/'}: {problem.sentence} ({problem.rule}, {problem.source})"
            self._wrong.setdefault(place, []).append(words)

    def mapping(self, node: Mapping[str, Any], value: dict[str, Json], path: str, indent: int) -> Iterator[str]:
        """Yield the lines of a group, first what is wrong with the group itself."""
        node = self._node(node)
        yield from self._to_do(path, indent)
        for name in sorted(value, key=[*node.get("properties", {}), *value].index):
            place = path + pointer(name)
            if not path:
                yield ""
            remark = remark_for(place, self._basis)
            if remark is not None:
                yield from _comment(remark, indent)
            yield from self._member(node.get("properties", {}).get(name, {}), name, value[name], place, indent)

    def _member(self, node: Mapping[str, Any], name: str, value: Json, path: str, indent: int) -> Iterator[str]:
        pad = " " * indent
        match value:
            case dict() if value:
                yield f"{pad}{scalar(name)}:"
                yield from self.mapping(node, value, path, indent + 2)
            case list() if value:
                yield from self._to_do(path, indent)
                yield f"{pad}{scalar(name)}:"
                for index, item in enumerate(value):
                    yield from self._item(self._node(node).get("items", {}), item, path + pointer(index), indent + 2)
            case _:
                yield from self._to_do(path, indent)
                yield f"{pad}{scalar(name)}: {_inline(value)}"

    def _item(self, node: Mapping[str, Any], value: Json, path: str, indent: int) -> Iterator[str]:
        pad = " " * indent
        if not isinstance(value, dict) or not any(isinstance(member, dict | list) for member in value.values()):
            for inner in (path, *([path + pointer(name) for name in value] if isinstance(value, dict) else ())):
                yield from self._to_do(inner, indent)
            yield f"{pad}- {_inline(value)}{self._gloss(value)}"
            return
        lines = list(self.mapping(node, value, path, indent + 2))
        if lines[0].lstrip().startswith("#"):
            yield f"{pad}-"
            yield from lines
        else:
            yield f"{pad}- {lines[0].lstrip()}"
            yield from lines[1:]

    def _gloss(self, value: Json) -> str:
        """Return what an element is, for those who do not know the ids by heart."""
        named = value.get("element") if isinstance(value, dict) else None
        if not isinstance(named, str) or named not in self._catalogue or not isinstance(value, dict):
            return ""
        element = self._catalogue.element(named)
        tier = element.tier_after(str(value.get("transformation")))
        return f"  # {element.title} ({', '.join([tier.value, *([element.gate] if element.gate else [])])})"

    def _to_do(self, path: str, indent: int) -> Iterator[str]:
        for words in self._wrong.get(path, ()):
            yield from _comment(f"TO DO {words}", indent)

    def _node(self, node: Mapping[str, Any]) -> Mapping[str, Any]:
        while "$ref" in node:
            node = self._root["$defs"][node["$ref"].removeprefix("#/$defs/")]
        return node


def _inline(value: Json) -> str:
    match value:
        case dict():
            return "{" + ", ".join(f"{scalar(name)}: {_inline(member)}" for name, member in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(_inline, value)) + "]"
    return scalar(value)


def _comment(words: str, indent: int) -> Iterator[str]:
    for line in wrap(words.encode("ascii", "backslashreplace").decode(), _WIDTH - indent):
        yield f"{' ' * indent}# {line}"
