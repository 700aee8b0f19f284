"""A spreadsheet of what left in an earlier year: refused by line and column, and no value of it is ever quoted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.services.accounting.importing import COLUMNS, MORE, Imported, read_import
from gateway.services.errors import RecordRefused

pytestmark = [pytest.mark.ferpa("N5"), pytest.mark.claim(9)]

HEAD = ",".join(COLUMNS)
LINE = "7001,2025-10-02,Cedar County Health,a county agency,a letter,000115; 000172,audit_evaluation,To audit."


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "The columns are"),
        (HEAD, "no line"),
        (HEAD.replace("basis", "grounds") + f"\n{LINE}", "The columns are"),
        (f"{HEAD},basis\n{LINE},x", "The columns are"),
        (f"{HEAD},note\n{LINE},x", "The columns are"),
        (f"{HEAD}\n{LINE},Zenobia", "Line 2 has more or fewer"),
        (f"{HEAD}\n{LINE}\n7002,2025-10-02", "Line 3 has more or fewer"),
        (f"{HEAD}\n{LINE.replace('7001', '')}", "Line 2: student_number is empty"),
        (f"{HEAD}\n{LINE.replace('7001', '70' + chr(7))}", "Line 2: student_number holds"),
        (f'{HEAD}\n"{LINE}', "is no CSV"),
        (f"{HEAD},further_recipients\n{LINE},Zenobia", "Line 2: further_recipients"),
    ],
)
def test_what_is_no_such_table_is_refused_by_its_line_and_quotes_nothing(text: str, said: str) -> None:
    with pytest.raises(RecordRefused, match=said) as refused:
        read_import(text)
    assert "7001" not in str(refused.value)
    assert "Zenobia" not in str(refused.value)


def test_a_file_that_is_too_long_is_refused() -> None:
    with pytest.raises(RecordRefused, match="20000 lines"):
        read_import("\n".join([HEAD, *[LINE] * 20_001]))


def test_lines_that_differ_in_the_student_alone_are_one_record() -> None:
    other = LINE.replace("7001", "7002")
    more = f"{LINE},A flood.,A lab: It tests; A court: It decides"
    found = read_import(f"\ufeff{HEAD},{','.join(MORE)}\n{LINE},,\n{more}\n{other},,\n{LINE},,\n")
    assert [(each.line, each.students.each) for each in found] == [(2, ("7001", "7002")), (3, ("7001",))]
    assert found[0].content["elements"] == ["000115", "000172"]
    assert set(found[1].content) - set(found[0].content) == {"threat", "further_recipients"}
    assert "7001" not in repr(found)


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    for tried in (text, f"{HEAD}\n{text}"):
        try:
            found = read_import(tried)
        except RecordRefused:
            continue
        assert all(isinstance(each, Imported) for each in found)
