"""
The district's guardrails as the readings of documents see them: the data of the file, never `policies.guardrails`.

    closed(content) -> the elements that the district withholds under the document with this content
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def guardrails() -> Mapping[str, Any]:
    """Return the content of the file."""
    return tomllib.loads(files("policies").joinpath("guardrails.toml").read_text("utf-8"))


def never_shared() -> frozenset[str]:
    """Return the elements that are never shared."""
    return frozenset(row["element"] for row in guardrails()["never"])


def gated() -> Mapping[str, frozenset[str]]:
    """Return the elements that a statute guards, each with the legal bases that open it."""
    return {element: frozenset(row["bases"]) for row in guardrails()["gates"] for element in row["elements"]}


def closed(content: Mapping[str, Any]) -> frozenset[str]:
    """Return all that is withheld under this document."""
    shut = {element for element, bases in gated().items() if content["basis"]["type"] not in bases}
    return never_shared() | shut
