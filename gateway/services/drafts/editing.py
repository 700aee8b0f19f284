"""
Changing one place of a draft, and everything that is wrong with it.

Pure. INVARIANT: an incomplete or wrong value is kept as it was typed and named as a problem; nothing a person wrote is
thrown away because a check does not like it.
"""

from collections.abc import Iterator

from agreements.basis import REQUIRED, Basis
from agreements.canonical import Json, require_plain_text
from agreements.document import agreement_problems
from agreements.elements import Catalogue
from agreements.errors import MalformedDocument, Problem
from agreements.pointer import pointer, resolve
from gateway.services.drafts.drafting import said
from gateway.services.drafts.parts import parts_said


def placed(content: dict[str, Json], path: str, value: Json) -> dict[str, Json]:
    """Return `content` with `value` at the JSON pointer `path`, which leads through groups only; None takes it out."""
    return said(_placed(content, [_step(each) for each in path.split("/")[1:]], value))


def problems_of(content: dict[str, Json], catalogue: Catalogue) -> tuple[Problem, ...]:
    """Return what `agreement check` would say of the content written to a file: all of it, in the order of places."""
    found = {problem.path: problem for problem in _unreadable(content, ())}
    judged = [problem for problem in agreement_problems(content, catalogue) if problem.path not in found]
    return tuple(sorted([*found.values(), *judged], key=lambda each: (each.path, each.rule, each.sentence)))


def rebased(content: dict[str, Json], catalogue: Catalogue) -> dict[str, Json]:
    """
    Return the content for the basis that it names now: without the parts of another one, with what is always so.

    An agreement rests on one basis (34 CFR 99.30(a), 99.31(a)), so what belongs to another cannot stay beside it.
    """
    named, parts = resolve(content, "/basis/type"), resolve(content, "/basis")
    if not isinstance(named, str) or named not in set(Basis) or not isinstance(parts, dict):
        return content
    own = {part.path.removeprefix("/basis/") for part in REQUIRED[Basis(named)]}
    kept = {name: value for name, value in parts.items() if name in own}
    return {**content, "basis": {"type": named, **parts_said(Basis(named), {}, (), catalogue), **kept}}


def _placed(content: dict[str, Json], steps: list[str], value: Json) -> dict[str, Json]:
    name, *further = steps
    if not further:
        return {**content, name: value}
    inner = content.get(name)
    return {**content, name: _placed(inner if isinstance(inner, dict) else {}, further, value)}


def _step(written: str) -> str:
    return written.replace("~1", "/").replace("~0", "~")


def _unreadable(value: Json, path: tuple[str | int, ...]) -> Iterator[Problem]:
    """Yield texts that people and programs would read differently: a file with them is not read at all."""
    if isinstance(value, dict | list):
        for step, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _unreadable(inner, (*path, step))
        return
    try:
        require_plain_text(value)
    except MalformedDocument as error:
        yield Problem(pointer(*path), "format", "agreement format 1", str(error))
