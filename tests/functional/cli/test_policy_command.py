"""`pactgate policy`: refused first; then every question that a person of the district asks, on real records."""

import asyncio
import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from audit.commitments import require_bytes, unpack_private
from gateway.keys import load_keys
from gateway.records.subjects import SubjectKey
from gateway.services.explaining.world import World, open_world
from gateway.services.office import Office
from tests.factories.command_line import NOW, PERSONAL, CommandLine

_numbers = count(1)
PARTNER = ("--partner", "partner:bright-path")
GRADE = ("--element", "grade_level")
NEWEST = "SELECT convert_from(leaf, 'UTF8') FROM audit.entry ORDER BY idx DESC LIMIT 1"


@pytest.fixture(scope="module")
def _loaded_desk(_active_desk: CommandLine, tmp_path_factory: pytest.TempPathFactory) -> CommandLine:
    """Two of three students covered, and somebody who answers for the client."""
    asyncio.run(_active_desk.server.create("cli_loaded", template=_active_desk.database))
    desk = _active_desk.copy("cli_loaded", tmp_path_factory.mktemp("loaded"))
    agreement = desk.done("agreement", "show")[0]
    desk.name_people(agreement["digest"])
    desk.accept()
    both = ("--mapping", "@facts.toml", "--mapping", "@lists.toml")
    desk.done("records", "load", "@export", *both, "--agreements", f"bright={agreement['id']}")
    return desk


@pytest.fixture
def loaded(_loaded_desk: CommandLine, tmp_path: Path) -> Iterator[CommandLine]:
    name = f"cli_loaded_{next(_numbers)}"
    asyncio.run(_loaded_desk.server.create(name, template=_loaded_desk.database))
    yield _loaded_desk.copy(name, tmp_path)
    asyncio.run(_loaded_desk.server.drop(name))


def about(desk: CommandLine, number: str, *more: str, code: int = 0) -> tuple[dict[str, object], str]:
    """The one answer about a student, and what was said."""
    outcome = desk.run("policy", "explain", *PARTNER, *GRADE, "--student", number, *more)
    assert outcome.code == code, outcome.err
    (answer,) = outcome.data["answers"]
    return answer, outcome.err


class TestRefused:
    @pytest.mark.parametrize(
        "words",
        [
            ("--dataset", "students"),
            PARTNER,
            (*PARTNER, *GRADE, "--element", "sex"),
            (*PARTNER, *GRADE, "--at", "someday"),
            ("--client", "me", *GRADE),
            ("--agreement", "sps-a", *GRADE),
        ],
    )
    def test_a_question_about_nothing_is_a_usage_error(self, active: CommandLine, words: tuple[str, ...]) -> None:
        active.refused("policy", "explain", *words, code=2)

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (("--partner", "partner:nobody", *GRADE), "No agreement of partner:nobody was ever in force"),
            (("--agreement", "agreement:nobody-signed-this", *GRADE), "was ever in force"),
            (("--client", "client:00000000-0000-4000-8000-000000000000", *GRADE), "No client"),
            ((*PARTNER, "--element", "shoe_size"), "no element 'shoe_size'"),
            ((*PARTNER, "--dataset", "students", "--element", "shoe_size"), "an element that the dataset"),
        ],
    )
    def test_what_is_not_there_is_a_sentence(self, active: CommandLine, words: tuple[str, ...], said: str) -> None:
        assert said in active.refused("policy", "explain", *words)

    @pytest.mark.claim(9)
    def test_a_number_that_nobody_has_is_not_repeated_and_nothing_is_written(self, loaded: CommandLine) -> None:
        size = loaded.found("SELECT size FROM audit.head")
        said = loaded.refused("policy", "explain", *PARTNER, *GRADE, "--student", "7009")
        assert "7009" not in said
        assert loaded.found("SELECT size FROM audit.head") == size

    def test_a_file_and_an_agreement_are_two_questions(self, active: CommandLine) -> None:
        words = ("policy", "show", "@agreement.yaml", "--agreement", "agreement:sps-a-tutoring")
        active.refused(*words, code=2)


class TestShow:
    def test_a_draft_shows_the_rules_it_would_have(self, signed: CommandLine) -> None:
        (found,) = signed.done("policy", "show", "@agreement.yaml")
        assert (found["in_force"], found["clients"], found["bars"]) == (False, [], [])
        line = next(each for each in found["lines"] if each["name"] == "birthdate")
        assert (line["clause"], line["transformation"], line["barred_by"]) == (
            "/datasets/0/elements/2",
            "age_years",
            [],
        )
        assert line["nbf"] == "2026-09-01T07:00:00Z"
        (again,) = signed.done("policy", "show", "@agreement.signed.json")
        assert again == found

    def test_what_the_district_withholds_is_marked(self, signed: CommandLine) -> None:
        draft = (signed.folder / "agreement.yaml").read_text()
        line = '      - {element: "000115", transformation: exact}'
        assert line in draft
        signed.write(
            "barred.yaml", draft.replace(line, f'{line}\n      - {{element: "000180", transformation: exact}}')
        )
        assert "own" in signed.run("policy", "show", "@barred.yaml").err

    def test_what_is_in_force_is_shown_with_its_stops(self, loaded: CommandLine) -> None:
        (before,) = loaded.done("policy", "show")
        assert before["in_force"]
        assert {bar["clause"] for bar in before["bars"]} == {"people:/"}
        (client,) = before["clients"]
        loaded.done("client", "suspend", client, "--reason", "a look", typed="y\n")
        outcome = loaded.run("policy", "show", "--agreement", before["id"])
        (after,) = outcome.data
        assert [bar["subject"] for bar in after["bars"] if bar["clause"].startswith("log:/")] == [client]
        assert after["ruleset"] != before["ruleset"]
        assert f"nothing            for {client}, log:/" in outcome.err
        loaded.done("agreement", "terminate", before["agreement"], "--reason", "over", typed="y\n")
        assert loaded.done("policy", "show", "--agreement", before["id"]) == []


class TestRequests:
    def test_every_reason_is_said_and_the_partner_reads_its_own(self, loaded: CommandLine) -> None:
        (client,) = loaded.done("policy", "show")[0]["clients"]
        loaded.done("client", "suspend", client, "--reason", "a look", typed="y\n")
        asked = ("policy", "explain", "--client", client, "--dataset", "students", "--element", "sex")
        outcome = loaded.run(*asked, "--at", "2027-07-02T00:00")
        (answer,) = outcome.data
        codes = ["suspended", "agreement_expired", "no_responsible_person", "element_not_covered"]
        assert [reason["code"] for reason in answer["reasons"]] == codes
        assert "for 4 reasons" in outcome.err
        assert "log:/" in outcome.err
        told = loaded.run(*asked, "--as-partner", "--at", "2027-07-02T00:00:00+00:00")
        assert [reason["code"] for reason in told.data[0]["reasons"]] == codes
        assert "log:/" not in told.out + told.err

    def test_filters_and_sort_are_asked_about_by_name_only(self, loaded: CommandLine) -> None:
        words = ("--dataset", "students", *GRADE, "--filter", "telephone", "--sort", "sex", "--purpose", "mentoring")
        (answer,) = loaded.done("policy", "explain", *PARTNER, *words)
        assert [(each["code"], each["elements"]) for each in answer["reasons"]] == [
            ("purpose_not_covered", []),
            ("element_not_covered", ["telephone", "sex"]),
        ]

    def test_an_element_is_followed_through_time(self, loaded: CommandLine) -> None:
        (answer,) = loaded.done("policy", "explain", *PARTNER, *GRADE)
        assert {stretch["dataset"] for stretch in answer["stretches"]} == {"students", "enrollments"}
        of_students = [stretch for stretch in answer["stretches"] if stretch["dataset"] == "students"]
        assert [bool(stretch["reasons"]) for stretch in of_students] == [True, True, False, True]
        (other,) = loaded.done("policy", "explain", *PARTNER, "--element", "course_title")
        assert {stretch["dataset"] for stretch in other["stretches"]} == {"courses"}

    def test_an_agreement_that_is_over_has_no_client_any_more(self, loaded: CommandLine) -> None:
        (shown,) = loaded.done("policy", "show")
        loaded.done("agreement", "terminate", shown["agreement"], "--reason", "over", typed="y\n")
        for words in (GRADE, ("--dataset", "students")):
            (answer,) = loaded.done("policy", "explain", *PARTNER, *words)
            assert "No client is bound" in answer["sentences"][0]
            named = ("--agreement", shown["id"], "--client", shown["clients"][0])
            (answer,) = loaded.done("policy", "explain", *named, *words)
            assert "No agreement in force names this client." in " ".join(answer["sentences"])


class TestStudents:
    def test_why_a_tutor_does_not_see_a_grade(self, loaded: CommandLine) -> None:
        answer, said = about(loaded, "7003")
        assert not answer["seen"]
        assert answer["kept_agrees"] is True
        against = answer["against"]
        assert isinstance(against, dict)
        assert against["code"] == "population"
        assert "It is not so that the student stands on the agreement's roster (/population/all/0/roster)." in said
        assert "What would have to change:" in said

    def test_why_a_tutor_sees_a_grade(self, loaded: CommandLine) -> None:
        answer, said = about(loaded, "7001")
        assert answer["seen"]
        assert answer["kept_agrees"] is True
        for words in (
            "Bright Path Tutoring sees 'Grade level' of this student",
            "/datasets/0/elements/3 ('element 000100, transformation exact')",
            "The purpose is tutoring",
            "The legal basis is consent",
            "On the agreement's roster, from 2026-09-01 on, by entry",
            "Consent of a parent, signed on 2026-09-02, to 16 of 16 elements",
            "The population that is kept for partners says the same.",
        ):
            assert words in said

    @pytest.mark.claim(4)
    @pytest.mark.claim(9)
    def test_the_question_is_on_record_before_it_is_answered_and_names_nobody(self, loaded: CommandLine) -> None:
        outcome = loaded.run("policy", "explain", *PARTNER, *GRADE, "--student", "-", typed="7001\n")
        leaf = json.loads(loaded.found(NEWEST))
        assert leaf["event"] == "explanation.read"
        assert (leaf["agreements"], leaf["elements"]) == ([outcome.data["answers"][0]["agreement"]], ["000100"])
        newest = "SELECT opening FROM audit.private ORDER BY idx DESC LIMIT 1"
        private = unpack_private(loaded.found(newest, role="admin"))
        require_bytes(bytes.fromhex(leaf["request"]), private.request_salt, private.request)
        number = loaded.found("SELECT subjects FROM audit.subject", role="admin")
        sealed = loaded.found(
            "SELECT sealed FROM records.subject JOIN records.identity USING (student_id)"
            " WHERE student_identifier = '7001'",
            role="admin",
        )
        key = SubjectKey(load_keys(loaded.folder / "home" / "keys").subject)
        assert key.numbers([sealed]) == number
        assert json.loads(private.request)["subject"] == number.hex()
        printed = json.dumps(leaf) + private.request.decode() + outcome.out + outcome.err
        assert not [word for word in PERSONAL if word in printed]
        assert loaded.done("audit", "verify")["holds"]

    def test_a_withdrawal_is_named_with_its_entry_and_the_day_before_it_is_still_explained(
        self, loaded: CommandLine
    ) -> None:
        loaded.at(NOW + dt.timedelta(days=2))
        (shown,) = loaded.done("policy", "show")
        entry = loaded.done("records", "withdraw", "--agreement", shown["id"], "--student", "7001")["entry"]
        answer, said = about(loaded, "7001")
        assert not answer["seen"]
        assert f"withdrawn on 2026-10-07 by entry {entry}." in said
        former, said = about(loaded, "7001", "--at", (NOW + dt.timedelta(days=1)).isoformat())
        assert former["seen"]
        assert former["kept_agrees"] is True
        assert former["day"] == "2026-10-06"
        assert "withdrawn" not in said
        before, _ = about(loaded, "7001", "--at", "2020-01-01")
        assert before["as_of"] == -1
        assert before["kept_agrees"] is None

    def test_an_opt_out_and_a_consent_to_less_are_said(self, loaded: CommandLine) -> None:
        loaded.done("records", "opt-out", "--student", "7001")
        answer, said = about(loaded, "7001")
        assert (answer["seen"], answer["kept_agrees"]) == (False, True)
        assert "does not see" in said
        assert "The family has opted out." in said
        lists = (loaded.folder / "lists.toml").read_text().replace('constant = "all"', 'constant = "000115"')
        loaded.write("lists.toml", lists)
        (shown,) = loaded.done("policy", "show")
        loaded.load_confirmed("@export", "--mapping", "@lists.toml", "--agreements", f"bright={shown['id']}")
        answer, said = about(loaded, "7002")
        assert (answer["seen"], answer["kept_agrees"], answer["covered"]) == (False, True, ["000115"])
        assert "none of them covers this element" in said

    def test_a_rule_that_refuses_comes_before_what_is_known_of_the_student(self, loaded: CommandLine) -> None:
        outcome = loaded.run("policy", "explain", *PARTNER, "--element", "sex", "--student", "7001")
        (answer,) = outcome.data["answers"]
        assert answer["against"]["code"] == "element_not_covered"
        (shown,) = loaded.done("policy", "show")
        loaded.done("agreement", "terminate", shown["agreement"], "--reason", "over", typed="y\n")
        over, said = about(loaded, "7001")
        assert over["against"]["code"] == "no_client"  # type: ignore[index] # JSON
        assert over["kept_agrees"] is None
        assert "No population was kept" in said
        named, _ = about(loaded, "7001", "--client", shown["clients"][0], "--agreement", shown["id"])
        assert named["against"]["code"] == "unknown_client"  # type: ignore[index] # JSON

    def test_a_school_year_that_the_agreement_does_not_list_has_no_row(self, loaded: CommandLine) -> None:
        enrolled = (loaded.folder / "export" / "enrollments.csv").read_text().replace("2026-2027", "2027-2028")
        loaded.write("export/enrollments.csv", enrolled)
        loaded.load_confirmed("@export", "--mapping", "@facts.toml")
        answer, _ = about(loaded, "7001")
        assert answer["against"]["code"] == "school_year"  # type: ignore[index] # JSON

    @pytest.mark.claim(3)
    def test_a_kept_population_that_is_not_what_the_facts_say_is_an_alarm(self, loaded: CommandLine) -> None:
        loaded.sql("UPDATE records.population SET covers = 1", role="admin")
        answer, said = about(loaded, "7001", code=1)
        assert answer["kept_agrees"] is False
        assert "ALARM" in said
        loaded.sql("DELETE FROM records.population", role="admin")
        answer, said = about(loaded, "7001", code=1)
        assert "ALARM" in said

    def test_rules_and_facts_of_two_epochs_are_never_joined(
        self, loaded: CommandLine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def behind(office: Office) -> World:
            world = await open_world(office)
            return replace(world, moment=replace(world.moment, epoch=world.moment.epoch - 1))

        monkeypatch.setattr("gateway.services.explaining.students.open_world", behind)
        said = loaded.refused("policy", "explain", *PARTNER, *GRADE, "--student", "7001")
        assert "Ask again" in said

    def test_a_student_whose_link_was_erased_is_still_explained(self, loaded: CommandLine) -> None:
        loaded.sql("DELETE FROM records.subject", role="admin")
        answer, _ = about(loaded, "7001")
        assert answer["seen"]
        assert loaded.found("SELECT count(*) FROM audit.subject", role="admin") == 0


class TestPolicyTests:
    def test_a_folder_without_a_test_tests_nothing(self, bare: CommandLine) -> None:
        bare.write("empty/notes.yaml", "a: b\n")
        assert "holds no file" in bare.refused("policy", "test", "@empty")

    def test_an_expectation_that_is_not_met_fails_with_both_values(self, signed: CommandLine) -> None:
        signed.write(
            "drafts/one.policy.yaml",
            "format: pactgate-policy-test/1\nagreement: ../agreement.yaml\ngiven: {dataset: students}\n"
            "expectations:\n  - name: Nobody sees grades\n    expect: {denied: suspended}\n",
        )
        outcome = signed.run("policy", "test", "@drafts", "@drafts/one.policy.yaml")
        assert outcome.code == 1
        (report,) = outcome.data
        assert [(each["line"], each["name"]) for each in report["failed"]] == [(5, "Nobody sees grades")]
        assert "denied: expected suspended, found permit {" in outcome.err
        assert "no expectation names /datasets/0/elements/0" in outcome.err
        assert "no student of an expectation fails /population/all/0/roster" in outcome.err

    def test_what_cannot_be_read_is_refused_with_its_line(self, bare: CommandLine) -> None:
        bare.write("bad.policy.yaml", "format: pactgate-policy-test/1\nagreement: a.yaml\nexpectations: []\n")
        assert "Line 3: " in bare.refused("policy", "test", "@bad.policy.yaml")
        bare.write("bad.policy.yaml", "format: pactgate-policy-test/1\nagreement: a.yaml\n")
        assert "Line 1: " in bare.refused("policy", "test", "@bad.policy.yaml")

    def test_what_is_met_is_counted_and_the_folder_one_stands_in_is_meant(
        self, bare: CommandLine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        folder = Path(__file__).parents[3] / "agreements" / "examples" / "expectations"
        bare.write("expectations/one.policy.yaml", (folder / "commit-master.policy.yaml").read_text())
        bare.write("commit-master.yaml", (folder.parent / "commit-master.yaml").read_text())
        monkeypatch.chdir(bare.folder)
        outcome = bare.run("policy", "test")
        assert outcome.code == 0, outcome.err
        assert outcome.err == "expectations/one.policy.yaml: 3 of 3 expectations are met\n"
