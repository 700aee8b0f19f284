"""What a signed consent has to say (34 CFR 99.30, RCW 28A.605.030): each part that is dropped makes it none."""

import pytest

from gateway.records.loading.cells import CellRefused
from gateway.records.loading.forms import require_forms
from gateway.records.signed import PROOF, SAID, SignerName, is_older, lack_of

DIGEST = "sha256:" + "e" * 64
PAPER: dict[str, object] = {
    "signer": "Bo  Lind",
    "purpose": "tutoring",
    "party": "partner:bright-path",
    "what_will_be_done": "Tutors plan their sessions by it.",
    "form": "paper",
    "evidence": DIGEST,
    "notice": DIGEST,
    "notice_language": "es",
}
ELECTRONIC = PAPER | {"form": "electronic", "authenticated_by": "code_sent", "approved_by": "ticked_box"}


@pytest.mark.ferpa("C1")
@pytest.mark.ferpa("C2")
@pytest.mark.parametrize("part", SAID)
@pytest.mark.parametrize("whole", [PAPER, ELECTRONIC], ids=["paper", "electronic"])
def test_each_part_that_is_dropped_makes_it_none(whole: dict[str, object], part: str) -> None:
    assert lack_of(whole) is None
    lacking = lack_of(whole | {part: None})
    assert lacking is not None
    assert lacking.startswith(part) or part == "form"
    with pytest.raises(CellRefused) as refused:
        require_forms("consents", whole | {part: None})  # type: ignore[arg-type] # a test's values
    assert "Lind" not in str(refused.value)


@pytest.mark.ferpa("C3")
@pytest.mark.parametrize("part", PROOF)
def test_an_electronic_form_is_proven_and_paper_is_not(part: str) -> None:
    assert str(lack_of(ELECTRONIC | {part: None})).startswith(f"{part} is missing")
    assert lack_of(PAPER | {part: ELECTRONIC[part]}) == f"{part} is for electronic forms alone"


@pytest.mark.ferpa("C3")
@pytest.mark.parametrize(
    ("part", "said"),
    [
        ("authenticated_by", "none"),
        ("authenticated_by", "e-mail"),
        ("authenticated_by", "District_Account"),
        ("approved_by", "pre_ticked"),
        ("approved_by", "none"),
    ],
)
def test_nobody_known_and_nothing_done_are_no_approval(part: str, said: str) -> None:
    with pytest.raises(CellRefused, match=f"^{part} is no .*99.30\\(d\\)"):
        require_forms("consents", ELECTRONIC | {part: said})  # type: ignore[arg-type] # a test's values


def test_a_row_that_says_nothing_of_all_this_is_older_and_one_that_says_anything_is_not() -> None:
    assert is_older({})
    assert is_older(dict.fromkeys((*SAID, *PROOF)))
    assert not any(is_older({part: "x"}) for part in (*SAID, *PROOF))


@pytest.mark.claim(9)
def test_a_name_is_printed_nowhere_and_compared_without_guessing() -> None:
    name = SignerName("  José\u0301  MÜLLER ")
    assert "ller" not in f"{name} {name!r}".casefold()
    assert name.plain == SignerName("josé\u0301 müller").plain
    for words, other in (("Jose Muller", "José Müller"), ("Mary Ann", "Maryann")):
        assert SignerName(words).compared != SignerName(other).compared
    for words, other in (
        ("Jose\u0301 M", "JOSÉ m"),
        ("Moira O'Neil-Ruiz", "moira o\u2019neil\u2011ruiz"),
        ("Moira O\u00b4Neil Ruiz", "Moira O\u200bNeil\u2013Ruiz"),
        ("Ｓｔｒａßｅ", "STRASSE"),
    ):
        assert SignerName(words).compared == SignerName(other).compared
    # What was put on file before is compared as what comes now.
    assert SignerName(SignerName("Moira O\u2019Neil").plain).compared == SignerName("MOIRA O'NEIL").compared
