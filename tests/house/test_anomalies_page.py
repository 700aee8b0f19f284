"""docs/anomalies.md lists every rule and every threshold, with the numbers that hold."""

from dataclasses import asdict

from gateway.services.anomalies.thresholds import Thresholds
from gateway.services.anomalies.watch import RULES, unused_grants
from tests.factories.pages import quoted, rows

PAGE = "docs/anomalies.md"


def test_the_page_lists_every_rule() -> None:
    listed = [quoted(rule) for rule, _ in rows(PAGE, first="rule")]
    assert listed == [*(rule.__name__ for rule in RULES), unused_grants.__name__]


def test_the_page_gives_every_threshold_as_it_is() -> None:
    listed = {quoted(name): number for name, number, _ in rows(PAGE, first="threshold")}
    assert listed == {name: str(number) for name, number in asdict(Thresholds()).items()}
