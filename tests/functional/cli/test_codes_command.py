"""Codes on the command line: listed, judged in a file, signed by two stewards on two machines, in force."""

import json

import pytest

from tests.factories.command_line import CommandLine

pytestmark = pytest.mark.ferpa("M2")

DISTRICT = ("--district", "district:emerald-city")
REASON = ("--reason", "A club, nothing else.")
OWN, RARE = "Left for the band 9", "Sad"
DISTRICT_PARTY = ("--party", "district:emerald-city")


@pytest.fixture
def stewarded(active: CommandLine) -> CommandLine:
    """Two stewards, and ten exits with a code of the district's own."""
    days = ("--from", "2026-07-01", "--to", "2027-06-30", "--may-sign", "code_classification")
    for name, officer in (("stella", "olivia"), ("teo", "piotr")):
        active.done("signer", "keygen", f"@{name}.pem")
        known = ("--name", f"{name} of the records office", "--public-key", f"@{name}.pub.json", *DISTRICT_PARTY)
        key = ("--officer-key", f"@{officer}.pem", "--out", f"@{name}.signer.json")
        active.done("signer", "introduce", *known, *days, *key)
        active.done("signer", "register", f"@{name}.signer.json")
    stays = "".join(
        f"7001,ECS-101,20{year}-20{year + 1},20{year}-09-01,20{year}-09-02,{OWN}\n" for year in range(11, 21)
    )
    rare = f"7002,ECS-101,2026-2027,2026-09-01,,{RARE}\n"
    active.export_files(enrollments=f"number,school,year,in,out,why\n{stays}{rare}")
    facts = (active.folder / "facts.toml").read_text()
    active.write(
        "facts.toml", facts.replace('entry_date = "in"', 'entry_date = "in", exit_date = "out", exit_type = "why"')
    )
    loaded = active.run("records", "load", "@export", "--mapping", "@facts.toml")
    (report,) = loaded.data
    assert report["targets"]["enrollments"]["added"] == 11, report
    told = {"codes": [{"element": "000110", "rows": 10, "value": OWN}], "others": {"000110": 1}}
    assert report["unclassified"] == told
    assert "2 value(s) that nobody has classified" in loaded.err
    assert RARE not in loaded.out
    return active


@pytest.mark.claim(12)
def test_codes_are_listed_judged_signed_twice_and_in_force(stewarded: CommandLine) -> None:
    listed = stewarded.run("codes", "unclassified", "--draft", "@codes.json")
    assert listed.data == {"codes": [{"element": "000110", "rows": 10, "value": OWN}], "others": {"000110": 1}}
    # What stands in few rows may be words about somebody: it is counted, and shown on demand.
    assert "1 more value(s)" in listed.err
    rare = stewarded.done("codes", "unclassified", "--rare")
    assert [each["value"] for each in rare["codes"]] == [OWN, RARE]
    classify = ("codes", "classify", "@codes.json", *DISTRICT, *REASON, "--out", "@classified.json")
    assert "/codes/0/verdict" in stewarded.refused(*classify, "--key", "@stella.pem")  # nobody has judged yet
    for odd in ("[]", "codes: 1", 'codes: [{element: "000110"}]'):
        stewarded.write("odd.yaml", odd)
        wrong = ("codes", "classify", "@odd.yaml", *REASON, "--key", "@stella.pem", "--out", "@odd.json")
        assert "codes" in stewarded.refused(*wrong, *DISTRICT)
        assert not (stewarded.folder / "odd.json").exists()
        stewarded.refused(*wrong, "--district", "emerald", code=2)
    drafted = (stewarded.folder / "codes.json").read_text()
    stewarded.write("codes.json", drafted.replace("TO DO", "open"))
    written = stewarded.run(*classify, "--key", "@stella.pem")
    assert "second steward" in written.err
    assert "two stewards" in stewarded.refused("codes", "register", "@classified.json")
    signed = stewarded.run("codes", "sign", "@classified.json", "--key", "@teo.pem")
    assert f"000110: '{OWN}' is open." in signed.err
    registered = stewarded.done("codes", "register", "@classified.json")
    assert registered["configuration"] == registered["entry"] + 1  # no gateway has served before
    assert stewarded.done("codes", "unclassified")["codes"] == []
    report = stewarded.done("codes", "list")
    assert (report["newest"], report["standing"]) == (written.data["document"], [["000110", OWN, "open", None]])
    # The next one follows it by itself, in YAML, and says by which law a gated one leaves.
    stewarded.write(
        "next.yaml", f'codes:\n- {{element: "000110", value: "{OWN}", verdict: gated, law: "project rule M2"}}\n'
    )
    both = ("--key", "@stella.pem", "--key", "@teo.pem")
    stewarded.done("codes", "classify", "@next.yaml", *DISTRICT, *REASON, *both, "--out", "@next.json")
    assert "(project rule M2)" in stewarded.run("codes", "sign", "@next.json", "--key", "@teo.pem").err
    stewarded.done("codes", "register", "@next.json")
    assert stewarded.done("codes", "list")["acts"][0]["entry"] == registered["entry"]
    events = stewarded.run("audit", "show", "--event", "codes.classified").out.splitlines()
    assert [json.loads(line)["entry"]["codes"] for line in events] == [1, 1]
    # A missing one closes its element, and the list says what to do.
    stewarded.sql("ALTER TABLE agreements.document DISABLE TRIGGER ALL", role="admin")
    stewarded.sql("DELETE FROM agreements.document WHERE kind = 'code_classification'", role="admin")
    assert "Restore the register" in stewarded.run("codes", "list").err
