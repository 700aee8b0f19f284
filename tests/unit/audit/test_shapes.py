"""What an entry may say: every event has its members, and a leaf that says less, more or otherwise is refused."""

from datetime import UTC, datetime

import pytest

from audit.entry import leaf
from audit.errors import LeafRefused
from audit.events import Event
from audit.members import MEMBERS, Kind
from audit.shapes import EVENT_MEMBERS, labels_of, name_of, require_members
from tests.factories.leaves import VALUES, made_up

pytestmark = pytest.mark.claim(9)

TIME = datetime(2025, 9, 1, 12, 0, tzinfo=UTC)
FORBIDDEN = ("first_name", "student", "student_identifier", "record_code", "value", "values", "name", "email", "secret")


@pytest.mark.parametrize("event", Event)
def test_a_member_that_the_event_does_not_have_is_refused(event: Event) -> None:
    for name in (*FORBIDDEN, "grade_level"):
        with pytest.raises(LeafRefused, match="no member of that name") as refused:
            leaf(event, TIME, **made_up(event), **{name: "Bartholo"})
        assert "Bartholo" not in str(refused.value)


@pytest.mark.parametrize("event", Event)
def test_a_member_that_is_left_out_is_refused_unless_it_may_be(event: Event) -> None:
    for label, optional in labels_of(event):
        body = made_up(event, without=name_of(label))
        if optional:
            leaf(event, TIME, **body)
        else:
            with pytest.raises(LeafRefused, match=f"lacks {name_of(label)}"):
                leaf(event, TIME, **body)


@pytest.mark.parametrize("event", Event)
def test_a_member_of_another_kind_is_refused(event: Event) -> None:
    for label, _ in labels_of(event):
        kind = MEMBERS[label].kind
        for other, value in VALUES.items():
            if not isinstance(value, kind.value) or (kind is Kind.NUMBER and value is True):
                with pytest.raises(LeafRefused, match=f"{name_of(label)} in an entry"):
                    leaf(event, TIME, **{**made_up(event), name_of(label): value})
            elif other is kind:
                leaf(event, TIME, **{**made_up(event), name_of(label): value})


def test_an_event_without_members_in_the_catalogue_is_refused() -> None:
    class Unheard(str):
        __slots__ = ()

    with pytest.raises(LeafRefused, match="does not have the event"):
        require_members(Unheard("unheard.of"), {})  # type: ignore[arg-type] # what a forgotten line would look like


def test_every_event_has_members_and_every_member_an_event_and_a_sentence() -> None:
    assert set(EVENT_MEMBERS) == set(Event)
    used = {label for event in Event for label, _ in labels_of(event)}
    assert used == set(MEMBERS)
    assert all(member.meaning.endswith(".") for member in MEMBERS.values())
    for event in Event:
        names = [name_of(label) for label, _ in labels_of(event)]
        assert len(names) == len(set(names))


def test_no_member_is_for_what_must_never_be_in_a_leaf() -> None:
    assert not {name_of(label) for label in MEMBERS} & {*FORBIDDEN, "event", "time", "v"}


def test_each_kind_of_a_member_is_called_by_a_word_of_its_own() -> None:
    words = [kind.word for kind in Kind]
    assert len(set(words)) == len(words)
    assert (Kind.TEXT_OR_NULL.word, Kind.FLAG.word) == ("text or null", "true or false")
