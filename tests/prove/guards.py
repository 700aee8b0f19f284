"""
The guards that close the hazards of Casbin, taken away one at a time; each hazard's own test has to fail.

Guards that only a search of the source can hold (nobody calls the switch, no other enforcer is used) are not here: a
mutant is made while it is imported, and the search reads the files.
"""

from typing import Final

from tests.prove.mutants import HAZARDS, Edit, Mutant


def _guard(number: int, name: str, test: str, *edits: tuple[str, str, str]) -> Mutant:
    made = tuple(Edit(f"policies.{module}", before, after) for module, before, after in edits)
    return Mutant(f"hazard {number:02}: {name}", made, HAZARDS + test)


_SUBJECTS = ("engine", "if question.sub not in self._subjects:", "if not question.sub:")
_EXCEPTIONS = ("engine", "except Exception as error:", "except KeyError as error:")
_LOCK = ("engine", "with self._lock:", "with Lock():")
_KEPT = (
    "matcher",
    "return eval(self._code, self._functions, values)",
    "self._kept = values; __import__('time').sleep(1e-4); return eval(self._code, self._functions, self._kept)",
)

GUARDS: Final[tuple[Mutant, ...]] = (
    _guard(1, "empty values are asked", "TestHazard01EmptyPolicy",
           ("engine", "if not all(question):", "if not question:")),
    _guard(2, "any effect will do", "TestHazard02UnknownEffect", ("rule", '"|".join(Effect)', '".+"')),
    _guard(2, "the loader trusts", "TestHazard02UnknownEffect",
           ("engine", "require_sound(line, self._elements)", "_ = require_sound")),
    _guard(3, "nobody looks at the switch", "TestHazard03EnforcementSwitchedOff",
           ("engine", "if self._casbin.enabled is not True:", "if self._casbin is None:")),
    _guard(4, "any text is a model", "TestHazard04CommentInMatcher",
           ("engine", '.hexdigest()}" != MODEL_DIGEST', '.hexdigest()}" == ""')),
    _guard(4, "nobody asks what was understood", "TestHazard04CommentInMatcher",
           ("engine", "    require_understood(model)\n    return model", "    return model")),
    _guard(4, "a second matcher", "TestHazard04CommentInMatcher",
           ("engine", "if found.keys() == {section}", "if section in found")),
    _guard(5, "the fast enforcer", "TestHazard05FastEnforcerMissesWildcards",
           ("engine", "class _ParsedOnce(casbin.Enforcer):", "class _ParsedOnce(casbin.FastEnforcer):")),
    _guard(7, "anybody is asked about", "TestHazard07SubjectNamedLikeARole", _SUBJECTS),
    _guard(7, "subjects have no type", "TestHazard07SubjectNamedLikeARole",
           ("rule", '_SUBJECT = re.compile(f"{_CLIENT}|', '_SUBJECT = re.compile(f".*|{_CLIENT}|')),
    _guard(7, "links are not checked", "TestHazard07SubjectNamedLikeARole",
           ("engine", "require_link(link)\n", "_ = require_link\n")),
    _guard(8, "strangers reach the role manager", "test_hazard_08_unknown_subjects_leave_no_trace_in_the_role_manager",
           _SUBJECTS),
    _guard(9, "functions with a clock", "TestHazard09LocalClock",
           ("engine", "self._casbin.fm = FunctionMap()", "self._casbin.fm = FunctionMap.load_function_map()")),
    _guard(11, "roles are patterns", "test_hazard_11_no_role_is_a_pattern",
           ("engine", "self._casbin.fm = FunctionMap()",
            "self._casbin.fm = FunctionMap(); self._casbin.get_role_manager().matching_func = str.startswith")),
    _guard(12, "a line is skipped", "TestHazard12SkippedLines",
           ("engine", "for line in self._lines:", "for line in self._lines[:-1]:")),
    _guard(12, "lines of any length", "TestHazard12SkippedLines",
           ("rule", "if len(line) != len(_FORMS):", "if len(line) < len(_FORMS) - 1:"),
           ("rule", "zip((name for name, _, _ in _FORMS), line, strict=True)",
            "zip((name for name, _, _ in _FORMS), (*line, '/'), strict=False)")),
    _guard(12, "any character", "TestHazard12SkippedLines", ("rule", '"[a-z0-9:_./-]{1,200}"', '"(?s).{1,200}"')),
    _guard(12, "exceptions escape", "TestHazard12SkippedLines", _EXCEPTIONS),
    _guard(13, "exceptions escape", "test_hazard_13_a_matcher_that_is_not_true_or_false_denies", _EXCEPTIONS),
    _guard(14, "slices outlive their epoch", "test_hazard_14_rules_are_never_reloaded_but_built_anew",
           ("state", "SLICES = 4096", "SLICES = 4096\n_ALL = Memo(4096)"), ("state", "= Memo(SLICES)", "= _ALL")),
    # Closed twice: the matcher keeps nothing of a question, and one is asked at a time.
    _guard(15, "a question is kept, and many at a time",
           "test_hazard_15_threads_that_share_an_engine_get_their_own_answers", _LOCK, _KEPT),
    _guard(16, "many questions at a time", "TestHazard16NotReentrant", _LOCK),
    _guard(16, "made by all at once", "TestHazard16NotReentrant",
           ("memo", "        with lock:\n", "        with Lock():\n")),
)  # fmt: skip
"""In the order of `requirements/policy.md`, section 2."""
