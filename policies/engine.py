"""
The only module that speaks to Casbin. It asks one question at a time and answers yes only if Casbin clearly says yes.

The hazards in `requirements/policy.md` section 2 are closed here, each marked with its number. An engine is built once
from checked rules and never changed, reloaded or shared between slices (hazards 5, 14, 15).
"""

import hashlib
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from threading import Lock
from types import CodeType
from typing import Any, Final, NamedTuple

import casbin
from casbin.model import FunctionMap, Model
from casbin.persist import Adapter

from policies.errors import ModelChanged
from policies.matcher import Matcher, compiled
from policies.rule import LATEST, Effect, Rule, require_link, require_sound

MODEL_DIGEST: Final = "sha256:e45a02b757a03b5610a48e099e11260f8a576f8e9ba480ad2977e5023fef5f8c"
"""SHA-256 of `model.conf`. Changing the model is a reviewed change of this line too."""

_PARSED: Final = {
    "r": "r_sub r_agr r_obj r_fld r_act r_now",
    "p": "p_sub p_agr p_obj p_fld p_act p_nbf p_exp p_eft p_clause",
    "g": "_, _",
    "e": "some(where (p_eft == allow)) && !some(where (p_eft == deny))",
    "m": '(p_agr == r_agr || p_agr == "*") && (p_fld == r_fld || p_fld == "*") && (p_obj == r_obj || p_obj == "*")'
    ' && (p_act == r_act || p_act == "*") && r_now >= p_nbf && r_now < p_exp && g(r_sub, p_sub)',
}
"""What Casbin must have understood of the model. It cuts a matcher at `#` and says nothing (hazard 4)."""

SENTINEL: Final = Rule(
    sub="role:nobody",
    agr="sha256:" + "0" * 64,
    obj="nothing",
    fld="nothing",
    act="read:nothing",
    nbf="9999-12-31T23:59:58Z",
    exp=LATEST,
    eft=Effect.DENY.value,
    clause="sentinel:/",
)
"""A denial that matches nobody. With no rules at all, Casbin evaluates the matcher on empty values (hazard 1)."""


class Question(NamedTuple):
    """What Casbin is asked, in the order of the model; `now` in the form of `rule.instant` (hazard 9)."""

    sub: str
    agr: str
    obj: str
    fld: str
    act: str
    now: str


class Verdict(NamedTuple):
    """
    Casbin's answer. `line` is the one rule it names, empty if none matched.

    `alarm` says that the question could not be judged: `allowed` is False then, and somebody should look.
    """

    allowed: bool
    line: tuple[str, ...] = ()
    alarm: str | None = None


Link = tuple[str, str]
"""A client and the role of an agreement that names it."""


class Engine:
    """Casbin, loaded with the rules of one slice. Safe to share between threads: one question at a time (hazard 16)."""

    def __init__(self, rules: Iterable[Rule], links: Iterable[Link], elements: frozenset[str]) -> None:
        """Load `rules`. Raises `MalformedRule` or `ModelChanged`; there is no engine with some of its rules."""
        links = tuple(links)
        adapter = _Rules((SENTINEL.line, *(rule.line for rule in rules)), links, elements | {SENTINEL.fld})
        self._casbin = _ParsedOnce(read_model(_model_text()), adapter)
        # No built-in function can be called from a matcher, `timeMatch` and its local clock least of all (hazard 9).
        self._casbin.fm = FunctionMap()
        self._subjects = frozenset(client for client, _ in links)
        self._lock = Lock()

    def ask(self, question: Question) -> Verdict:
        """Answer one question. INVARIANT: whatever goes wrong is a denial."""
        # (1): nothing empty reaches the matcher (hazard 1).
        if not all(question):
            return Verdict(allowed=False, alarm="empty_value")
        # (2): only subjects of this slice reach the role manager, which keeps every name for ever and takes a name
        # for its own role (hazards 7 and 8).
        if question.sub not in self._subjects:
            return Verdict(allowed=False)
        # (3): one at a time; any exception denies (hazards 12, 13 and 16).
        with self._lock:
            try:
                if self._casbin.enabled is not True:
                    return Verdict(allowed=False, alarm="engine_disabled")
                allowed, line = self._casbin.enforce_ex(*question)
            except Exception as error:  # noqa: BLE001 -- INVARIANT: any exception is a denial, with an alarm
                return Verdict(allowed=False, alarm=f"engine_{type(error).__name__}")
        return Verdict(allowed is True, tuple(line))


def read_model(text: str) -> Model:
    """Return a fresh Casbin model. Raises `ModelChanged` unless it is the reviewed text, understood as it was meant."""
    if f"sha256:{hashlib.sha256(text.encode()).hexdigest()}" != MODEL_DIGEST:
        raise ModelChanged("The text of the Casbin model is not the reviewed one.")
    model = Model()
    model.load_model_from_text(text)
    require_understood(model)
    return model


def require_understood(model: Model) -> None:
    """Check what Casbin made of the model. Raises `ModelChanged`."""
    understood = {
        section: " ".join(found[section].tokens) if section in {"r", "p"} else found[section].value
        for section, found in model.items()
        if found.keys() == {section}
    }
    if understood != _PARSED or model.keys() != _PARSED.keys():
        raise ModelChanged("Casbin does not understand the model as it was reviewed.")


class _Rules(Adapter):  # type: ignore[misc] # casbin has no types
    """Hands checked lines to Casbin. Its own adapters skip what they do not understand (hazard 12)."""

    def __init__(self, lines: tuple[tuple[str, ...], ...], links: tuple[Link, ...], elements: frozenset[str]) -> None:
        self._lines = lines
        self._links = links
        self._elements = elements

    def load_policy(self, model: Model) -> None:
        """Append every line, each checked once more (hazard 2)."""
        for line in self._lines:
            require_sound(line, self._elements)
            model["p"]["p"].policy.append(list(line))
        for link in self._links:
            require_link(link)
            model["g"]["g"].policy.append(list(link))


class _ParsedOnce(casbin.Enforcer):  # type: ignore[misc] # casbin has no types
    """Casbin's enforcer, with the matcher parsed and compiled once and not at every question (`policies.matcher`)."""

    _expression: Any = None

    def _get_expression(self, expr: str, functions: dict[str, Any]) -> Any:  # noqa: ANN401 -- casbin's own
        # There is one matcher and one function map an engine, both fixed when it was built.
        if self._expression is None:
            self._expression = Matcher(_code(expr), functions)
        return self._expression


@cache
def _code(matcher: str) -> CodeType:
    # Casbin's reading of its own syntax.
    return compiled(casbin.Enforcer._get_expression(matcher).ast_parsed_value)  # noqa: SLF001


@cache
def _model_text() -> str:
    return files("policies").joinpath("model.conf").read_text("utf-8")
