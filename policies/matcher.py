"""
The matcher as Casbin parsed it, run by Python itself: walking its parts anew for each rule took four times as long.

Casbin's own walk allows a whole language; this takes the few words of the reviewed model and refuses every other.
"""

import ast
from collections.abc import Mapping
from types import CodeType
from typing import Any, Final

from policies.errors import ModelChanged

_WORDS: Final = (
    ast.BoolOp,
    ast.And,
    ast.Or,
    ast.Compare,
    ast.Eq,
    ast.GtE,
    ast.Lt,
    ast.Call,
    ast.Name,
    ast.Load,
    ast.Constant,
)
"""All that the reviewed matcher is made of."""
_ROLE: Final = "g"
"""The one function: whether a client has a role."""


def compiled(matcher: ast.expr) -> CodeType:
    """Return a parsed matcher as code. Raises `ModelChanged` if it does more than compare values and ask for a role."""
    for part in ast.walk(matcher):
        asks_otherwise = isinstance(part, ast.Call) and not (isinstance(part.func, ast.Name) and part.func.id == _ROLE)
        if asks_otherwise or not isinstance(part, _WORDS):
            raise ModelChanged("The matcher does more than compare values and ask for a role.")
    return compile(ast.Expression(matcher), "model.conf", "eval")


class Matcher:
    """Compiled code with the role function of one engine. Keeps nothing of a question."""

    def __init__(self, code: CodeType, functions: Mapping[str, Any]) -> None:
        self._code = code
        self._functions = {_ROLE: functions[_ROLE], "__builtins__": {}}

    def eval(self, values: dict[str, str]) -> object:
        """Return what the matcher says of one rule and one question. Casbin calls it, by this name."""
        # The code is that of the reviewed text: no word of a rule or a question is part of it (hazard 10).
        return eval(self._code, self._functions, values)  # noqa: S307
