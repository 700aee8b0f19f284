"""What the partners' page says of stops is what is answered after each of them: the answers are those of claim 7."""

from tests.factories.caller_stops import CALLER_STOPS
from tests.factories.pages import rows


def test_the_page_says_of_each_stop_what_is_answered_after_it_and_names_no_other() -> None:
    told = {
        stop.name: [f"{stop.told[0]} `{stop.told[1]}`", "yes" if stop.error is None else f"`{stop.error}`"]
        for stop in CALLER_STOPS
    }
    page = {name: cells for name, *cells, _ in rows("docs/partners.md", first="after this")}
    assert page == told
    assert [name for name, *_ in rows("docs/partners.md", first="after this")] == [stop.name for stop in CALLER_STOPS]
