"""
From a scene in which readings differ to the smallest one that still shows it, as a case for `tests/vectors`.

Whole agreements, stops, clients, windows, datasets and lines are left out, one after the other, for as long as the
answers to the one question still differ. What is left is what a person has to look at.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any

import yaml

from tests.factories.agreements import client_id
from tests.prove.readings import Difference, Readings
from tests.prove.scene import asked_of, plain_question, scene_of

_OPTIONAL = ("until", "framework", "replaces", "master")


class ReadingsDiffer(AssertionError):
    """Readings of the same agreements differ; the message is the minimised case."""


def require_agreement(plain: Mapping[str, Any], found: Sequence[Difference]) -> None:
    """Raise `ReadingsDiffer` with the smallest case of the first difference, if there is one."""
    if found:
        raise ReadingsDiffer(minimised(plain, found[0]))


def minimised(plain: Mapping[str, Any], difference: Difference) -> str:
    """Return the smallest case of `difference`, as YAML, with what each reading said."""
    # JSON and back: a copy in which nothing is shared, and no tuple would be printed as a tag.
    least = json.loads(json.dumps(plain))
    question = plain_question(difference.asked, scene_of(least)) | {"client": _name(difference.asked.client, least)}
    shown = _differences(least, question)
    smaller = True
    while smaller and shown:
        smaller = False
        for candidate in _smaller(least):
            if still := _differences(candidate, question):
                least, shown, smaller = candidate, still, True
                break
    last = (shown or [difference])[0]
    case = {"name": "minimised", **least, "asks": [question | {"answer": last.documents.code}]}
    said = f"# the documents: {last.documents}\n# {last.other}: {last.said}\n"
    return said + yaml.safe_dump([case], sort_keys=False, default_flow_style=None, width=120)


def _name(client: str, plain: Mapping[str, Any]) -> str:
    bound = [name for made in plain["agreements"] for name in made["clients"]]
    return next((name for name in (*bound, *plain.get("others", ())) if client_id(name) == client), client)


def _differences(plain: Mapping[str, Any], question: Mapping[str, Any]) -> list[Difference]:
    try:
        scene = scene_of(plain)
    except KeyError:
        return []  # what is left speaks of an agreement that was left out
    return Readings(scene).differences([asked_of(question, scene)])


def _smaller(plain: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the scene with one thing less, the largest things first."""
    for part in ("agreements", "stops", "others"):
        for index in range(len(plain.get(part, ()))):
            yield _without(plain, (part,), index)
    for place, made in enumerate(plain["agreements"]):
        at = ("agreements", place)
        yield from (_without(plain, at, name) for name in _OPTIONAL if name in made)
        yield from (_without(plain, (*at, "clients"), client) for client in made["clients"])
        if len(made["datasets"]) > 1:
            yield from (_without(plain, (*at, "datasets"), dataset) for dataset in made["datasets"])
        for client, spans in made["clients"].items():
            if spans != "always":
                yield from (_without(plain, (*at, "clients", client), index) for index in range(len(spans)))
        for dataset, lines in made["datasets"].items():
            if len(lines) > 1:
                yield from (_without(plain, (*at, "datasets", dataset), index) for index in range(len(lines)))


def _without(plain: dict[str, Any], path: tuple[Any, ...], key: Any) -> dict[str, Any]:
    copy = deepcopy(plain)
    at: Any = copy
    for step in path:
        at = at[step]
    del at[key]
    return copy
