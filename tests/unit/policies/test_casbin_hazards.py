"""
Every hazard of Casbin that was found, by its number, with the guard that closes it.

Where it is short, the test first shows the hazard in plain Casbin: if an upgrade removes it, the test says so.
"""

import ast
import hashlib
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from threading import Barrier, Lock
from typing import Any

import casbin
import pytest
from casbin import util
from casbin.model import Model

import policies
from agreements.elements import load_catalogue
from policies.compile import Suspension
from policies.decide import decide
from policies.engine import SENTINEL, Engine, Link, Question, read_model, require_understood
from policies.errors import MalformedRule, ModelChanged
from policies.memo import Memo
from policies.rule import ANY, EARLIEST, LATEST, Rule
from tests.factories.agreements import client_id
from tests.factories.policy_worlds import NOVEMBER, TUTOR, World, denied

DIGEST = "sha256:" + "a" * 64
ROLE = "role:agr:" + "a" * 64
ELEMENTS = frozenset(element.id for element in load_catalogue())
LINKS: tuple[Link, ...] = ((TUTOR, ROLE),)
ALLOW = Rule(
    sub=ROLE,
    agr=DIGEST,
    obj="students",
    fld="000100",
    act="read:tutoring",
    nbf="2026-09-01T07:00:00Z",
    exp="2027-07-01T07:00:00Z",
    eft="allow",
    clause="/datasets/0/elements/0",
)
DENY = Rule(ROLE, ANY, ANY, "000100", ANY, EARLIEST, LATEST, "deny", "guardrails:/never/0")
QUESTION = Question(TUTOR, DIGEST, "students", "000100", "read:tutoring", "2026-11-02T09:30:00Z")
MODEL = files("policies").joinpath("model.conf").read_text("utf-8")
ROOMS = Path(policies.__file__).parent, Path(policies.__file__).parent.parent / "gateway"


def engine(*rules: Rule) -> Engine:
    return Engine(rules, LINKS, ELEMENTS)


def plain(matcher: str, *lines: list[str]) -> Any:
    """Casbin as its documentation shows it, with our definitions and another matcher."""
    head, _, _ = MODEL.partition("m = ")
    model = Model()
    model.load_model_from_text(head + "m = " + matcher)
    enforcer = casbin.Enforcer(model)
    model["p"]["p"].policy.extend(lines)
    return enforcer


@cache
def names_used() -> tuple[tuple[str, str], ...]:
    """Every name, attribute and import in the code of the rooms that could reach Casbin, with the file."""
    return tuple(
        (name.rpartition(".")[2], path.name)
        for path in (found for room in ROOMS for found in sorted(room.rglob("*.py")))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        for name in (getattr(node, field, None) for field in ("id", "attr", "name"))
        if isinstance(name, str) and not isinstance(node, ast.FunctionDef)
    )


def test_the_question_used_here_is_allowed_when_nothing_is_wrong() -> None:
    assert engine(ALLOW).ask(QUESTION).allowed


class TestHazard01EmptyPolicy:
    def test_plain_casbin_allows_everyone_when_the_last_rule_is_gone(self) -> None:
        assert plain('r.sub != "blocked"').enforce(*QUESTION)

    def test_an_engine_without_rules_still_holds_a_denial(self) -> None:
        assert engine()._casbin.get_policy() == [list(SENTINEL.line)]
        assert not engine().ask(QUESTION).allowed

    @pytest.mark.parametrize("field", Question._fields)
    def test_an_empty_value_never_reaches_casbin(self, field: str) -> None:
        assert engine(ALLOW).ask(QUESTION._replace(**{field: ""})) == (False, (), "empty_value")

    def test_when_the_last_agreement_is_revoked_everything_is_denied(self) -> None:
        world = World()
        request = world.ask("students")
        world.promises, world.epoch = (), 2
        assert denied(decide(world.state(), request, NOVEMBER)).code == "no_agreement"


class TestHazard02UnknownEffect:
    def test_plain_casbin_ignores_a_misspelt_denial(self) -> None:
        misspelt = list(DENY.line)
        misspelt[7] = "dney"
        assert plain("r.fld == p.fld", list(ALLOW.line), misspelt).enforce(*QUESTION)

    def test_no_rule_holds_an_unknown_effect(self) -> None:
        # Without a wildcard: in a rule that is no denial, that would be refused as well.
        with pytest.raises(MalformedRule):
            replace(ALLOW, eft="dney")

    def test_the_loader_checks_again_what_a_rule_should_have_checked(self) -> None:
        misspelt = Rule(*ALLOW.line)
        object.__setattr__(misspelt, "eft", "dney")
        with pytest.raises(MalformedRule):
            engine(ALLOW, misspelt)


class TestHazard03EnforcementSwitchedOff:
    def test_nobody_calls_the_switch(self) -> None:
        assert [where for name, where in names_used() if name == "enable_enforce"] == []

    def test_plain_casbin_allows_all_when_switched_off(self) -> None:
        enforcer = plain("r.fld == p.fld", list(DENY.line))
        enforcer.enable_enforce(False)
        assert enforcer.enforce(*QUESTION)

    def test_an_engine_found_switched_off_denies_and_alarms(self) -> None:
        switched_off = engine(ALLOW)
        switched_off._casbin.enabled = False
        assert switched_off.ask(QUESTION) == (False, (), "engine_disabled")


class TestHazard04CommentInMatcher:
    CUT = MODEL.replace("&& r.now >= p.nbf", "#&& r.now >= p.nbf")

    def test_plain_casbin_silently_drops_what_follows(self) -> None:
        model = Model()
        model.load_model_from_text(self.CUT)
        assert "p_nbf" not in model["m"]["m"].value

    def test_only_the_reviewed_text_is_read(self) -> None:
        with pytest.raises(ModelChanged):
            read_model(self.CUT)

    @pytest.mark.parametrize("text", [MODEL + "\n", MODEL.replace("\n", "\n# as it was\n", 1)])
    def test_not_even_a_text_that_means_the_same_is_read_unreviewed(self, text: str) -> None:
        with pytest.raises(ModelChanged):
            read_model(text)

    def test_a_reviewed_text_that_casbin_understands_otherwise_is_refused(self) -> None:
        model = Model()
        model.load_model_from_text(self.CUT)
        with pytest.raises(ModelChanged):
            require_understood(model)

    def test_reading_asks_what_casbin_understood_even_of_a_reviewed_text(self, monkeypatch: pytest.MonkeyPatch) -> None:
        digest = hashlib.sha256(self.CUT.encode()).hexdigest()
        monkeypatch.setattr("policies.engine.MODEL_DIGEST", f"sha256:{digest}")
        with pytest.raises(ModelChanged):
            read_model(self.CUT)

    def test_a_second_matcher_is_refused(self) -> None:
        model = Model()
        model.load_model_from_text(MODEL + "\nm2 = r.sub == p.sub\n")
        with pytest.raises(ModelChanged):
            require_understood(model)

    def test_the_shipped_text_is_the_reviewed_one(self) -> None:
        read_model(MODEL)


class TestHazard05FastEnforcerMissesWildcards:
    def test_it_is_not_used(self) -> None:
        assert [where for name, where in names_used() if name in {"FastEnforcer", "FastPolicy", "FastModel"}] == []
        assert not any(base.__name__ == "FastEnforcer" for base in type(engine()._casbin).__mro__)

    def test_a_wildcard_denial_is_honoured(self) -> None:
        stop = Rule(ROLE, ANY, ANY, ANY, ANY, EARLIEST, LATEST, "deny", "log:/7")
        verdict = engine(ALLOW, stop).ask(QUESTION)
        assert (verdict.allowed, verdict.line) == (False, stop.line)


def test_hazard_06_no_enforcer_with_cache_keys_is_used() -> None:
    banned = {"fast_enforcer", "SyncedEnforcer", "AsyncEnforcer", "DistributedEnforcer", "CachedEnforcer"}
    assert [where for name, where in names_used() if name in banned] == []


class TestHazard07SubjectNamedLikeARole:
    def test_plain_casbin_takes_a_name_for_its_own_role(self) -> None:
        assert plain("g(r.sub, p.sub)", list(ALLOW.line)).enforce(*QUESTION._replace(sub=ROLE))

    def test_a_subject_named_like_the_role_is_nobody(self) -> None:
        assert not engine(ALLOW).ask(QUESTION._replace(sub=ROLE)).allowed

    @pytest.mark.parametrize("subject", ["tutor", "client:tutor", "role:admin", TUTOR.upper(), TUTOR + " "])
    def test_rules_speak_of_typed_subjects_only(self, subject: str) -> None:
        with pytest.raises(MalformedRule):
            replace(ALLOW, sub=subject)

    @pytest.mark.parametrize("link", [(ROLE, ROLE), (TUTOR, TUTOR), (ROLE, TUTOR), (TUTOR, "role:admin"), (TUTOR,)])
    def test_only_clients_are_linked_and_only_to_agreements(self, link: Any) -> None:
        with pytest.raises(MalformedRule):
            Engine((ALLOW,), (link,), ELEMENTS)


def test_hazard_08_unknown_subjects_leave_no_trace_in_the_role_manager() -> None:
    held = engine(ALLOW)
    held.ask(QUESTION)
    before = len(held._casbin.get_role_manager().all_roles)
    assert not any(held.ask(QUESTION._replace(sub=client_id(f"stranger {n}"))).allowed for n in range(500))
    assert len(held._casbin.get_role_manager().all_roles) == before


class TestHazard09LocalClock:
    def test_only_the_question_says_what_time_it_is(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TZ", "Pacific/Kiritimati")
        time.tzset()
        assert engine(ALLOW).ask(QUESTION._replace(now="2027-07-01T06:59:59Z")).allowed
        assert not engine(ALLOW).ask(QUESTION._replace(now="2027-07-01T07:00:00Z")).allowed
        monkeypatch.undo()
        time.tzset()

    def test_no_function_of_casbin_can_be_called_from_a_matcher(self) -> None:
        held = engine(ALLOW)
        held.ask(QUESTION)
        assert held._casbin.fm.get_functions().keys() == {"g"}


def test_hazard_10_no_policy_text_is_spliced_into_the_matcher() -> None:
    assert "eval" not in MODEL
    assert not util.has_eval(read_model(MODEL)["m"]["m"].value)


def test_hazard_11_no_role_is_a_pattern() -> None:
    banned = {"add_named_matching_func", "add_matching_func", "add_named_domain_matching_func", "set_role_manager"}
    assert [where for name, where in names_used() if name in banned] == []
    assert engine()._casbin.get_role_manager().matching_func is None


class TestHazard12SkippedLines:
    def test_every_rule_given_is_loaded(self) -> None:
        assert engine(ALLOW, DENY)._casbin.get_policy() == [list(rule.line) for rule in (SENTINEL, ALLOW, DENY)]

    @pytest.mark.parametrize("values", [DENY.line[:-1], (*DENY.line, "more")])
    def test_a_line_of_the_wrong_length_stops_the_load(self, values: tuple[str, ...]) -> None:
        class Misshapen(Rule):
            @property
            def line(self) -> tuple[str, ...]:
                return values

            def __post_init__(self) -> None:
                pass

        with pytest.raises(MalformedRule):
            engine(ALLOW, Misshapen(*DENY.line))

    @pytest.mark.parametrize("clause", ["/a(b", "/a,b", "/a b", '/a"b', "/a#b", "/a\n", "/A", "/é", "*"])
    def test_no_character_that_casbin_could_take_for_syntax(self, clause: str) -> None:
        with pytest.raises(MalformedRule):
            replace(DENY, clause=clause)

    def test_no_file_or_text_is_read_as_policy(self) -> None:
        banned = {"FileAdapter", "StringAdapter", "load_policy_line", "load_policy_array"}
        assert [where for name, where in names_used() if name in banned] == []

    def test_an_exception_in_casbin_is_a_denial_and_an_alarm(self) -> None:
        broken = engine(ALLOW)
        broken._casbin.get_model()["p"]["p"].policy.insert(0, ["too", "short"])
        assert broken.ask(QUESTION) == (False, (), "engine_RuntimeError")


@pytest.mark.parametrize("result", [1, "true", None])
def test_hazard_13_a_matcher_that_is_not_true_or_false_denies(result: object) -> None:
    class Odd:
        @staticmethod
        def eval(_: object) -> object:
            return result

    odd = engine(ALLOW)
    odd._casbin._expression = Odd()
    assert odd.ask(QUESTION) == (False, (), "engine_RuntimeError")


def test_hazard_14_rules_are_never_reloaded_but_built_anew() -> None:
    calls = [
        where for name, where in names_used() if name in {"load_policy", "load_filtered_policy", "build_role_links"}
    ]
    assert calls == []
    mutators = {"add_policy", "add_policies", "remove_policy", "add_grouping_policy", "clear_policy", "update_policy"}
    assert [where for name, where in names_used() if name in mutators] == []
    world = World()
    before = world.state()
    old = before.slice_for(TUTOR, world.promises[0].digest)
    world.suspensions, world.epoch = (Suspension(TUTOR, 9),), 9
    new = world.state().slice_for(TUTOR, world.promises[0].digest)
    assert old is before.slice_for(TUTOR, world.promises[0].digest)
    assert old is not new


def in_threads(number: int, work: Callable[[int], Any]) -> list[Any]:
    """Run `work` in so many threads, all starting at once."""
    start = Barrier(number)

    def run(index: int) -> Any:
        start.wait()
        return work(index)

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(run, range(number)))


def test_hazard_15_threads_that_share_an_engine_get_their_own_answers() -> None:
    held = engine(ALLOW)
    questions = [QUESTION, QUESTION._replace(fld="000115"), QUESTION._replace(agr="sha256:" + "b" * 64)]

    def ask(index: int) -> list[bool]:
        return [held.ask(questions[(index + turn) % 3]).allowed == ((index + turn) % 3 == 0) for turn in range(9)]

    assert all(all(answers) for answers in in_threads(4, ask))


class TestHazard16NotReentrant:
    def test_an_engine_answers_one_question_at_a_time(self) -> None:
        held = engine(ALLOW)
        inside, overlapped, original = Lock(), [], held._casbin.enforce_ex

        def watched(*values: str) -> Any:
            if not inside.acquire(blocking=False):
                overlapped.append(values)
                return original(*values)
            time.sleep(0.001)
            inside.release()
            return original(*values)

        held._casbin.enforce_ex = watched
        in_threads(4, lambda _: [held.ask(QUESTION) for _ in range(10)])
        assert overlapped == []

    def test_what_many_ask_at_once_is_worked_out_once(self) -> None:
        memo: Memo[str, str] = Memo(8)
        made: list[str] = []

        def make() -> str:
            time.sleep(0.01)
            made.append("once")
            return "table"

        assert set(in_threads(6, lambda _: memo.get_or_make("key", make))) == {"table"}
        assert made == ["once"]
