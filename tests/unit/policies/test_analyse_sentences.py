"""What was found is said in sentences that a person can act on."""

from dataclasses import replace
from datetime import UTC, datetime

from agreements.elements import load_catalogue
from policies.analyse import sentences as words
from policies.analyse.changes import changes
from policies.analyse.dead import Dead, Why
from policies.analyse.linking import joinable, load_linking
from policies.analyse.obtained import obtained
from policies.analyse.replay import Effect, Tally
from policies.analyse.together import AddsUp, together
from policies.analyse.unused import Unused
from policies.analyse.who import who
from policies.rehearsal import Rehearsed
from tests.factories.analysed import MENTOR, MENTORING, STATE, TUTORING, alone, everything, only_lines
from tests.factories.policy_worlds import NOVEMBER, TUTOR

CATALOGUE = load_catalogue()


def test_who_obtains_it_how_for_what_by_which_clause_and_until_when() -> None:
    (found,) = [each for each in who(STATE, "000496", NOVEMBER) if each.client == TUTOR]
    assert words.obtained_sentence(found, CATALOGUE) == (
        f"partner:bright-path ({TUTOR}) can obtain 'Number of school days so far' (attendance: 000496), as it is, for "
        f"tutoring, by {found.clauses[0]} of agreement:sps-a-tutoring ({TUTORING.digest}), until 2027-07-01 07:00 UTC."
    )
    forever = replace(found, element="000000", name="shoe_size", ends=datetime.max.replace(tzinfo=UTC))
    said = words.obtained_sentence(forever, CATALOGUE)
    assert "'shoe_size' (attendance: 000000)" in said
    assert said.endswith("without an end.")


def test_what_is_gained_lost_or_leaves_in_another_way() -> None:
    before, after = (
        obtained(alone(Rehearsed(only_lines(TUTORING, ways), frozenset({TUTOR}))))
        for ways in ({"000033": "year", "000115": "exact"}, {"000033": "exact", "000255": "exact"})
    )
    said = [words.change_sentence(each, CATALOGUE) for each in changes(before, after, NOVEMBER)]
    when = "from 2026-11-02 09:30 UTC, until 2027-07-01 07:00 UTC."
    assert [each.partition(": ")[2] for each in said] == [
        f"'Date of birth' (students: 000033) leaves as it is instead of as a year, {when}",
        f"'First name' (students: 000115) is lost, {when}",
        f"'Sex' (students: 000255) is gained, as it is, {when}",
    ]


def test_what_a_partner_holds_and_what_could_be_joined() -> None:
    holdings = {each.element: each for each in together(everything(), TUTORING.partner.id)}
    assert "as an age in years; together with it as a year (agreement:" in words.holding_sentence(
        holdings["000033"], CATALOGUE
    )
    assert ": as it is (agreement:" in words.holding_sentence(holdings["000115"], CATALOGUE)
    said = words.gathered(joinable(everything(), load_linking()))
    assert any(each.startswith("By full name (identifier) records of 2 partners could be joined.") for each in said)
    own = [each for each in everything() if each.client != MENTOR]
    assert "records of one partner could be joined" in words.gathered(joinable(own, load_linking()))[0]
    pair = AddsUp("one", "other", ("a",), ("b", "c"), ())
    assert "with nothing of ours to join them by: only the first tells 1" in words.adds_up_sentence(pair)
    assert "joined by full name:" in words.adds_up_sentence(replace(pair, joined_by=("full name",)))


def test_what_can_never_matter_and_why() -> None:
    whole = Dead("sha256:…", "agreement:x", Why.STOPPED, client=TUTOR, by="log:/3")
    assert words.dead_sentence(whole) == f"agreement:x: All of it for {TUTOR} can never matter: it is stopped (log:/3)."
    clause = Dead("sha256:…", "agreement:x", Why.DROPPED, clause="/datasets/0/elements/3", element="000255")
    assert words.dead_sentence(clause).startswith(
        "agreement:x: /datasets/0/elements/3 (000255) can never matter: it drops"
    )
    for why in Why:
        assert words.dead_sentence(replace(whole, why=why))


def test_what_nobody_asked_for() -> None:
    idle = Unused(MENTORING.partner.id, MENTOR, MENTORING.id)
    assert "never asked for anything under" in words.unused_sentence(idle)
    assert "never asked for students under" in words.unused_sentence(replace(idle, dataset="students"))
    element = replace(idle, dataset="students", element="000255", name="sex")
    assert "never asked for students: sex (000255) under" in words.unused_sentence(element)


def test_what_would_have_become_of_requests() -> None:
    tally = Tally(TUTOR, Effect.LOST, 2, first=7, last=9)
    tally.elements["students:sex"] += 2
    assert words.tally_sentence(tally).endswith(
        "2 request(s) would have been refused, from entry 7 to entry 9: students:sex."
    )
    tally.codes["suspended"] += 2
    assert "refused (suspended), from" in words.tally_sentence(tally)
