"""Remembered answers are compared with the rules now and then; one that differs is given to nobody."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType

import pytest

from policies.decide import decide
from policies.decision import Denied, Permit
from policies.errors import UncompilableAgreement
from policies.recheck import Recheck
from policies.seal import SEAL
from policies.state import PolicyState
from policies.table import Table
from tests.factories.policy_worlds import NOVEMBER, World, denied, permitted

Reported = list[tuple[str, Mapping[str, str]]]


@dataclass
class Watched:
    """A world whose every `every`th remembered answer is worked out anew."""

    every: int = 1
    world: World = field(default_factory=World)
    reported: Reported = field(default_factory=list)

    def __post_init__(self) -> None:
        recheck = Recheck(lambda code, facts: self.reported.append((code, facts)), self.every)
        promises = {made.digest: made.granted for made in self.world.promises}
        plain = self.world
        self.state = PolicyState(
            epoch=plain.epoch,
            clients=plain.clients,
            granted=promises,
            suspensions=plain.suspensions,
            catalogue=plain.state().catalogue,
            guardrails=plain.guardrails,
            tables=plain.tables,
            recheck=recheck,
        )

    def decide(self, *elements: str) -> Permit | Denied:
        return decide(self.state, self.world.ask("students", *elements), NOVEMBER)

    @property
    def table(self) -> Table:
        asked = self.world.ask("students")
        found = self.state.table_for(asked.client, asked.agreement, asked.dataset, asked.purpose, NOVEMBER)
        assert isinstance(found, Table)
        return found

    def widen(self) -> None:
        """Remember one more element than the rules give, as nothing but broken memory would."""
        table = self.table
        stolen = replace(table.granted["first_name"], element="000033", name="birthdate", transformation="exact")
        spoilt = replace(table, granted=MappingProxyType({**table.granted, "birthdate": stolen}))
        (key,) = self.world.tables._kept
        self.world.tables._kept[key] = spoilt


def test_a_remembered_answer_that_the_rules_do_not_give_is_denied_reported_and_forgotten() -> None:
    watched = Watched()
    good = permitted(watched.decide("first_name"))
    table = watched.table
    (asked,) = table.decisions
    table.decisions[asked] = replace(good, fields=(*good.fields, replace(good.fields[0], name="last_name")), seal=SEAL)
    refused = denied(watched.decide("first_name"))
    assert refused.facts["alarm"] == "memory_differs"
    [(code, facts)] = watched.reported
    assert (code, facts["dataset"], facts["agreement"]) == ("memory_differs", "students", good.agreement)
    assert len(watched.world.tables) == 0
    assert permitted(watched.decide("first_name")) == good
    assert permitted(watched.decide("first_name")) == good
    assert len(watched.reported) == 1


def test_a_table_with_more_in_it_than_the_rules_give_is_found_by_whatever_is_asked_of_it() -> None:
    watched = Watched()
    permitted(watched.decide("first_name"))
    watched.widen()
    denied(watched.decide("first_name"))
    assert [code for code, _ in watched.reported] == ["memory_differs"]


def test_a_remembered_denial_is_compared_too() -> None:
    watched = Watched()
    refused = denied(watched.decide("sex"))
    assert denied(watched.decide("sex")) == refused
    assert watched.reported == []
    table = watched.table
    (asked,) = table.decisions
    table.decisions[asked] = replace(refused, code="no_agreement")
    assert denied(watched.decide("sex")).facts["alarm"] == "memory_differs"


@pytest.mark.parametrize("every", [1, 3, 10])
def test_it_is_the_turn_of_each_nth_remembered_answer_over_all_states(
    every: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched, anew = Watched(every), list[int]()
    whole = PolicyState.table_anew

    def noted(state: PolicyState, table: Table, now: datetime) -> Table | Denied:
        anew.append(1)
        return whole(state, table, now)

    monkeypatch.setattr(PolicyState, "table_anew", noted)
    for _ in range(31):
        permitted(watched.decide("first_name"))
    assert len(anew) == 30 // every


def test_what_cannot_be_worked_out_again_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    watched = Watched()
    permitted(watched.decide("first_name"))
    table = watched.table
    assert isinstance(watched.state.table_anew(table, NOVEMBER), Table)

    def broken(*_: object) -> Table:
        raise UncompilableAgreement("It could be compiled before.")

    monkeypatch.setattr("policies.state.build_table", broken)
    assert isinstance(watched.state.table_anew(table, NOVEMBER), Denied)
    denied(watched.decide("first_name"))
    monkeypatch.undo()
    permitted(watched.decide("first_name"))
    monkeypatch.setattr(watched.state, "_granted", {})
    assert isinstance(watched.state.table_anew(table, NOVEMBER), Denied)
    denied(watched.decide("first_name"))
    assert [code for code, _ in watched.reported] == ["memory_differs"] * 2


def test_without_a_recheck_nothing_is_worked_out_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(PolicyState, "table_anew")
    world = World()
    state = world.state()
    for _ in range(2_000):
        permitted(decide(state, world.ask("students", "first_name"), NOVEMBER))


def test_a_turn_that_never_comes_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Recheck(lambda _code, _facts: None, 0)
