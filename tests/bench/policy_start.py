"""
G6: what 10,000 agreements cost before the first decision, in time and in memory.

Each contender has a process of its own: memory that one gave back would hide what the next one takes. The documents are
there before the clock starts; they were read and verified, which is not measured here.
"""

import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from time import process_time

import cedarpy
import msgspec

from agreements.elements import load_catalogue
from policies.decide import decide
from policies.engine import Engine
from policies.engine import Question as Asked
from policies.guardrails import load_guardrails
from policies.rehearsal import Rehearsed, rehearse
from policies.slice import Slice
from tests.bench.policy_misses import held_at
from tests.bench.policy_peers import NOTHING, cedar_request, cedar_text, stock_request
from tests.bench.policy_race import WrongAnswer
from tests.bench.policy_rows import GOALS, LAZY, Row, shown
from tests.bench.policy_world import NOW, Question, World, world

OURS, CEDAR, CASBIN = "ours", "Cedar in slices", "an enforcer of ours for each, beforehand"
_PAGE = 4096
_SPARE = 50_000_000


class Cost(msgspec.Struct):
    """Processor time in microseconds and memory in bytes, up to and with the first decision."""

    microseconds: float
    memory: int


def started(agreements: int) -> Iterator[Row]:
    """G6: compiled when first asked for, against engines for everything beforehand."""
    found = {name: _measured(name, agreements) for name in CONTENDERS}
    ours = found[OURS]
    for name, asked in ((CEDAR, GOALS["G6"]), (CASBIN, None)):
        theirs = found[name]
        ratio = ours.microseconds / theirs.microseconds
        times = (shown(ours.microseconds), shown(theirs.microseconds))
        yield Row("G6", agreements, f"{name}: time", LAZY, *times, ratio, asked)
        sizes = (_size(ours.memory), _size(theirs.memory))
        yield Row("G6", agreements, f"{name}: memory", LAZY, *sizes, ours.memory / theirs.memory, asked)


def _measured(name: str, agreements: int) -> Cost:
    words = (sys.executable, "-m", "tests.bench.policy_start", name, str(agreements))
    return msgspec.json.decode(subprocess.run(words, check=True, capture_output=True).stdout, type=Cost)


def _lazily(_: World, promises: list[Rehearsed], question: Question) -> object:
    state = rehearse(promises, load_catalogue(), load_guardrails())
    if not decide(state, question.request, NOW):
        raise WrongAnswer(question)
    return state


def _cedar(found: World, _: list[Rehearsed], question: Question) -> object:
    pairs = zip(found.agreements, found.clients, strict=True)
    kept = [cedarpy.PolicySet.from_str(cedar_text(agreement, client)) for agreement, client in pairs]
    if not cedarpy.is_authorized(cedar_request(question), kept[question.place], NOTHING).allowed:
        raise WrongAnswer(question)
    return kept


def _casbin(found: World, _: list[Rehearsed], question: Question) -> object:
    kept: list[tuple[Slice, Engine]] = []
    elements = frozenset(element.id for element in load_catalogue())
    for place in range(len(found.agreements)):
        held = held_at(found, place)
        kept.append((held, Engine(held.rules, held.links, elements)))
    if not kept[question.place][1].ask(Asked(*stock_request(question))).allowed:
        raise WrongAnswer(question)
    return kept


CONTENDERS: Mapping[str, Callable[[World, list[Rehearsed], Question], object]] = {
    OURS: _lazily,
    CEDAR: _cedar,
    CASBIN: _casbin,
}


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE


def _size(memory: int) -> str:
    return f"{memory / 1e6:,.1f} MB"


def _cost(make: Callable[[], object]) -> Cost:
    """
    Return what `make` costs, with what it made still there.

    Memory that Python had to spare does not show in the process, so what Python was asked for counts if it is more.
    """
    before, begun = _resident(), process_time()
    kept = [make()]
    taken, grown = process_time() - begun, _resident() - before
    if grown < _SPARE:
        tracemalloc.start()
        kept.append(make())
        grown = max(grown, tracemalloc.get_traced_memory()[0])
    return Cost(1e6 * taken, grown)


def main() -> None:
    """Measure one contender and write its cost to stdout."""
    found, first = world(int(sys.argv[2])), world(1)
    promises, question = found.promises(), found.questions(1)[0]
    _lazily(first, first.promises(), first.questions(1)[0])  # what is read once: model, catalogue, time zones
    cost = _cost(lambda: CONTENDERS[sys.argv[1]](found, promises, question))
    sys.stdout.buffer.write(msgspec.json.encode(cost))


if __name__ == "__main__":
    main()
