"""What a document says, in plain words: each of its terms by the title that its shape gives it, in its own order."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from agreements.canonical import Json, read_canonical
from agreements.elements import Catalogue
from agreements.pointer import pointer
from agreements.shapes import Shape

_SMALL: Final = 2


@dataclass(frozen=True, slots=True)
class Term:
    """
    One line of what a document says. `depth` is how far it stands in, `value` is None for a heading.

    `only_words` says that no rule carries it out: people keep it, and an approval lists it.
    """

    path: str
    depth: int
    title: str
    value: str | None
    only_words: bool = False


def terms_of(payload: bytes, shape: Shape, catalogue: Catalogue, counted: Collection[str] = ()) -> tuple[Term, ...]:
    """
    Return what a document of this shape says; elements are named besides their ids.

    INVARIANT: of a list at the top whose pointer is `counted` nothing is said but how many are in it. Raises
    `MalformedDocument`.
    """
    names = {element.id: element.title for element in catalogue}
    return tuple(_terms(shape, shape, _told(read_canonical(payload), counted), (), names))


def _told(content: Json, counted: Collection[str]) -> Json:
    if not isinstance(content, dict):
        return content
    return {
        name: f"{len(value)} of them, which stand in the document itself and on no page"
        if isinstance(value, list) and pointer(name) in counted
        else value
        for name, value in content.items()
    }


def _terms(root: Shape, node: Shape, value: Json, path: tuple[str | int, ...], names: dict[str, str]) -> Iterator[Term]:
    while "$ref" in node:
        node = root["$defs"][node["$ref"].removeprefix("#/$defs/")]
    title = str(node.get("title", path[-1] if path else ""))
    if isinstance(value, dict):
        if path:
            yield Term(pointer(*path), len(path) - 1, title, None)
        for name in [each for each in node["properties"] if each in value]:
            yield from _terms(root, node["properties"][name], value[name], (*path, name), names)
    elif isinstance(value, list):
        if all(not isinstance(item, dict | list) for item in value):
            said = ", ".join(_said(item, names) for item in value)
            carried = node["items"].get("x-carried-by")
            yield Term(pointer(*path), len(path) - 1, title, said or "-", carried == "words_only")
            return
        yield Term(pointer(*path), len(path) - 1, title, None)
        for index, item in enumerate(value):
            if (short := _in_one_line(node["items"], item, names)) is not None:
                yield Term(pointer(*path, index), len(path), str(node["items"]["title"]), short)
                continue
            yield from _terms(root, node["items"], item, (*path, index), names)
    else:
        carried = node.get("x-carried-by")
        yield Term(pointer(*path), max(len(path) - 1, 0), title, _said(value, names), carried == "words_only")


def _in_one_line(node: Shape, item: Json, names: dict[str, str]) -> str | None:
    """Return a small item of a list, such as an element and its transformation, as one line; None for any other."""
    if not isinstance(item, dict) or len(item) > _SMALL or "properties" not in node:
        return None
    in_order = [(node["properties"][name], item[name]) for name in node["properties"] if name in item]
    if any(isinstance(value, dict | list) or shape.get("x-carried-by") == "words_only" for shape, value in in_order):
        return None
    return ", ".join(_said(value, names) for _, value in in_order)


def _said(value: Json, names: dict[str, str]) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    said = str(value)
    return f"{names[said]} ({said})" if said in names else said
