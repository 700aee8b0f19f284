"""Alarms: what a person of the district must look at, said in the operator's log by a stable code."""

import logging
from collections.abc import Mapping

from gateway.logs import FIELDS


def alarm(code: str, facts: Mapping[str, str]) -> None:
    """Put an alarm into the operator's log: something is there that nobody signed."""
    said = " ".join(f"{name}={value}" for name, value in facts.items())
    logging.getLogger("pactgate").error("alarm %s %s", code, said, extra={FIELDS: {"alarm": code, **facts}})
