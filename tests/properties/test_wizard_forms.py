"""Any sequence of forms yields a draft whose problems are those of `agreement check`, and loses nothing."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from agreements.authored import read_authored
from agreements.canonical import canonical_bytes
from agreements.document import parse_agreement
from agreements.elements import DATASETS, load_catalogue
from agreements.errors import AgreementError
from agreements.pointer import resolve
from gateway.console.drafting.fields import Content, Field, Look
from gateway.console.drafting.steps import STEPS, Step, by_field, by_step, steps_of
from gateway.console.drafting.writing import after
from gateway.services.drafts.editing import placed, problems_of
from gateway.services.drafts.offering import Offered
from gateway.services.drafts.picking import picked, picks
from gateway.services.drafts.populations import WORDS, added, removed, rewritten, tree
from gateway.services.drafts.writing import written
from tests.factories.agreements import SPS_A, SPS_B, example

CATALOGUE = load_catalogue()
NOTHING_OFFERED = Offered()
FORMS = [step for step in STEPS if step.name not in {"data", "population"}]
TEXTS = st.one_of(
    st.sampled_from(["", "2026-09-01", "2027-06-30", "America/Los_Angeles", "agreement:x", "30", "-1", "=1+1", "<b>"]),
    st.text(max_size=12).filter(lambda text: "\x00" not in text),
)


def shown(step: Step, content: Content) -> dict[str, str]:
    """Return the form of a step as a page shows it and a browser sends it back."""
    form: dict[str, str] = {}
    for field in step.fields(content, CATALOGUE, NOTHING_OFFERED):
        if field.look is Look.ROWS:
            rows = enumerate(field.rows(content))
            form |= {f"{field.name}.{index}.{name}": value for index, row in rows for name, value in row.items()}
        elif field.look is Look.TICK:
            form |= {field.name: "true"} if field.shown(content) else {}
        else:
            form[field.name] = field.shown(content)
    return {name: value for name, value in form.items() if value}


@st.composite
def typed(draw: Any, field: Field) -> str:
    options = [TEXTS]
    if field.choices:
        options.append(st.sampled_from([value for value, _ in field.choices]))
    return str(draw(st.one_of(options)))


def wrote(data: st.DataObject, content: Content) -> Content:
    """Write one page: a form with some fields changed, elements picked, or a population changed."""
    kind = data.draw(st.sampled_from(["form", "form", "data", "population"]))
    if kind == "form":
        step = data.draw(st.sampled_from(FORMS))
        form = shown(step, content)
        for field in step.fields(content, CATALOGUE, NOTHING_OFFERED):
            if data.draw(st.booleans()):
                names = [f"{field.name}.0.{name}" for name, _ in field.members] or [field.name]
                form |= {name: data.draw(typed(field)) for name in names}
        return after(step, content, form, CATALOGUE, NOTHING_OFFERED)
    if kind == "data":
        dataset = data.draw(st.sampled_from(DATASETS))
        element = data.draw(st.sampled_from(CATALOGUE.in_dataset(dataset)))
        form_of_it = data.draw(st.sampled_from([None, *(each.value for each in element.transformations)]))
        choices = {element.id: (form_of_it, data.draw(st.booleans()))}
        return picked(content, dataset, CATALOGUE, years=("2026-2027",), choices=choices)
    found = resolve(content, "/population")
    expression: Any = found or None
    place = data.draw(st.sampled_from(["", "0", "1", "0.0", "7", "x"]))
    act = data.draw(st.sampled_from(["add", "remove", "say"]))
    if act == "add":
        expression = added(expression, place, data.draw(st.sampled_from([*WORDS, "none"])))
    elif act == "remove":
        expression = removed(expression, place)
    else:
        expression = rewritten(expression, {place: ("grade_level", ["09"])})
    return placed(content, "/population", expression)


def require_consistent(content: Content, dataset: str) -> None:
    """Check a draft in whatever state against the command's own reading, and that its pages can be shown."""
    problems = problems_of(content, CATALOGUE)
    try:
        parse_agreement(canonical_bytes(content), CATALOGUE)
    except AgreementError:
        assert problems
    else:
        assert not problems
    assert sum(map(len, by_step(problems).values())) == len(problems)
    for step in steps_of(content):
        own = by_step(problems)[step.name]
        placed_at, rest = by_field(own, step.fields(content, CATALOGUE, NOTHING_OFFERED))
        assert sum(map(len, placed_at.values())) + len(rest) == len(own)
    picks(content, dataset, CATALOGUE)
    tree(content.get("population"))


@settings(max_examples=40)
@given(data=st.data(), begun=st.sampled_from(["nothing", SPS_A, SPS_B]))
def test_any_forms_in_any_order_give_what_the_check_says_of_it(data: st.DataObject, begun: Any) -> None:
    content: Content = {} if begun == "nothing" else dict(example(begun))
    for _ in range(data.draw(st.integers(1, 6))):
        content = wrote(data, content)
    require_consistent(content, data.draw(st.sampled_from(DATASETS)))
    # Looking at a page and saving it as it stands changes nothing but what follows from what is there.
    step = data.draw(st.sampled_from(FORMS))
    saved = after(step, content, shown(step, content), CATALOGUE, NOTHING_OFFERED)
    assert after(step, saved, shown(step, saved), CATALOGUE, NOTHING_OFFERED) == saved
    unreadable = [each for each in problems_of(content, CATALOGUE) if each.sentence.startswith("The text '")]
    if content and not unreadable:
        assert read_authored(written(content, CATALOGUE)) == content


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["consent", "x", "", "roster", "2026-09-01"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "all", "in", "column", "values", "element", "id", "x"]), inner, max_size=3
        )
    ),
    max_leaves=8,
)
PARTS = [
    "basis",
    "purpose",
    "datasets",
    "population",
    "term",
    "people",
    "obligations",
    "partner",
    "subrecipients",
    "id",
]


@settings(max_examples=60)
@given(content=st.dictionaries(st.sampled_from(PARTS), JSON, max_size=5))
def test_whatever_a_file_holds_can_be_opened_on_every_page(content: Any) -> None:
    require_consistent(content, "students")
    for step in FORMS:
        after(step, content, shown(step, content), CATALOGUE, NOTHING_OFFERED)
    picked(content, "students", CATALOGUE, years=(), choices={"000115": ("exact", False)})
    added(content.get("population"), "0", "roster")
    removed(content.get("population"), "0.1")
