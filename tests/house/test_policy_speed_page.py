"""docs/policy-speed.md holds the table that its command prints: every goal, what it asks for, what is a look-up."""

import re

import cedarpy

from policies.decide import decide
from tests.bench import policy
from tests.bench.policy_hits import fields_of
from tests.bench.policy_misses import held_at
from tests.bench.policy_peers import (
    NOTHING,
    cedar_request,
    in_one_set,
    naive_casbin,
    sliced,
    stock_casbin,
    stock_request,
)
from tests.bench.policy_rows import AT_LEAST, DECISION, FIELD_SET, GOALS, HEAD, LOOK_UP, NAIVE, Row, asked_for, table
from tests.bench.policy_world import DATASETS, NOW, world
from tests.factories.pages import ROOT, blocks, commands, rows, text_of

PAGE = "docs/policy-speed.md"
GOAL, KIND, RATIO, ASKED, MET = (HEAD.index(name) for name in ("goal", "ours is", "ratio", "asked", "met"))


def test_a_goal_that_is_not_met_is_shown_as_not_met() -> None:
    short = Row("G1", 10, "Cedar", LOOK_UP, "1 us", "99 us", 99.0, GOALS["G1"])
    slow = Row("G3", 1, "Cedar", "Casbin", "71 us", "100 us", 0.71, GOALS["G3"])
    beside = Row("G3", 1, "Cedar", "Casbin", "71 us", "100 us", 0.71, None)
    assert [row.met for row in (short, slow, beside)] == ["**no**", "**no**", "-"]
    assert "| 99 | ≥ 100 | **no** |" in table([short])


def test_the_page_has_every_goal_with_what_it_asks_for() -> None:
    found = rows(PAGE, first="goal")
    assert text_of(PAGE).count(f"| {' | '.join(HEAD)} |") == 1
    assert {row[GOAL] for row in found} == set(GOALS)
    for row in found:
        known = {asked_for(row[GOAL], GOALS[row[GOAL]]), "-"} | (
            {asked_for("G2", NAIVE)} if row[GOAL] == "G2" else set()
        )
        assert row[ASKED] in known
        assert (row[ASKED] == "-") is (row[MET] == "-")


def test_the_page_says_met_exactly_where_the_ratio_is_what_is_asked() -> None:
    for row in rows(PAGE, first="goal"):
        if row[ASKED] != "-":
            ratio, asked = (float(row[place].strip("≥≤ ").replace(",", "")) for place in (RATIO, ASKED))
            is_met = ratio >= asked if row[GOAL] in AT_LEAST else ratio <= asked
            # The table rounds: a ratio that looks equal may be on either side.
            assert ratio == asked or row[MET] == ("yes" if is_met else "**no**"), row


def test_every_row_that_is_a_look_up_says_so() -> None:
    look_ups = {LOOK_UP, DECISION, FIELD_SET}
    assert all("look-up" in kind for kind in look_ups)
    for row in rows(PAGE, first="goal"):
        assert (row[KIND] in look_ups) is (row[GOAL] in {"G1", "G2"}), row


def test_the_command_of_the_page_is_there_and_make_runs_it() -> None:
    (line,) = [code.strip() for code in blocks(PAGE, "sh")]
    assert line == f".venv/bin/{policy.options().prog}"
    assert f"$(PY) {line.removeprefix('.venv/bin/python ')}\n" in (ROOT / "Makefile").read_text()
    assert commands(PAGE, "make") == [["bench"]]
    assert set(re.findall(r"`(--[a-z-]+)`", text_of(PAGE))) == {"--no-database"}
    assert policy.options().parse_args(["--no-database"]).no_database


def test_everyone_in_the_race_answers_as_the_documents_do() -> None:
    few = world(4)
    state, slices, together, naive = few.state(), sliced(few), in_one_set(few), naive_casbin(few)
    for asked in few.questions(40):
        request = cedar_request(asked)
        stock = stock_casbin(held_at(few, asked.place).rules, held_at(few, asked.place).links, asked.dataset)
        assert (
            asked.allowed
            is bool(decide(state, asked.request, NOW))
            is cedarpy.is_authorized(request, slices[asked.place], NOTHING).allowed
            is cedarpy.is_authorized(request, together, NOTHING).allowed
            is bool(naive.enforce(*stock_request(asked)))
            is bool(stock.enforce(*stock_request(asked)))
        )


def test_the_agreements_of_the_race_let_out_five_elements_of_each_dataset() -> None:
    few = world(3)
    state = few.state()
    for place in range(3):
        for dataset in DATASETS:
            found = few.field_set(place, dataset)
            fields = fields_of(decide(state, found[0].whole, NOW))
            assert [field.element for field in fields] == [each.element.id for each in found if each.allowed]
            assert len(fields) == 5
