"""
A plugin of pytest: no test's output, no line or leaf of a gateway and no line of PostgreSQL holds a secret or a name.

Every JWS that is made in this process (tokens, assertions, proofs) is remembered by its signature, the gateways' keys
and the students of the cohort as they are; whoever collects output has it looked through: `require_nothing_spilled`.
"""

import re
from collections.abc import Callable, Generator
from typing import Any, Final

import pytest
from joserfc import jws

from tests.factories.cohort import personal

_RUN: Final = re.compile(r"[A-Za-z0-9_-]{43,}")
"""What a signature, or a private half or a secret of 32 bytes, looks like in a text."""
_SIGNATURE: Final = 80
_KNOWN: Final[set[str]] = set()


class SpilledError(AssertionError):
    """Something that must stay inside stands in an output. What it is, is not repeated."""


def seed(*secrets: str) -> None:
    """Remember secrets that must not be seen anywhere; each at least 43 characters of base64url or hexadecimal."""
    assert all(_RUN.fullmatch(each) for each in secrets)
    _KNOWN.update(secrets)


def require_nothing_spilled(text: str, where: str) -> None:
    """Check that a text holds nothing that was seeded. Raises `SpilledError`."""
    if any(run in _KNOWN for run in _RUN.findall(text)):
        raise SpilledError(f"a token, an assertion, a proof or a key stands in {where}")
    if any(name in text for name in personal()):
        raise SpilledError(f"a student's name or number stands in {where}")


def _remembering(make: Callable[..., str]) -> Callable[..., str]:
    def serialize_compact(*arguments: Any, **named: Any) -> str:
        text = make(*arguments, **named)
        signature = text.rpartition(".")[2]
        if len(signature) >= _SIGNATURE:
            _KNOWN.add(signature)
        return text

    return serialize_compact


def pytest_configure() -> None:
    """Remember whatever is signed from now on."""
    jws.serialize_compact = _remembering(jws.serialize_compact)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail a test that passed but whose output holds what it must not."""
    report = yield
    if report.passed:
        for title, content in report.sections:
            try:
                require_nothing_spilled(content, title)
            except SpilledError as error:
                report.outcome, report.longrepr = "failed", f"{item.nodeid}, {call.when}: {error}"
    return report
