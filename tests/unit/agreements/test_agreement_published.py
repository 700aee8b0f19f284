"""What is published about documents and elements is what the checks use."""

import json
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from agreements import documents
from agreements.documents.published import SMALL, published, write
from agreements.elements import load_catalogue
from agreements.glossary import page
from agreements.shapes import Shape
from tests.factories.agreements import changed, example
from tests.factories.lawful import EXAMPLES
from tests.factories.pages import DOCS, text_of


@pytest.mark.ferpa("A7")
def test_the_published_schemas_are_what_the_checks_use() -> None:
    folder = DOCS / "schema"
    assert {path.name: path.read_text("utf-8") for path in folder.iterdir()} == published(), (
        "run `python -m agreements.documents.published docs/schema`"
    )


def test_every_document_with_a_shape_is_published() -> None:
    formats = {
        part.split("/")[0]
        for file in files(documents).iterdir()
        if file.name.endswith(".py") and file.name != "published.py"
        for part in file.read_text("utf-8").split('const="pactgate-')[1:]
    }
    assert formats == set(SMALL)
    for name, shape in SMALL.items():
        assert shape["properties"]["format"]["const"] == f"pactgate-{name}/1"


@pytest.mark.parametrize("name", published())
def test_a_published_schema_stands_alone(name: str) -> None:
    shape: Shape = json.loads(published()[name])
    Draft202012Validator.check_schema(shape)
    assert shape["$id"].startswith(f"urn:pactgate:{name.removesuffix('-1.json')}:1")


@pytest.mark.parametrize("name", EXAMPLES)
def test_any_validator_accepts_the_examples_and_refuses_a_term_we_do_not_know(name: str) -> None:
    any_validator: Any = Draft202012Validator(json.loads(published()["agreement-1.json"]))
    content = example(name)
    assert any_validator.is_valid(content)
    assert not any_validator.is_valid(
        changed(content, {"/obligations/secret_clause": "the partner may do as it likes"})
    )


def test_the_schemas_are_written_by_a_call(tmp_path: Path) -> None:
    write(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == set(published())


@pytest.mark.ferpa("A7")
def test_the_page_of_elements_is_the_catalogue() -> None:
    assert text_of("docs/elements.md") == page(load_catalogue()), "run `python -m agreements.glossary docs/elements.md`"


def test_the_page_lists_every_element_in_each_of_its_datasets() -> None:
    rows = [line for line in page(load_catalogue()).splitlines() if line.startswith("| `")]
    assert len(rows) == sum(len(element.datasets) for element in load_catalogue())
    assert (
        "| `000033` | `birthdate` | Date of birth | T2 |  | `exact`, [`year`] T1, [`age_years`] T1, `blank` |" in rows
    )
    meals = "Eligibility for free or reduced-price meals | T4-NSLA | 42 U.S.C. 1758(b)(6) | `exact` |"
    assert f"| `000092` | `school_food_eligibility` | {meals}" in rows


@pytest.mark.parametrize("module", ["agreements.documents.published", "agreements.glossary"])
def test_what_is_published_is_written_again_by_one_command(module: str, tmp_path: Path) -> None:
    place = tmp_path / "elements.md" if module.endswith("glossary") else tmp_path
    subprocess.run([sys.executable, "-m", module, str(place)], check=True)
    assert list(tmp_path.iterdir())
