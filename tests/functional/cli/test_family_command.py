"""What families ask, and what is withheld from them, at the command line: signed, on record, and nobody is named."""

import datetime as dt
import stat

import pytest

from tests.factories.command_line import NOW, CommandLine
from tests.factories.pages import commands
from tests.functional.cli.test_accounting_command import LETTER

SIGN = ("--officer-key", "@olivia.pem")
TAKEN = ("--received-on", "2026-10-02", "--capacity", "parent", "--identified-by", "photo_id", *SIGN)
SHOW = ("accounting", "show", "--student", "7001")
HERE = {
    "officer-a.pem": "@olivia.pem",
    "officer-b.pem": "@piotr.pem",
    **{name: f"@{name}" for name in ("answer.pdf", "order.pdf", "records.json", "who.txt", "withholding.json")},
    "for-the-family.pdf": "@for-the-family.pdf",
}
"""What the page calls keys and files, and what they are on this desk."""
LISTS = ("list", "withheld")
WITHHOLD = ("accounting", "withhold", *SIGN, "--until", "2026-12-31")


@pytest.fixture
def desk(signed: CommandLine) -> CommandLine:
    """Three students on file, and a letter about one of them recorded by hand."""
    signed.export_files()
    signed.done("records", "load", "@export", "--mapping", "@facts.toml")
    signed.write("letter.yaml", LETTER)
    signed.write("scan.pdf", "a scan")
    return signed


@pytest.mark.ferpa("F1")
@pytest.mark.claim(9)
def test_a_request_is_taken_in_answered_and_overdue_and_no_command_names_a_student(desk: CommandLine) -> None:
    # Refused, and nothing written: an officer's key is missing, an amendment of nothing, a step to no request.
    assert "not an officer" in desk.refused("family", "request", "inspection", *TAKEN[:-1], "@rae.pem", typed="7001\n")
    assert "/elements" in desk.refused("family", "request", "amendment", *TAKEN, typed="7001\n")
    desk.refused("family", "request", "inspection", *TAKEN, "--evidence", "@nothing.pdf", typed="7001\n")
    desk.refused("family", "withdraw", "3", *SIGN)
    assert desk.done("family", "list") == []

    short = desk.with_settings(PACTGATE_FAMILY_DAYS="10")
    asked = short.done("family", "request", "inspection", *TAKEN, "--evidence", "@scan.pdf", typed="7001\n")
    assert asked["answer_by"] == "2026-10-12"
    entry = str(asked["entry"])
    assert "45 days" in desk.refused("family", "extend", entry, "--until", "2026-11-17", *SIGN)
    desk.done("family", "extend", entry, "--until", "2026-11-16", *SIGN)
    (line,) = desk.done("family", "list")
    assert (line["answer_by"], line["state"], line["overdue"]) == ("2026-11-16", "open", False)
    assert desk.done("obligation", "list")["families"][0]["entry"] == asked["entry"]
    amendment = desk.done("family", "request", "amendment", *TAKEN, "--element", "first_name", "--student", "7002")
    desk.done("family", "refuse", str(amendment["entry"]), "--ground", "hearing_offered", *SIGN)
    hearing = (*TAKEN, "--element", "first_name", "--follows", str(amendment["entry"]), "--student", "7002")
    heard = str(desk.done("family", "request", "hearing", *hearing)["entry"])
    outcome = ("family", "answer", heard, "--outcome", "statement_offered", "--officer-key")
    assert "99.22" in desk.refused(*outcome, "@olivia.pem")
    desk.done(*outcome, "@piotr.pem")

    desk.at(NOW + dt.timedelta(days=60))
    late = desk.run("family", "list")
    assert (late.code, "Overdue since 2026-11-16" in late.err) == (1, True)
    assert "Overdue since 2026-11-16" in desk.run("obligation", "list").err
    answer = ("family", "answer", entry, "--outcome", "inspected", "--evidence", "@scan.pdf", *SIGN)
    assert "no act" in desk.refused(*answer, "--by", "0")
    out = desk.done("family", "records", entry, "--out", "@records.json")
    assert (out["tables"], "Zenobia" in (desk.folder / "records.json").read_text()) == (["enrollment", "student"], True)
    assert "there already" in desk.refused("family", "records", entry, "--out", "@records.json")
    desk.done(*answer, "--by", str(out["entry"]))
    assert desk.done("family", "list") == []
    everything = desk.done("family", "list", "--all")
    assert [(each["state"], each["late"]) for each in everything] == [
        ("answered", True),
        ("refused", False),
        ("answered", False),
    ]
    desk.refused("family", "show", "3")
    assert desk.done("family", "show", entry)["line"]["entry"] == asked["entry"]
    desk.done("family", "show", entry, "--student-to", "@who.txt")
    who = desk.folder / "who.txt"
    assert (who.read_text(), stat.S_IMODE(who.stat().st_mode)) == ("7001\n", 0o600)
    assert "there already" in desk.refused("family", "show", entry, "--student-to", "@who.txt")


@pytest.mark.ferpa("N4")
def test_a_line_is_withheld_by_two_officers_at_two_machines(desk: CommandLine) -> None:
    entry = desk.done("accounting", "record", "@letter.yaml", *SIGN, "--student", "7001")["entry"]
    assert "partner_tells" in desk.refused(*SHOW)
    assert len(desk.done(*SHOW, "--acknowledge", "partner_tells")["disclosures"]) == 1
    line = ("--line", f"entry:{entry}", "--student", "7001", "--out", "@w.json")
    assert "/evidence" in desk.refused(*WITHHOLD, *line, "--reason", "court_order")
    desk.refused(*WITHHOLD, *line, "--reason", "embarrassing", code=2)
    desk.done(*WITHHOLD, *line, "--reason", "court_order", "--evidence", "@scan.pdf")
    assert "two officers" in desk.refused("accounting", "file-withholding", "@w.json")
    assert "34 CFR 99.4" in desk.run("accounting", "sign-withholding", "@w.json", "--officer-key", "@piotr.pem").err
    filed = desk.done("accounting", "file-withholding", "@w.json")
    (listed,) = desk.done("accounting", "withheld")
    assert (listed["entry"], listed["reason"], listed["lasts"]) == (filed["entry"], "court_order", True)
    found = desk.done(*SHOW)
    assert (found["disclosures"], found["withheld"]) == ([], True)


@pytest.mark.ferpa("N4")
def test_officers_keep_a_list_of_partners_whose_names_tell(desk: CommandLine) -> None:
    telling = ("accounting", "telling")
    desk.refused(*telling, "partner:night-shelter", *SIGN, code=2)
    desk.refused(*telling, "partner:night-shelter", "--tells", "shelter", code=2)
    assert "/partners/0" in desk.refused(*telling, "Night Shelter", "--tells", "shelter", *SIGN)
    assert desk.done(*telling) == {"entry": -1, "partners": {}}
    put = desk.done(*telling, "partner:night-shelter", "--tells", "shelter", *SIGN)
    assert desk.done(*telling) == put
    assert put["partners"] == {"partner:night-shelter": "shelter"}
    assert desk.done(*telling, "partner:night-shelter", "--off", *SIGN)["partners"] == {}


@pytest.mark.ferpa("N5")
def test_an_earlier_year_is_recorded_from_a_spreadsheet_whole_or_not_at_all(desk: CommandLine) -> None:
    head = "student_number,disclosed_on,party,party_kind,how,elements,basis,interest\n"
    line = "7001,2025-10-02,Birch High School,a school,a file,000115;000172,other_school,To enroll the student.\n"
    year = ("accounting", "import", "@year.csv", *SIGN, "--evidence", "@scan.pdf")
    for broken, said in (
        (line.replace("2025-10-02", "2025-02-30"), "This is what line 3 says"),
        (line.replace("000115", "999999"), "/elements/0"),
        (line.replace("7001", "9999"), "no student"),
    ):
        desk.write("year.csv", head + line + broken)
        assert said in desk.refused(*year)
    assert desk.run("audit", "show", "--event", "disclosure.recorded").out == ""
    desk.write("year.csv", head + line + line.replace("7001", "7002") + line.replace("a file", "a letter"))
    assert desk.done(*year, "--dry-run") == {"records": 2, "students": 2, "entries": None}
    done = desk.done(*year)
    assert (done["records"], done["students"]) == (2, 2)
    found = desk.done(*SHOW)
    assert {each["about"]["channel"] for each in found["disclosures"]} == {"recorded_by_hand"}
    assert [each["about"]["how"] for each in found["disclosures"]] == ["a file", "a letter"]
    assert {each["about"]["ferpa_9932_required"] for each in found["disclosures"]} == {True}


@pytest.mark.ferpa("F1")
def test_what_the_page_tells_an_officer_to_type_does_what_it_says(desk: CommandLine) -> None:
    for name in ("answer.pdf", "order.pdf"):
        desk.write(name, "a scan")
    short = desk.with_settings(PACTGATE_FAMILY_DAYS="10")
    here, done = dict(HERE), []

    def about(kind: str) -> str:
        return str(short.done("family", "request", kind, *TAKEN, "--student", "7001")["entry"])

    own = ""
    for words in typed_on_the_page():
        if words[0] == "hold":
            continue  # as far as the page of obligations tells it
        entry = own
        if words[:2] in (["family", "answer"], ["family", "refuse"], ["family", "withdraw"]):
            entry = about("inspection")
        elif words[:2] == ["accounting", "show"]:
            entry = about("accounting")
        elif words[:2] == ["accounting", "withhold"]:
            line = desk.done("accounting", "record", "@letter.yaml", *SIGN, "--student", "7001")["entry"]
            here["agreement:night-shelter"] = f"entry:{line}"
        given = [entry if word == "ENTRY" else here.get(word, word) for word in words]
        outcome = short.run(*given, typed="7001\ny\n")
        assert outcome.code == 0, (words, outcome.err)
        if words[:2] == ["family", "request"]:
            own = str(outcome.data["entry"])
        done.append(words[0])
    assert set(done) == {"family", "accounting", "obligation"}
    assert len(short.done("accounting", "withheld")) == 1


def typed_on_the_page() -> list[list[str]]:
    """Every command of the page that is whole: a name of a command alone only names it."""
    return [words for words in commands("docs/family-requests.md", "pactgate") if len(words) > 2 or words[-1] in LISTS]
