"""
The gateway as `pactgate serve` runs it, with ceilings that a load generator does not reach.

The district's own course numbers are classified as open, as a district must do before courses leave at all. Everything
else is as shipped: each page still spends its meter, under the lock of the log's head.
"""

import json
from functools import cache
from typing import Any, Final

from agreements.canonical import canonical_bytes
from agreements.elements import load_catalogue
from gateway.cli.serve import serve
from gateway.demo.district.courses import courses
from gateway.services import container, grants
from policies.guardrails import Guardrails, load_guardrails, recorded_guardrails

_ROWS: Final = 2**30  # times the students it stays below 2**53, the largest number an entry holds
_COURSE: Final = "000055"


@cache
def wide() -> Guardrails:
    """Return the shipped guardrails without an end that could be reached, and with the district's course numbers."""
    content: dict[str, Any] = json.loads(load_guardrails().canonical)
    for row in content["guardrails"]["volume"]:
        row |= {"times": _ROWS, "least": _ROWS}
    content["code_values"]["elements"][_COURSE]["open"] = sorted({row.course_id for row in courses()})
    return recorded_guardrails(canonical_bytes(content), load_catalogue())


def widen() -> None:
    """Have this process decide by `wide` and put it on record, since `serve` takes no guardrails."""
    for module in (container, grants):
        setattr(module, "load_guardrails", wide)  # noqa: B010 - mypy refuses the assignment


if __name__ == "__main__":
    widen()
    serve()
