"""Imports modules as they would be with one mistake in them; an edit that changes nothing is refused."""

from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import spec_from_loader
from pathlib import Path
from types import ModuleType
from typing import Final

from tests.prove.mutants import Edit, Mutant

_ROOT: Final = Path(__file__).parents[2]


class EditMisplaced(AssertionError):
    """The place of an edit is not in the source, or not once: the mutant has to be written anew."""


def require_applicable(mutant: Mutant) -> None:
    """Check that every place is there once. Raises `EditMisplaced`."""
    for module in {edit.module for edit in mutant.edits}:
        mutated((_ROOT / (module.replace(".", "/") + ".py")).read_text("utf-8"), module, mutant.edits)


def mutated(source: str, module: str, edits: Sequence[Edit]) -> str:
    """Return the source of `module` with its edits. Raises `EditMisplaced`."""
    for edit in edits:
        if edit.module == module:
            if source.count(edit.before) != 1:
                raise EditMisplaced(f"{module} has {source.count(edit.before)} times {edit.before!r}.")
            source = source.replace(edit.before, edit.after)
    return source


class Mutating(MetaPathFinder, Loader):
    """Imports the edited modules as they would be with the mistake."""

    def __init__(self, edits: Sequence[Edit]) -> None:
        self._edits = edits

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if any(edit.module == fullname for edit in self._edits):
            found = PathFinder.find_spec(fullname, path, target)
            return found and spec_from_loader(fullname, self, origin=found.origin)
        return None

    def exec_module(self, module: ModuleType) -> None:
        spec = module.__spec__
        assert spec is not None
        assert spec.origin is not None
        source = mutated(Path(spec.origin).read_text("utf-8"), module.__name__, self._edits)
        exec(compile(source, f"<a mutant of {module.__name__}>", "exec"), module.__dict__)  # noqa: S102 -- our own text
