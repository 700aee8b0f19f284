"""
Seeded mutants: the policies with one mistake in them, which somebody must notice.

A mutant is an edit of the source, made while it is imported (`tests.prove.killing`). Most are found by comparing the
four readings; what those cannot see, because Casbin or the readings never come to it, is left to the guard's own test.
"""

from dataclasses import dataclass
from typing import Final

HAZARDS: Final = "tests/unit/policies/test_casbin_hazards.py::"
POPULATIONS: Final = "tests/unit/policies/test_population_meaning.py::test_unknown_never_grants"
RULES: Final = "tests/unit/policies/test_rule_form.py"


@dataclass(frozen=True)
class Edit:
    """One place of a module, once there, and what the mutant has instead."""

    module: str
    before: str
    after: str


@dataclass(frozen=True)
class Mutant:
    """A mistake. `by` is the test that has to fail; empty: the comparison of readings."""

    name: str
    edits: tuple[Edit, ...]
    by: str = ""


def _one(name: str, module: str, before: str, after: str, by: str = "") -> Mutant:
    return Mutant(name, (Edit(f"policies.{module}", before, after),), by)


_KEY = "key = (self.epoch, client, agreement, dataset, purpose, held.segment(now))"
_UNPINNED = (
    Edit("policies.engine", '.hexdigest()}" != MODEL_DIGEST', '.hexdigest()}" == ""'),
    Edit("policies.engine", "if understood != _PARSED or model.keys() != _PARSED.keys():", "if not model.keys():"),
)
"""With these, a model that nobody reviewed is taken: what is left must still notice."""


def _model(name: str, before: str, after: str) -> Mutant:
    read = '.joinpath("model.conf").read_text("utf-8")'
    return Mutant(name, (*_UNPINNED, Edit("policies.engine", read, f"{read}.replace({before!r}, {after!r})")))


MUTANTS: Final[tuple[Mutant, ...]] = (
    # What is remembered.
    _one("time is not in the key", "state", _KEY, _KEY.replace("held.segment(now)", "0")),
    _one("the dataset is not in the key", "state", _KEY, _KEY.replace("dataset", '""')),
    _one("the purpose is not in the key", "state", _KEY, _KEY.replace("purpose", '""')),
    _one("the agreement is not in the key", "state", _KEY, _KEY.replace("agreement", '""')),
    _one("the client is not in the key", "state", _KEY, _KEY.replace("client", '""')),
    _one("the epoch is not in the key", "state", _KEY, _KEY.replace("self.epoch", "0")),
    _one("slices are kept by agreement alone", "state", "key = (client, agreement)\n", 'key = ("", agreement)\n'),
    _one("a cut belongs to the time before it", "slice", "import bisect_right", "import bisect_left as bisect_right"),
    _one("a permit lasts for ever", "slice", "edges[segment], edges[segment + 1]", "edges[segment], _LAST"),
    # What documents say.
    _one("the last day does not count", "term", "last_day + timedelta(days=1)", "last_day"),
    _one("days begin in UTC", "term", "datetime.combine(day, time(), zone)", "datetime.combine(day, time(), UTC)"),
    _one("a replaced version goes on", "compile", "last if until is None else min(last, until)", "last"),
    _one("a framework grants", "compile", "if agreement.framework or begins >= ends:", "if begins >= ends:"),
    _one("the first clause wins", "table", "strictest(held.released[clause] for clause in clauses)",
         "held.released[clauses[0]]"),
    _one("the laxest clause wins", "strictness", "return min(", "return max("),
    _one("a dropped column leaves", "table", "if transformation == Transformation.DROP:", "if not clauses:"),
    Mutant(
        "a grant names no element",
        (
            Edit("policies.compile", "fld=line.element,", "fld=ANY,"),
            Edit("policies.rule", "if value == ANY and may_be_any and denies:", "if value == ANY and may_be_any:"),
        ),
    ),
    _one("a grant may hold a wildcard", "rule", "may_be_any and denies:", "may_be_any:", RULES),
    # What stands against them.
    _one("the stop of a client is ignored", "compile", "if stop.concerns in clients:", "if not clients:"),
    _one("the stop of a partner is ignored", "compile", "in {agreement.partner.id, agreement.digest}",
         "in {agreement.digest}"),
    _one("the stop of an agreement is ignored", "compile", "in {agreement.partner.id, agreement.digest}",
         "in {agreement.partner.id}"),
    _one("nobody need answer for a client", "compile", "for each in bound for rule in _unaccounted(",
         "for each in () for rule in _unaccounted("),
    _one("a gap between windows is no gap", "denials", "if begins < first:", "if not begins:"),
    _one("a gate is open to every basis", "guardrails", "if basis not in barrier.open_to)", "if not barrier.open_to)"),
    _one("what is never shared can be", "guardrails", "if basis not in barrier.open_to)",
         "if barrier.open_to and basis not in barrier.open_to)"),
    _one("directory information beyond the notice", "denials", "set(agreement.element_ids) - designated.elements",
         "()"),
    _one("directory information for any party", "denials", "if not designated.admits(agreement.partner):",
         "if not designated.notice:"),
    _one("directory information of any year", "denials", "yield from outside(noticed, ",
         "yield from outside([(EARLIEST, LATEST)], "),
    _one("who is covered may tell more than the notice", "denials",
         "if any(_ELEMENTS[atom.column] not in designated.elements for atom in atoms):", "if not atoms:"),
    _one("denials are misspelt", "rule", 'DENY = "deny"', 'DENY = "dney"'),
    # The engine, with what watches it taken away.
    Mutant(
        "denials are not loaded, and nobody compares",
        (
            Edit("policies.engine", "in self._lines:", "in [x for x in self._lines if 'deny' not in x]:"),
            Edit("policies.table", "alarm or verdict.alarm or _disagreement(verdict, rules)", "alarm or verdict.alarm"),
        ),
    ),
    Mutant(
        "a matcher is parsed once for all engines",
        (Edit("policies.engine", "self._expression = Matcher(", "type(self)._expression = Matcher("),),
    ),
    _model("the model ignores the agreement", '(p.agr == r.agr || p.agr == "*") && ', ""),
    _model("the model ignores denials", "&& !some(where (p.eft == deny))", ""),
    _model("the model ignores the end", "&& r.now < p.exp ", ""),
    # What the readings never come to: each guard's own test.
    _one("no sentinel", "engine", "(SENTINEL.line, *(rule.line for rule in rules))",
         "tuple(rule.line for rule in rules)", f"{HAZARDS}TestHazard01EmptyPolicy"),
    _one("unknown is true", "population", "return None if value is None else value in values",
         "return True if value is None else value in values", POPULATIONS),
)  # fmt: skip
