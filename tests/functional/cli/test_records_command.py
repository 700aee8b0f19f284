"""Records: what a load refuses and says about it, and a family's no. No output ever holds a cell of the export."""

import datetime as dt
import json

import pytest

from tests.factories.command_line import EXPORT, CommandLine


def _agreement(desk: CommandLine) -> str:
    return str(desk.done("agreement", "show")[0]["digest"])


def _line(desk: CommandLine) -> str:
    return str(desk.done("agreement", "show")[0]["id"])


def _covered(desk: CommandLine) -> int:
    return int(desk.done("agreement", "show")[0]["covered_today"])


@pytest.fixture
def loaded(active: CommandLine) -> CommandLine:
    both = ("--mapping", "@facts.toml", "--mapping", "@lists.toml")
    active.done("records", "load", "@export", *both, "--agreements", f"bright={_agreement(active)}")
    assert _covered(active) == 2
    return active


def test_a_mapping_that_is_missing_or_wrong_loads_nothing(active: CommandLine) -> None:
    assert "nowhere.toml cannot be read" in active.refused(
        "records", "load", "@export", "--mapping", "@facts.toml", "--mapping", "@nowhere.toml"
    )
    active.write("odd.toml", (active.folder / "facts.toml").read_text().replace('"students"', '"pupils"'))
    assert "docs/mapping-files.md" in active.refused("records", "load", "@export", "--mapping", "@odd.toml")
    assert active.found("SELECT count(*) FROM records.batch") == 0


def test_a_folder_without_the_files_is_a_sentence(active: CommandLine) -> None:
    assert "schools.csv is not there" in active.refused("records", "load", "@home", "--mapping", "@facts.toml")


@pytest.mark.parametrize("text", ["bright", "=sha256:12", "bright=sha256:12", "bright=agreement:Sps-A", "bright=sps-a"])
def test_an_agreement_named_wrongly_is_a_usage_error(active: CommandLine, text: str) -> None:
    active.refused("records", "load", "@export", "--mapping", "@lists.toml", "--agreements", text, code=2)


def test_lists_for_an_agreement_that_nobody_registered_are_refused(active: CommandLine) -> None:
    load = ("records", "load", "@export", "--mapping", "@facts.toml", "--mapping", "@lists.toml")
    for name in ("sha256:" + "0" * 64, "agreement:nobody-signed-this"):
        assert "in force" in active.refused(*load, "--agreements", f"bright={name}")
    assert active.found("SELECT count(*) FROM records.batch") == 0


@pytest.mark.claim(7)
def test_an_agreement_that_is_over_keeps_nothing_of_an_export_from_being_read(loaded: CommandLine) -> None:
    load = ("records", "load", "@export", "--mapping", "@facts.toml", "--mapping", "@lists.toml")
    digest, line = _agreement(loaded), _line(loaded)
    loaded.done("agreement", "terminate", digest, "--reason", "over", typed="y\n")
    for name, left in ((digest, 1), (line, 0)):
        consents = EXPORT["consents.csv"].splitlines(keepends=True)[: 1 + left]
        loaded.export_files(consents="".join(consents))
        facts, lists = loaded.done(*load, "--agreements", f"bright={name}")
        assert (facts["loaded"], lists["targets"]["consents"]["ended"]) == (True, 1)


def test_a_list_may_name_its_agreement_by_the_id_that_all_versions_share(active: CommandLine) -> None:
    both = ("--mapping", "@facts.toml", "--mapping", "@lists.toml")
    active.done("records", "load", "@export", *both, "--agreements", f"bright={_line(active)}")
    assert _covered(active) == 2
    # The digest of any version means the same list.
    reports = active.done("records", "load", "@export", *both, "--agreements", f"bright={_agreement(active)}")
    assert [each["unchanged"] for each in reports[1]["targets"].values()] == [2, 2]


def test_a_malformed_row_is_refused_by_its_line_and_the_others_are_taken(active: CommandLine) -> None:
    active.export_files(students=EXPORT["students.csv"].replace("2011-05-06", "6 May 2011"))
    outcome = active.run("records", "load", "@export", "--mapping", "@facts.toml")
    assert outcome.code == 0
    assert "1 row(s) were refused" in outcome.err or "row(s) were refused" in outcome.err
    (report,) = outcome.data
    assert report["loaded"] is True
    assert report["targets"]["students"]["added"] == 2
    assert any(row.startswith("students:3: 'born'") for row in report["refused"])
    assert "6 May" not in outcome.out
    # What no mapping reads has no home, and is said.
    assert report["unread"] == ["consents.csv", "roster.csv"]
    assert "No mapping reads consents.csv, roster.csv: nothing of it is here." in outcome.err


def test_a_strict_load_takes_nothing_and_lists_the_rows(active: CommandLine) -> None:
    active.export_files(students=EXPORT["students.csv"].replace("7002,Bo,", '7002,"Bo,'))
    outcome = active.run("records", "load", "@export", "--mapping", "@facts.toml", "--strict")
    assert outcome.code == 1
    (report,) = outcome.data
    assert (report["mapping"], report["loaded"]) == ("facts", False)
    assert any(row.startswith("students:3: a quotation mark") for row in report["refused"])
    assert active.found("SELECT count(*) FROM records.identity") == 0


def test_a_dry_run_says_what_would_happen_and_writes_nothing_but_the_refused_rows(active: CommandLine) -> None:
    active.export_files(students=EXPORT["students.csv"].replace("2011-05-06", "=6 May 2011"))
    load = ("records", "load", "@export", "--mapping", "@facts.toml", "--refused", "@refused.csv")
    size = active.found("SELECT size FROM audit.head")
    (report,) = active.done(*load, "--dry-run")
    assert (report["loaded"], report["entries"], report["held"]) == (False, [], [])
    assert (report["targets"]["students"]["added"], report["refused_rows"]) == (2, 2)
    assert report["reasons"]["students"] == {"'born' is no date written as YYYY-MM-DD": 1}
    assert active.found("SELECT size FROM audit.head") == size
    assert active.found("SELECT count(*) FROM records.identity") == 0
    kept = active.folder / "refused.csv"
    assert kept.stat().st_mode & 0o077 == 0
    assert "students,3,born,'born' is no date written as YYYY-MM-DD,'=9 xxx 9999" in kept.read_text()
    # What is there is not written over.
    assert "File exists" in active.refused(*load, code=2)


def test_a_shipped_mapping_is_named_and_a_name_nobody_ships_is_refused(active: CommandLine) -> None:
    said = active.refused("records", "load", "@export", "--mapping", "shipped:oneroster")
    assert "oneroster_1p1, oneroster_1p2" in said
    assert "manifest.csv is not there" in active.refused(
        "records", "load", "@export", "--mapping", "shipped:oneroster_1p2", "--delta", "@export"
    )


def test_what_was_loaded_before_a_refusal_is_accounted_for(active: CommandLine) -> None:
    (active.folder / "export" / "consents.csv").unlink()
    outcome = active.run(
        *("records", "load", "@export", "--mapping", "@facts.toml", "--mapping", "@lists.toml"),
        *("--agreements", f"bright={_agreement(active)}"),
    )
    assert outcome.code == 1
    assert "consents.csv is not there" in outcome.err
    assert [(line["mapping"], line["loaded"]) for line in outcome.data] == [("facts", True), ("lists", False)]
    assert outcome.data[1]["code"] == "bad_source"


@pytest.mark.claim(7)
def test_what_one_mapping_refuses_or_holds_keeps_no_other_from_being_read(loaded: CommandLine) -> None:
    both = ("--mapping", "@facts.toml", "--mapping", "@lists.toml", "--agreements", f"bright={_agreement(loaded)}")
    # (1): most students are gone, which is held; of the consents one was taken back, which counts.
    loaded.export_files(
        students=EXPORT["students.csv"].splitlines()[0] + "\n",
        consents="".join(EXPORT["consents.csv"].splitlines(keepends=True)[:-1]),
    )
    outcome = loaded.run("records", "load", "@export", *both)
    assert outcome.code == 1
    assert "facts: this load is held." in outcome.err
    assert [(line["mapping"], line["loaded"]) for line in outcome.data] == [("facts", False), ("lists", True)]
    assert outcome.data[0]["code"] == "load_held"
    assert _covered(loaded) == 1
    # (2): a row cannot be read and all have to be good; a file is not there. The first of them is what failed.
    loaded.export_files(students=EXPORT["students.csv"].replace("2011-05-06", "6 May 2011"))
    (loaded.folder / "export" / "roster.csv").unlink()
    outcome = loaded.run("records", "load", "@export", *both, "--strict")
    assert (outcome.code, [line["code"] for line in outcome.data]) == (1, ["rows_refused", "bad_source"])
    assert "lists: roster: roster.csv is not there" in outcome.err
    assert "rows were refused" in outcome.err
    assert _covered(loaded) == 1
    # (3): a file of the first mapping is not there, and the last consent is taken back.
    loaded.export_files(consents=EXPORT["consents.csv"].splitlines()[0] + "\n")
    (loaded.folder / "export" / "schools.csv").unlink()
    outcome = loaded.run("records", "load", "@export", *both)
    assert (outcome.code, [line["loaded"] for line in outcome.data]) == (1, [False, True])
    assert "schools.csv is not there" in outcome.err
    assert _covered(loaded) == 0


@pytest.mark.claim(12)
def test_a_suspicious_load_waits_for_two_people_who_sign_exactly_it(loaded: CommandLine) -> None:
    export = ("@export", "--mapping", "@facts.toml")
    confirm = ("records", "confirmation", *export, "--district", "district:emerald-city", "--reason", "A new year.")
    assert "would not be held" in loaded.refused(*confirm, "--key", "@olivia.pem", "--out", "@none.json")
    loaded.export_files(enrollments="number,school,year,in\n", students="number,first,last,born\n")
    held = loaded.run("records", "load", *export)
    assert held.code == 1
    assert "--confirmed" in held.err
    (told,) = held.data
    assert (told["loaded"], told["entries"]) == (False, [])
    assert "students: 3 rows would end and 0 change, of 3" in told["held"]
    written = loaded.run(*confirm, "--key", "@olivia.pem", "--out", "@confirmed.json")
    assert "students (students): of 3 rows in force 3 end and 0 change; 0 begin." in written.err
    load = ("records", "load", *export, "--confirmed", "@confirmed.json")
    assert "signed by two stewards" in loaded.refused(*load)
    assert _covered(loaded) == 2
    assert "A new year." in loaded.run("records", "sign-confirmation", "@confirmed.json", "--key", "@piotr.pem").err
    loaded.write("other.toml", (loaded.folder / "facts.toml").read_text().replace('"facts"', '"other"'))
    other = loaded.refused("records", "load", "@export", "--mapping", "@other.toml", "--confirmed", "@confirmed.json")
    assert "none of the confirmations is of this mapping" in other
    kept = (loaded.folder / "export" / "schools.csv").read_text()
    loaded.write("export/schools.csv", kept.replace("Cedar", "Cedars"))
    assert "files are others" in loaded.refused(*load)
    loaded.write("export/schools.csv", kept)
    loaded.done(*load)
    assert _covered(loaded) == 0
    (shown,) = loaded.run("audit", "show", "--event", "records.loaded").out.splitlines()[-1:]
    assert sorted(json.loads(shown)["entry"]["stewards"]) == sorted([loaded.public("olivia"), loaded.public("piotr")])
    assert "other numbers of rows" in loaded.refused(*load)


def test_no_student_is_told_from_another_by_a_refusal(loaded: CommandLine) -> None:
    digest = _agreement(loaded)
    for number in ("7009", "'; DROP TABLE records.student; --"):
        said = loaded.refused("records", "withdraw", "--agreement", digest, "--student", number)
        assert number not in said
        assert "no student has this number" in said.casefold()
    assert "nothing in force" in loaded.refused("records", "withdraw", "--agreement", digest, "--student", "7003")
    for name in ("sha256:" + "0" * 64, "agreement:nobody-signed-this"):
        assert "in force" in loaded.refused("records", "opt-out", "--student", "7001", "--agreement", name)
        assert "in force" in loaded.refused("records", "withdraw", "--student", "7001", "--agreement", name)
    assert _covered(loaded) == 2


@pytest.mark.claim(7)
def test_a_withdrawn_consent_takes_the_student_out_at_once(loaded: CommandLine) -> None:
    digest = _agreement(loaded)
    # Typed rather than given as an argument: the number stays out of the shell's history and of the screen.
    entry = loaded.done("records", "withdraw", "--agreement", digest, typed="7001\n")["entry"]
    assert _covered(loaded) == 1
    (line,) = loaded.run("audit", "show", "--event", "consent.withdrawn").out.splitlines()
    assert f'"index":{entry}' in line
    assert "nothing in force" in loaded.refused("records", "withdraw", "--agreement", digest, "--student", "7001")


@pytest.mark.claim(7)
def test_an_opt_out_takes_the_student_out_at_once(loaded: CommandLine) -> None:
    loaded.done("records", "opt-out", "--student", "7001", "--directory")
    assert _covered(loaded) == 2  # directory information is another matter than this agreement's
    loaded.done("records", "opt-out", "--student", "7001", "--agreement", _agreement(loaded))
    assert _covered(loaded) == 1
    assert "on file" in loaded.refused("records", "opt-out", "--student", "7001", "--agreement", _line(loaded))
    loaded.done("records", "opt-out", typed="7002\n")
    assert _covered(loaded) == 0
    assert "on file" in loaded.refused("records", "opt-out", "--student", "7002")


@pytest.mark.claim(7)
@pytest.mark.parametrize("spoilt", [False, True], ids=["over", "unreadable"])
def test_what_is_over_or_cannot_be_read_can_be_stopped_by_either_name(loaded: CommandLine, spoilt: bool) -> None:
    digest, line = _agreement(loaded), _line(loaded)
    if spoilt:
        loaded.sql("ALTER TABLE agreements.document DISABLE TRIGGER ALL", role="admin")
        loaded.sql("UPDATE agreements.document SET envelope = '{}' WHERE kind = 'agreement'", role="admin")
    else:
        loaded.done("agreement", "terminate", digest, "--reason", "over", typed="y\n")
    loaded.done("records", "withdraw", "--agreement", digest, "--student", "7001")
    loaded.done("records", "withdraw", "--agreement", line, "--student", "7002")
    left = "SELECT count(*) FROM records.population WHERE to_idx IS NULL"
    assert loaded.found(left) == loaded.found("SELECT count(*) FROM records.consent WHERE to_idx IS NULL") == 0


@pytest.mark.ferpa("F2")
def test_a_statement_about_a_contested_record_is_placed_and_ended(loaded: CommandLine) -> None:
    loaded.write("words.txt", "The date is wrong.\n")
    about = ("--element", "first_name", "--element", "000033")
    assert "xyz" in loaded.refused("records", "place-statement", "--element", "xyz", "--statement", "@words.txt")
    said = loaded.refused("records", "place-statement", *about, "--statement", "@words.txt", typed="7009\n")
    assert "no student has this number" in said.casefold()
    placed = loaded.done("records", "place-statement", *about, "--statement", "@words.txt", typed="7001\n")
    assert placed["elements"] == ["000033", "000115"]
    (line,) = loaded.run("audit", "show", "--event", "statement.placed").out.splitlines()
    assert f'"index":{placed["entry"]}' in line
    assert "wrong" not in line
    end = ("records", "end-statement", "--because", "amended", "--student", "7001")
    assert "nothing in force" in loaded.refused(*end, "--element", "first_name").casefold()
    assert loaded.done(*end, *about)["entry"] == placed["entry"] + 1


def test_what_is_said_about_numbers_is_refused_or_put_on_record(loaded: CommandLine) -> None:
    assert "no student has this number" in loaded.refused("records", "number-kept", "--student", "7009").casefold()
    assert "what the last load reported" in loaded.refused("records", "number-kept", "--student", "7001")
    assert "once" not in loaded.refused("records", "merge-students", "--student", "7001", "--into", "7001")
    merged = loaded.done("records", "merge-students", typed="7001\n7002\n")
    assert _covered(loaded) == 1
    reused = loaded.done("records", "number-reused", "--student", "7002")
    assert reused["entry"] == merged["entry"] + 1
    assert set(reused) == {"entry", "until"}
    assert _covered(loaded) == 0
    (line,) = loaded.run("audit", "show", "--event", "number.reused").out.splitlines()
    assert "7002" not in line.split('"entry"')[-1]


def test_old_versions_are_deleted_only_if_the_district_said_for_how_long_they_are_kept(loaded: CommandLine) -> None:
    assert "PACTGATE_RECORDS_DAYS" in loaded.refused("records", "retain")
    keeping = loaded.with_settings(PACTGATE_RECORDS_DAYS="410")
    nothing = {"rows": 0, "readable_from": -1, "days": 410, "entry": None}
    assert keeping.done("records", "retain") == {"deleted": False, **nothing}
    # A load in which nobody is enrolled any more, and long afterwards.
    enrollments = loaded.folder / "export" / "enrollments.csv"
    enrollments.write_text(enrollments.read_text().splitlines()[0] + "\n")
    loaded.load_confirmed("@export", "--mapping", "@facts.toml")
    loaded.at(dt.datetime.now(dt.UTC) + dt.timedelta(days=2_000))
    looked = keeping.done("records", "retain", "--dry-run")
    assert (looked["deleted"], looked["entry"]) == (False, None)
    assert looked["rows"] > 0
    outcome = keeping.run("records", "retain")
    assert (outcome.data["deleted"], outcome.data["rows"]) == (True, looked["rows"])
    assert f"entry {looked['readable_from']} and later" in outcome.err
    assert keeping.done("audit", "facts")["holds"]


def test_a_report_is_written_once_and_whatever_became_of_the_load(active: CommandLine) -> None:
    active.export_files(students=EXPORT["students.csv"].replace("2011-05-06", "6 May 2011"))
    load = ("records", "load", "@export", "--mapping", "@facts.toml")
    outcome = active.run(*load, "--strict", "--report", "@night.json")
    assert outcome.code == 1
    kept = active.folder / "night.json"
    assert kept.read_text() == outcome.out
    assert kept.stat().st_mode & 0o077 == 0
    assert "File exists" in active.refused(*load, "--report", "@night.json", code=2)
    assert active.found("SELECT count(*) FROM records.batch") == 0
    assert active.done(*load, "--report", "@day.json") == json.loads((active.folder / "day.json").read_text())


def test_loads_of_one_target_are_added_up(active: CommandLine) -> None:
    mapping = (active.folder / "facts.toml").read_text()
    begin = mapping.index('[[load]]\ntarget = "schools"')
    second = mapping[begin : mapping.index('[[load]]\ntarget = "students"')]
    second = second.replace('from = "schools"', 'from = "others"\nscope = []')
    active.write("two.toml", mapping.replace('from = "schools"', 'from = "schools"\nscope = []') + second
                 + '[files.others]\npath = "others.csv"\n')  # fmt: skip
    active.write("export/others.csv", "code,name\nECS-102,Elm\nECS-103,Oak\n,Nameless\n")
    (report,) = active.done("records", "load", "@export", "--mapping", "@two.toml")
    assert report["targets"]["schools"]["added"] == 3
    assert report["reasons"]["schools"] == {"school_identifier is not known": 1}
