"""An alarm is one line an operator's tools can read, and never a line on stdout beside a command's data."""

import io
import logging
from collections.abc import Iterator

import orjson
import pytest

from gateway.logs import LineWriter, configure_logging
from gateway.services.alarms import alarm


@pytest.fixture(autouse=True)
def _restored_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def test_an_alarm_is_one_json_line_with_its_code_and_facts() -> None:
    stream = io.BytesIO()
    configure_logging(LineWriter(stream))

    alarm("agreement_refused", {"agreement": "sha256:00", "reason": "bad_signature"})

    (line,) = stream.getvalue().splitlines()
    fields = orjson.loads(line)
    assert (fields["level"], fields["alarm"]) == ("error", "agreement_refused")
    assert (fields["agreement"], fields["reason"]) == ("sha256:00", "bad_signature")


def test_an_alarm_of_a_command_stays_off_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    logging.getLogger().handlers[:] = []

    alarm("client_refused", {"client": "client:1"})

    assert capsys.readouterr().out == ""
