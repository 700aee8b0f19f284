"""What families sign, take back and refuse, on the command line: asked without the shell's history, with a slip."""

import json
import shlex
import stat

import pypdfium2
import pytest

from tests.factories.command_line import CommandLine
from tests.factories.pages import blocks

LINE = "agreement:sps-a-tutoring"
CONSENT = (
    *("records", "consent", "--agreement", LINE, "--signed-on", "2026-09-01", "--purpose", "tutoring"),
    *("--party", "partner:bright-path", "--what-will-be-done", "Tutors plan their sessions by it.", "--form", "paper"),
    *("--evidence", "@scan.pdf", "--notice", "@notice.txt", "--notice-language", "es"),
)
ALL = (*CONSENT, "--everything")
WITHDRAW = ("records", "withdraw", "--agreement", LINE)
RIGHTS = (
    *("--ground", "court_order", "--ordered-on", "2026-08-20", "--evidence", "@scan.pdf"),
    *("--officer-key", "@olivia.pem"),
)


def page(desk: CommandLine, name: str) -> str:
    """The text of a slip of one page that nobody else may read and that a screen reader can."""
    file = desk.folder / name
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    document = pypdfium2.PdfDocument(file.read_bytes())
    try:
        assert (len(document), document.is_tagged()) == (1, True)
        return " ".join(document[0].get_textpage().get_text_bounded().split())
    finally:
        document.close()


@pytest.fixture
def desk(active: CommandLine) -> CommandLine:
    """Three students on file, the first two on the roster; a scan, a notice and a letterhead."""
    lists = (active.folder / "lists.toml").read_text()
    active.write(
        "roster.toml",
        lists.split("[files.consents]")[0] + lists[lists.index("[[load]]") :].split('[[load]]\ntarget = "consents"')[0],
    )
    both = ("--mapping", "@facts.toml", "--mapping", "@roster.toml")
    active.done("records", "load", "@export", *both, "--agreements", f"bright={LINE}")
    active.write("scan.pdf", "a scan")
    active.write("notice.txt", "What we ask for, who will have it, and why.")
    active.write("letterhead.txt", "Emerald City School District\n12 Main Street\n")
    return active


def covered(desk: CommandLine) -> int:
    return int(desk.done("agreement", "show")[0]["covered_today"])


@pytest.mark.ferpa("C1")
@pytest.mark.ferpa("C5")
@pytest.mark.ferpa("C6")
@pytest.mark.claim(7)
@pytest.mark.claim(9)
def test_a_family_signs_takes_back_and_says_no_and_takes_a_slip_home(desk: CommandLine) -> None:
    assert covered(desk) == 0
    # (1): refused, and nothing written.
    typed = "7001\nMaria Quillfeather\n"
    for wrong, code in (
        ((*CONSENT, "--evidence", "@nowhere.pdf", "--everything"), 1),
        (CONSENT, 2),
        ((*ALL, "--element", "first_name"), 2),
        ((*ALL, "--letterhead", "@letterhead.txt"), 2),
        ((*ALL, "--slip", "@scan.pdf"), 1),
        ((*ALL, "--purpose", "mentoring"), 1),
        ((*ALL, "--form", "electronic"), 1),
        ((*ALL, "--signed-by", "eligible_student"), 1),
    ):
        desk.refused(*wrong, code=code, typed=typed)
    assert desk.run("audit", "show", "--event", "consent.given").out == ""
    # (2): a consent, and its slip in the family's language.
    slip = ("--slip", "@given.pdf", "--language", "es", "--letterhead", "@letterhead.txt")
    parts = ("--element", "first_name", "--element", "000128", "--until", "2027-06-15")
    given = desk.done(*CONSENT, *parts, *slip, typed=typed)
    assert covered(desk) == 1
    text = page(desk, "given.pdf")
    for words in (
        "12 Main Street",
        "Usted aceptó compartir información",
        "Estudiante: Zenobia Quillfeather, número de estudiante 7001",
        f"Número del asiento {given['entry']}",
        "Bright Path Tutoring",
        "Tutoría y apoyo académico",
        "Nombre; Promedio de calificaciones acumulado",
        "1 de septiembre de 2026",
        "15 de junio de 2027",
        "(America/Los_Angeles)",
        f"el recibo del asiento {given['entry']}",
    ):
        assert words in text, words
    assert "Maria" not in text
    # (3): it is written again from what is on file, and for nobody else.
    again = ("records", "slip", str(given["entry"]), "--out", "@again.pdf")
    assert "not about this student" in desk.refused(*again, typed="7002\n")
    assert "nothing that a family" in desk.refused("records", "slip", "0", *again[3:], typed="7001\n")
    assert "no such entry" in desk.refused("records", "slip", "9999", *again[3:], typed="7001\n")
    desk.done(*again, *slip[2:], typed="7001\n")
    assert (desk.folder / "again.pdf").read_bytes() == (desk.folder / "given.pdf").read_bytes()
    looks = [json.loads(line) for line in desk.run("audit", "show", "--event", "names.shown").out.splitlines()]
    assert [each["entry"].get("entry") for each in looks] == [given["entry"], None, None, None, given["entry"]]
    # (4): the student is a child: the student's own word takes nothing back. A parent's does.
    assert "not 18" in desk.refused(*WITHDRAW, "--by", "eligible_student", typed="7001\n")
    taken = desk.done(*WITHDRAW, "--slip", "@taken.pdf", typed="7001\n")
    assert covered(desk) == 0
    text = page(desk, "taken.pdf")
    for words in (
        "You took back your consent",
        f"Entry {taken['entry']} of it",
        "Bright Path Tutoring gets no information",
    ):
        assert words in text, words
    # (5): a no to one, to all, and to directory information.
    for name, more, words in (
        ("one", ("--agreement", LINE), "Bright Path Tutoring gets no information"),
        ("all", (), "no partner gets information"),
        ("directory", ("--directory",), "directory information about the student is not given out"),
    ):
        desk.done("records", "opt-out", *more, "--slip", f"@{name}.pdf", typed="7002\n")
        assert words in page(desk, f"{name}.pdf")


def test_what_the_page_tells_to_type_does_what_it_says(desk: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(desk.folder)
    desk.write("order.pdf", "an order")
    (desk.folder / "officer-a.pem").write_bytes((desk.folder / "olivia.pem").read_bytes())
    (desk.folder / "officer-a.pem").chmod(0o600)
    for code in blocks("docs/families-wishes.md", "sh"):
        words = shlex.split(code)
        assert words.pop(0) == "pactgate"
        desk.done(*words, typed="7002\nMaria Lindqvistsson\n")
    assert page(desk, "consent.pdf").startswith("Emerald City School District Usted aceptó")
    assert "You took back your consent" in page(desk, "withdrawal.pdf")
    assert "directory information" in page(desk, "no.pdf")


@pytest.mark.ferpa("C6")
@pytest.mark.claim(7)
@pytest.mark.claim(9)
def test_an_officer_puts_on_file_that_a_court_revoked_a_parents_rights(desk: CommandLine) -> None:
    desk.done(*ALL, typed="7001\nMaria Quillfeather\n")
    assert covered(desk) == 1
    assert desk.done("records", "consents") == [{"agreement": LINE, "consents": 1, "by_hand": 1, "older": 0}]
    revoke = ("records", "parental-rights", "revoked", *RIGHTS)
    for wrong, typed in (
        ((*revoke, "--officer-key", "@rae.pem"), "7001\nMaria Quillfeather\n"),
        ((*revoke, "--ordered-on", "2030-01-01"), "7001\nMaria Quillfeather\n"),
        (revoke, "7001\n \n"),
        (revoke, "4711\nMaria Quillfeather\n"),
        (("records", "parental-rights", "restored", *RIGHTS), "7001\nMaria Quillfeather\n"),
    ):
        desk.refused(*wrong, typed=typed)
    assert covered(desk) == 1
    done = desk.done(*revoke, typed="7001\nmaria  QUILLFEATHER\n")
    assert covered(desk) == 0
    (entry,) = desk.run("audit", "show", "--event", "rights.restricted").out.splitlines()
    assert done["document"] in entry
    assert "uillfeather" not in entry
    # The other parent's consent counts, and where a parent's rights are revoked, who speaks has to be said.
    assert "99.4" in desk.refused(*ALL, "--signed-on", "2026-09-02", typed="7001\nMaria Quillfeather\n")
    desk.done(*ALL, "--signed-on", "2026-09-02", typed="7001\nJosé Quillfeather\n")
    assert covered(desk) == 1
    assert "99.4" in desk.refused(*WITHDRAW, typed="7001\nMaria Quillfeather\n")
    assert covered(desk) == 1
    desk.done(*WITHDRAW, typed="7001\nJosé Quillfeather\n")
    assert covered(desk) == 0
    desk.done("records", "parental-rights", "restored", *RIGHTS, typed="7001\nMaria Quillfeather\n")
    assert desk.done("audit", "facts")["holds"] is True
