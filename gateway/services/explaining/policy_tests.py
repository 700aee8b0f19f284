"""Policy tests on disk: found, read with the agreement each names, run on a rehearsal, and counted."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from agreements.document import parse_agreement
from agreements.elements import Catalogue
from gateway.services.errors import NoPolicyTest
from policies.errors import MalformedExpectations
from policies.expectations.form import read_policy_test
from policies.expectations.running import run_policy_test
from policies.expectations.untouched import Untouched, untouched
from policies.guardrails import Guardrails

SUFFIX = ".policy.yaml"


@dataclass(frozen=True, slots=True)
class Failed:
    """An expectation that was not met: its line, its name, and what differs."""

    line: int
    name: str
    differences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FileReport:
    """One file: how many expectations it has, which failed, and what none of them looks at."""

    file: str
    agreement: str
    expectations: int
    failed: tuple[Failed, ...]
    untouched: Untouched


def files_in(paths: Iterable[Path]) -> tuple[Path, ...]:
    """Return the policy tests that are meant, sorted; a folder means all in it. Raises `NoPolicyTest`."""
    found: list[Path] = []
    for path in paths:
        inside = sorted(path.rglob(f"*{SUFFIX}")) if path.is_dir() else [path]
        if not inside:
            raise NoPolicyTest(f"{path} holds no file that ends in {SUFFIX}.")
        found += inside
    return tuple(dict.fromkeys(found))


def run_file(path: Path, read: Callable[[Path], bytes], catalogue: Catalogue, guardrails: Guardrails) -> FileReport:
    """Run one file; its agreement is found from its own folder. Raises `MalformedExpectations` and as parsing does."""
    try:
        test = read_policy_test(read(path))
    except MalformedExpectations as error:
        raise MalformedExpectations(f"{path}: {error}") from None
    agreement = parse_agreement(read(path.parent / test.agreement), catalogue)
    outcomes = run_policy_test(test, agreement, catalogue, guardrails)
    failed = tuple(Failed(each.case.line, each.case.name, each.differences) for each in outcomes if not each.passed)
    missing = untouched(agreement, outcomes, catalogue, guardrails)
    return FileReport(str(path), agreement.digest, len(outcomes), failed, missing)
