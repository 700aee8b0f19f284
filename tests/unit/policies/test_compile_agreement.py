from dataclasses import replace
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

import pytest

from agreements.accountable import Window
from agreements.elements import load_catalogue, read_catalogue
from agreements.pointer import resolve
from policies.compile import UNACCOUNTED, Ruleset, Suspension, act_of, compile_rules, role_of
from policies.errors import UncompilableAgreement
from policies.guardrails import Guardrails, load_guardrails, read_guardrails
from policies.rule import ANY, EARLIEST, LATEST, Rule, instant
from tests.factories.agreements import SPS_B, client_id
from tests.factories.policy_worlds import ALWAYS, TUTOR, Promise, compiled, promise

STRICTER = read_guardrails(
    files("policies").joinpath("guardrails.toml").read_text("utf-8")
    + '\n[[never]]\nelement = "000115"\nreason = "No first names here."\n',
    load_catalogue(),
)


def rules_of(made: Promise, guardrails: Guardrails | None = None, **other: Any) -> Ruleset:
    granted = made.granted
    shipped = guardrails or load_guardrails()
    always = {"accountable": granted.accountable}
    return compile_rules(granted.agreement, granted.bindings, load_catalogue(), shipped, **always | other)


def denials(ruleset: Ruleset) -> list[Rule]:
    return [rule for rule in ruleset.rules if rule.eft == "deny"]


def test_a_client_bound_to_another_agreement_gets_no_link() -> None:
    a, b = promise(), promise(SPS_B)
    with pytest.raises(UncompilableAgreement):
        compile_rules(a.granted.agreement, b.granted.bindings, load_catalogue(), load_guardrails())


def test_an_element_its_dataset_no_longer_has_is_refused() -> None:
    text = files("agreements").joinpath("elements.toml").read_text("utf-8")
    moved = text.replace('name = "first_name"\ndatasets = ["students"]', 'name = "first_name"\ndatasets = ["courses"]')
    made = promise()
    with pytest.raises(UncompilableAgreement):
        compile_rules(made.granted.agreement, made.granted.bindings, read_catalogue(moved), load_guardrails())


@pytest.mark.ferpa("S5")
def test_every_rule_names_the_signed_bytes_and_the_clause_that_says_so() -> None:
    made = promise()
    for rule in rules_of(made).rules:
        assert rule.eft == "allow"
        assert rule.agr == made.digest
        clause = resolve(made.signed.agreement.content, rule.clause)
        assert isinstance(clause, dict)
        assert clause["element"] == rule.fld


def test_exactly_the_listed_elements_are_granted_and_no_other() -> None:
    made = promise()
    content = made.signed.agreement.content
    listed = {(row["dataset"], line["element"]) for row in content["datasets"] for line in row["elements"]}  # type: ignore[call-overload, index, union-attr] # a checked document
    assert {(rule.obj, rule.fld) for rule in rules_of(made).rules} == listed


def test_the_role_and_the_act_are_typed() -> None:
    made = promise()
    rule = rules_of(made).rules[0]
    assert rule.sub == role_of(made.digest) == "role:agr:" + made.digest[7:]
    assert rule.act == act_of("tutoring") == "read:tutoring"


@pytest.mark.ferpa("S6")
def test_the_same_bytes_give_the_same_digest() -> None:
    again = promise(changes={"/title": "Data sharing agreement for tutoring, school year 2026-2027"})
    assert rules_of(promise()) == rules_of(again)


def test_the_order_of_clients_and_stops_does_not_show() -> None:
    made = promise(clients=("tutor", "other", "third"))
    stops = (Suspension(TUTOR, 7), Suspension(made.digest, 3), Suspension("partner:bright-path", 9))
    turned = replace(made, granted=replace(made.granted, bindings=made.granted.bindings[::-1]))
    assert rules_of(made, suspensions=stops) == rules_of(turned, suspensions=stops[::-1])


def test_rules_are_sorted_and_each_stands_once() -> None:
    ruleset = rules_of(promise(clients=("tutor", "tutor")), suspensions=(Suspension(TUTOR, 7),) * 2)
    orders = [rule.order for rule in ruleset.rules]
    assert orders == sorted(set(orders))
    assert ruleset.links == ((TUTOR, ruleset.role),)


@pytest.mark.parametrize(
    "change",
    [
        {"/purpose/words": "Something else."},
        {"/datasets/0/elements/2/transformation": "year"},
        {"/term/last_day": "2027-06-29"},
        {"/cadence": "daily"},
    ],
)
def test_any_change_of_the_document_changes_the_digest(change: dict[str, Any]) -> None:
    assert compiled(promise(changes=change)).digest != compiled(promise()).digest


def test_another_client_stop_catalogue_or_guardrail_changes_the_digest() -> None:
    made = promise()
    digests = {
        rules_of(made).digest,
        rules_of(promise(clients=("tutor", "other"))).digest,
        rules_of(made, suspensions=(Suspension(TUTOR, 7),)).digest,
        rules_of(made, guardrails=replace(load_guardrails(), digest="sha256:" + "0" * 64)).digest,
        compile_rules(
            made.granted.agreement,
            made.granted.bindings,
            replace(load_catalogue(), digest="sha256:" + "0" * 64),
            load_guardrails(),
        ).digest,
    }
    assert len(digests) == 5


@pytest.mark.parametrize(
    ("concerns", "subject"),
    [
        (TUTOR, TUTOR),
        ("partner:bright-path", "role"),
        ("agreement", "role"),
    ],
)
def test_a_stop_denies_everything_to_whom_it_concerns(concerns: str, subject: str) -> None:
    made = promise()
    stop = Suspension(made.digest if concerns == "agreement" else concerns, 4711)
    ruleset = rules_of(made, suspensions=(stop,))
    [rule] = denials(ruleset)
    assert rule.sub == (ruleset.role if subject == "role" else subject)
    assert rule.agr == (made.digest if subject == "role" else ANY)
    assert (rule.obj, rule.fld, rule.act) == (ANY, ANY, ANY)
    assert rule.clause == "log:/4711"


@pytest.mark.parametrize("concerns", [client_id("other"), "partner:somebody-else", "sha256:" + "0" * 64])
def test_a_stop_of_somebody_else_leaves_no_trace(concerns: str) -> None:
    assert rules_of(promise(), suspensions=(Suspension(concerns, 4711),)) == rules_of(promise())


def test_a_guardrail_denies_what_the_agreement_lists() -> None:
    [rule] = denials(rules_of(promise(), guardrails=STRICTER))
    assert (rule.fld, rule.obj, rule.clause) == ("000115", ANY, "guardrails:/never/9")
    assert rule.agr == promise().digest


def test_guardrails_add_no_rule_where_the_agreement_lists_nothing_of_it() -> None:
    assert denials(rules_of(promise())) == []


def test_a_client_is_denied_whenever_nobody_answers_for_it() -> None:
    made = promise()
    first = Window(datetime(2026, 9, 1, tzinfo=UTC), datetime(2026, 10, 1, tzinfo=UTC))
    second = Window(datetime(2026, 11, 1, tzinfo=UTC), datetime(2027, 7, 1, tzinfo=UTC))
    for windows, gaps in (
        ((), [(EARLIEST, LATEST)]),
        ((first,), [(EARLIEST, instant(first.begins)), (instant(first.ends), LATEST)]),
        (
            (second, first),
            [
                (EARLIEST, instant(first.begins)),
                (instant(first.ends), instant(second.begins)),
                (instant(second.ends), LATEST),
            ],
        ),
        ((first, Window(first.ends, second.ends)), [(EARLIEST, instant(first.begins)), (instant(second.ends), LATEST)]),
    ):
        denied = denials(rules_of(made, accountable={TUTOR: windows}))
        assert [(rule.nbf, rule.exp) for rule in denied] == gaps
        assert {(rule.sub, rule.agr, rule.obj, rule.fld, rule.clause) for rule in denied} == {
            (TUTOR, made.digest, ANY, ANY, UNACCOUNTED)
        }


def test_a_client_that_is_not_named_among_those_answered_for_is_denied_always() -> None:
    denied = denials(rules_of(promise(clients=("tutor", "other")), accountable={TUTOR: (ALWAYS,)}))
    assert [(rule.sub, rule.nbf, rule.exp) for rule in denied] == [(client_id("other"), EARLIEST, LATEST)]


def test_a_replaced_version_ends_on_the_first_day_of_the_next() -> None:
    made = promise()
    until = datetime(2027, 1, 4, 8, tzinfo=UTC)
    allowed = [rule for rule in rules_of(made, until=until).rules if rule.eft == "allow"]
    assert {rule.exp for rule in allowed} == {instant(until)}
    # A later version that begins after the term does not lengthen it, one that begins before it leaves nothing.
    after = rules_of(made, until=datetime(2030, 1, 1, tzinfo=UTC))
    assert after.digest == rules_of(made).digest
    assert [rule.eft for rule in rules_of(made, until=datetime(2026, 8, 1, tzinfo=UTC)).rules] == []


def test_a_framework_grants_nothing_by_itself() -> None:
    assert [rule.eft for rule in rules_of(promise(changes={"/framework": True}, clients=())).rules] == []
