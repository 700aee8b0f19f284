"""
The second reading: one big Casbin enforcer with the rules of all agreements of a scene, stock and never sliced.

Casbin as its documentation shows it, without a sentinel or any guard of ours. That it agrees shows that slicing,
parsing once and remembering change nothing.
"""

from collections.abc import Iterable
from typing import Any

import casbin
from casbin.model import Model

from policies.compile import Ruleset, act_of
from policies.engine import _model_text
from policies.rule import instant
from tests.prove.scene import Asked


class _ParsedOnce(casbin.Enforcer):  # type: ignore[misc] # casbin has no types
    """Stock Casbin but for one thing: parsing the matcher takes most of the time of a question, and is done once."""

    _parsed: Any = None

    def _get_expression(self, expr: str, functions: Any = None) -> Any:
        self._parsed = self._parsed or super()._get_expression(expr, functions)
        return self._parsed


class OneBigEnforcer:
    """All rules together. `parse_once` for very many questions; otherwise Casbin parses the matcher for each."""

    def __init__(self, rulesets: Iterable[Ruleset], *, parse_once: bool = False) -> None:
        model = Model()
        model.load_model_from_text(_model_text())
        rulesets = tuple(rulesets)
        # The denial of a suspended client is in the ruleset of each of its agreements.
        rules = {rule.line: None for ruleset in rulesets for rule in ruleset.rules}
        model["p"]["p"].policy.extend(list(line) for line in rules)
        self._casbin = (_ParsedOnce if parse_once else casbin.Enforcer)(model)
        for ruleset in rulesets:
            for client, role in ruleset.links:
                self._casbin.get_role_manager().add_link(client, role)

    def answer(self, asked: Asked) -> bool:
        """Ask Casbin."""
        act, now = act_of(asked.purpose), instant(asked.now)
        allowed = self._casbin.enforce(asked.client, asked.agreement, asked.dataset, asked.element, act, now)
        return allowed is True
