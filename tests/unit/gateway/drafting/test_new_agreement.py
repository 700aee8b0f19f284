"""`agreement new` leads to a draft that passes for every basis, and never says what nobody said."""

from dataclasses import replace
from pathlib import Path

import pytest

from agreements.basis import REQUIRED, Basis
from agreements.document import parse_agreement
from agreements.elements import load_catalogue
from agreements.errors import InvalidAgreement
from agreements.keys import read_public_file
from agreements.usual import load_usual, unusual
from gateway.services.drafts.choosing import offered
from gateway.services.drafts.parts import asked_parts
from tests.factories.drafts import PARTS, Desk, options

CATALOGUE = load_catalogue()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk.at(tmp_path)


@pytest.mark.parametrize("basis", Basis)
def test_each_required_part_that_is_not_said_is_named_with_its_law_and_stands_in_the_draft(
    desk: Desk, basis: Basis
) -> None:
    for asked in asked_parts(basis, CATALOGUE):
        name = asked.name
        kept = [part for part in PARTS[basis] if part.partition("=")[0] != name]
        out = f"{name}.yaml"
        draft = desk.new({**options(basis), "part": kept}, "--yes", out=out)
        assert not draft.data["complete"]
        (problem,) = draft.data["problems"]
        assert problem["path"] == f"/basis/{name.replace('.', '/')}"
        assert problem["source"] == asked.source
        assert problem["path"] in draft.said
        assert "TO DO /basis/" in draft.text
        with pytest.raises(InvalidAgreement):
            parse_agreement(draft.text, CATALOGUE)


@pytest.mark.parametrize("basis", Basis)
def test_a_draft_of_every_basis_passes_the_checks_once_its_parts_are_given(desk: Desk, basis: Basis) -> None:
    draft = desk.new(options(basis), "--yes")
    assert draft.data == {"file": "draft.yaml", "complete": True, "problems": []}
    assert "TO DO" not in draft.text
    agreement = parse_agreement(draft.text, CATALOGUE)
    assert agreement.basis == basis
    assert unusual(agreement, CATALOGUE) == ()
    key = read_public_file((desk.folder / "officer.pub.json").read_bytes())
    assert agreement.people.drafted_by == key.thumbprint
    assert desk.run("agreement", "check", "draft.yaml").data["valid"]


@pytest.mark.parametrize("basis", Basis)
def test_the_draft_says_what_the_law_asks_of_each_part(desk: Desk, basis: Basis) -> None:
    text = " ".join(desk.new(options(basis), "--yes").text.replace("#", " ").split())
    for part in REQUIRED[basis]:
        assert part.source in text, part
        if part.path.startswith("/basis/"):
            assert f"{part.title} ({part.source})." in text


@pytest.mark.parametrize("basis", Basis)
def test_nothing_sensitive_is_offered(desk: Desk, basis: Basis) -> None:
    agreement = parse_agreement(desk.new(options(basis), "--yes").text, CATALOGUE)
    for terms in agreement.datasets:
        for line in terms.elements:
            assert not CATALOGUE.element(line.element).tier_after(line.transformation).is_sensitive
            assert not line.own_line


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"purpose": "study"}, "expected one of tutoring"),
        ({"partner-type": "church"}, "expected one of nonprofit"),
        ({"population": "all"}, "expected one of roster"),
        ({"part": ["scope=x"]}, "has no part 'scope'"),
        ({"part": ["records"]}, "NAME=TEXT"),
        ({"subrecipient": ["Cloud Ltd"]}, "NAME=TEXT"),
        ({"partner-type": "public_agency", "agency-part": ["vision=x"]}, "has no part 'vision'"),
    ],
)
def test_what_an_option_cannot_mean_is_a_wrong_use_and_nothing_is_written(
    desk: Desk, changes: dict[str, str], said: str
) -> None:
    draft = desk.new({**options(Basis.CONSENT), **changes}, "--yes")
    assert draft.code == 2
    assert said in " ".join(draft.said.replace("│", " ").split())
    assert draft.text == ""


@pytest.mark.parametrize(
    ("option", "value", "code"),
    [
        ("element", "students:000180", "own_line_needed"),
        ("element", "students:x-immigration-status", "draft_refused"),
        ("element", "students:000128:zip3", "draft_refused"),
        ("element", "students:shoe_size", "draft_refused"),
        ("element", "students:000202", "draft_refused"),
        ("element", "everything:000115", "draft_refused"),
        ("sensitive-element", "students:000115", "draft_refused"),
        ("executed", "gone.pdf", "file_refused"),
        ("drafter-key", "paper.pdf", "bad_key"),
    ],
)
def test_what_cannot_stand_in_an_agreement_is_refused(desk: Desk, option: str, value: str, code: str) -> None:
    draft = desk.new({**options(Basis.CONSENT), option: value}, "--yes")
    assert (draft.code, draft.refusal, draft.text) == (1, code, "")


def test_nothing_sensitive_is_offered_even_if_the_table_had_it(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = load_usual()["tutoring"]
    forms = {**usual.forms, "000180": frozenset(), "000501": frozenset({"exact"}), "x-counseling-notes": frozenset()}
    careless = {"tutoring": replace(usual, forms=forms)}
    monkeypatch.setattr("gateway.services.drafts.choosing.load_usual", lambda: careless)
    found = {each.element for each in offered("tutoring", Basis.CONSENT, CATALOGUE)}
    assert found.isdisjoint({"000180", "000501", "x-counseling-notes"})
    assert {"000115", "000172"} <= found
    assert {"000115", "000172"}.isdisjoint(
        each.element for each in offered("tutoring", Basis.DE_IDENTIFIED_WITH_CODE, CATALOGUE)
    )
