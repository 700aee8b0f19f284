"""Every mistake seeded into the policies is noticed; what notices them lets the policies as they are pass."""

import pytest

from tests.prove.disclosers import DISCLOSERS
from tests.prove.guards import GUARDS
from tests.prove.killing import survivors
from tests.prove.mutants import MUTANTS, Edit, Mutant
from tests.prove.mutating import EditMisplaced, mutated, require_applicable


def test_every_seeded_mistake_is_noticed_and_none_is_seen_where_none_is() -> None:
    assert len(MUTANTS) >= 12
    assert survivors(MUTANTS) == []


@pytest.mark.parametrize("guard", [*GUARDS, *DISCLOSERS], ids=lambda guard: guard.name)
def test_every_guard_that_make_prove_takes_away_is_there(guard: Mutant) -> None:
    require_applicable(guard)


def test_a_mutant_that_changes_nothing_that_matters_lives() -> None:
    harmless = Edit("policies.table", "alarm: str | None = None", "alarm: object = None")
    assert mutated("alarm: str | None = None", "policies.table", [harmless]) == "alarm: object = None"


@pytest.mark.parametrize("source", ["", "twice twice"])
def test_an_edit_without_exactly_one_place_is_refused(source: str) -> None:
    with pytest.raises(EditMisplaced):
        mutated(source, "policies.table", [Edit("policies.table", "twice", "once")])


def test_names_of_mutants_are_told_apart() -> None:
    names = [mutant.name for mutant in (*MUTANTS, *GUARDS, *DISCLOSERS)]
    assert len(names) == len({*names})
