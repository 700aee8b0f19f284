"""What a population expression may say. Its meaning is given by the room that decides; here it is only judged."""

from collections.abc import Iterator

from agreements.canonical import Json
from agreements.errors import Problem
from agreements.pointer import Missing, resolve

MAX_NESTING = 6
"""Levels of `all` and `any`; the deepest real agreement has three."""
_WHOLE_SCHOOLS = ("school_official", "studies", "audit_evaluation")


def population_problems(content: Json) -> Iterator[Problem]:
    """Yield populations that are too wide or too deep (row R1), and care-based ones without placement dates (L8)."""
    basis = resolve(content, "/basis/type")
    expression = resolve(content, "/population")
    yield from _conditions("/population", expression, basis, schools=False, level=0)
    if basis == "usc_1232g_b_1_L" and not _requires_placement(expression):
        yield Problem(
            "/population",
            "L8",
            "20 U.S.C. 1232g(b)(1)(L)",
            "Every branch of the population must require 'placement': children are covered while in care, not longer.",
        )


def _conditions(path: str, node: Json | Missing, basis: object, *, schools: bool, level: int) -> Iterator[Problem]:
    if not isinstance(node, dict):
        return
    if level > MAX_NESTING:
        yield Problem(path, "R1", "project rule R1", f"The population is nested more than {MAX_NESTING} levels deep.")
        return
    if "everyone" in node:
        yield from _everyone(f"{path}/everyone", basis, schools=schools)
    for word in ("all", "any"):
        branches = node.get(word)
        if isinstance(branches, list):
            listed = schools or (word == "all" and any(_lists_schools(branch) for branch in branches))
            for index, branch in enumerate(branches):
                yield from _conditions(f"{path}/{word}/{index}", branch, basis, schools=listed, level=level + 1)


def _everyone(path: str, basis: object, *, schools: bool) -> Iterator[Problem]:
    source = "34 CFR 99.31(a)(1)(ii); project rule R1"
    if isinstance(basis, str) and basis not in _WHOLE_SCHOOLS:
        sentence = f"'everyone' is not possible under the basis '{basis}'; use 'roster', the students you serve."
        yield Problem(path, "R1", source, sentence)
    if not schools:
        sentence = "'everyone' must stand in an 'all' beside an 'in' that lists the schools."
        yield Problem(path, "R1", source, sentence)


def _lists_schools(branch: Json) -> bool:
    return resolve(branch, "/in/column") == "school_identifier"


def _requires_placement(node: Json | Missing) -> bool:
    if not isinstance(node, dict):
        return False
    if isinstance(every := node.get("all"), list):
        return any(_requires_placement(branch) for branch in every)
    if isinstance(either := node.get("any"), list):
        return all(_requires_placement(branch) for branch in either)
    return "placement" in node
