"""What pages say of errors: titles, what the classes say, and what is said where an error is raised."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module  # noqa: TID251  only whoever imported a class finds it by its base
from pathlib import Path
from typing import Final

from agreements.errors import AgreementError, InvalidDocument
from audit.errors import AuditError
from gateway.errors import GatewayError, SaidHere
from gateway.problems import PAGE_PROBLEMS, PROBLEMS, problem
from policies.errors import PolicyError

ROOT: Final = Path(__file__).parents[2]
ROOMS: Final = ("gateway", "agreements", "policies", "audit")
ELSEWHERE: Final = ("gateway.cli.", "gateway.demo.", "gateway.migrations.", "gateway.oauth.")
"""Where no page is: the command line, and what a partner's programs are told."""
PROGRAMS: Final = frozenset(
    {
        *("token_required", "invalid_token", "invalid_dpop_proof", "insufficient_authorization", "token_over"),
        *("unknown_client", "suspended", "no_agreement", "agreement_not_yet_valid", "agreement_expired", "replayed"),
        *("no_responsible_person", "bearer_not_covered", "address_not_covered", "dataset_not_covered"),
        *("purpose_not_covered", "element_not_covered", "denied_by", "too_many_to_sort", "volume_exceeded"),
        *("nothing_asked", "unclear_request", "unknown_dataset", "bad_filter", "bad_position", "cursor_invalid"),
        *("changes_lost", "changes_outrun", "roster_unreadable", "roster_not_asked", "roster_repeated"),
        "rosters_waiting",
    }
)
"""Codes of which only a partner's program is told, in English."""
COMMANDS: Final = frozenset(
    {
        *("settings", "keys_missing", "erasures_unusable", "kept_checkpoint_unusable", "already_installed"),
        *("installation_changed", "other_installation", "recovery_refused", "assets_missing", "unguarded_route"),
        *("port_taken", "model_changed", "malformed_rule", "malformed_guardrails", "malformed_linking"),
        *("database_unsupported", "durability_off", "embedded_refused", "login_refused", "schema_mismatch"),
        *("standby_refused", "gateway_serves", "backup_refused", "key_still_wraps", "facts_differ"),
        *("nothing_to_adopt", "bad_mapping", "bad_source", "nothing_recognised", "rows_refused", "rows_unstorable"),
        *("load_held", "confirmation_refused", "load_postponed", "watch_busy", "number_refused"),
        "record_kept",
        *("record_refused", "family_request_refused", "unknown_family_request", "withholding_refused"),
        *("no_policy_test", "malformed_expectations", "thresholds_refused", "unsigned_promise", "clock_without_zone"),
        *("export_mismatch", "source_unavailable", "witness_unusable", "submission_invalid"),
    }
)
"""Codes of what only a command raises, or what keeps the gateway from starting; a page tells whatever else there is."""
FIELDS: Final = frozenset({"words", "shaped", "chosen", "day", "moment", "number"})
"""What reads a field of a form (`gateway.console.forms`); its third argument is the field's label."""
_AN_ERROR: Final = re.compile(rb"^class \w+\(\w*Error\):", re.MULTILINE)


def classes() -> list[type[Exception]]:
    """Return every class of error that a page can show: pages tell the staff each sentence, by `gateway.problems`."""
    bases: tuple[type[Exception], ...] = (GatewayError, AgreementError, PolicyError, AuditError)
    found = {each for base in bases for each in _kinds(base)}
    shown = {each for each in found if getattr(each, "code", "") not in PROGRAMS | COMMANDS}
    return sorted(shown, key=lambda each: (each.__module__, each.__name__))


def said_by_classes() -> Iterator[tuple[str, str]]:
    """Yield the sentence and the remedy of each class; an error of `agreements` has no sentence before it is raised."""
    for kind in classes():
        for said in (getattr(kind, "public_detail", ""), getattr(kind, "remedy", "")):
            if said:
                yield said, kind.__name__


def said_by_titles() -> Iterator[tuple[str, str]]:
    """Yield what a page is titled, and what it says where an error brings no sentence."""
    for table in (PROBLEMS, PAGE_PROBLEMS):
        for code, kind in table.items():
            if table is PAGE_PROBLEMS or code not in PROGRAMS:
                yield from ((said, code) for said in (kind.title, kind.detail) if said)
    yield problem("a_code_without_a_title", "It was refused.", to_staff=True).title, "no title"


def said_where_raised() -> Iterator[tuple[str, str]]:
    """Yield what is said where an error is raised, with the labels in it, and the labels of fields and their shapes."""
    spoken = {each.__name__ for each in _kinds(SaidHere)} | {"Sentence"}
    for file in sorted((ROOT / "gateway").rglob("*.py")):
        for call, name in _calls(file):
            place = f"{file.relative_to(ROOT)}:{call.lineno}"
            if name in spoken and (said := _constant(call, 0)):
                yield said, place
                yield from ((value, place) for value in _values(call))
            elif name in FIELDS and file.parent.name == "console" and (label := _constant(call, 2)):
                yield label, place
                if name == "shaped":
                    yield getattr(import_module(_module(file)), ast.unparse(call.args[3]))[1], place
    documents = {each.__name__ for each in _kinds(AgreementError)} - {each.__name__ for each in _kinds(InvalidDocument)}
    for file in sorted((ROOT / "agreements").rglob("*.py")):
        for call, name in _calls(file):
            # A per cent sign is for values alone; such a sentence stays as it is.
            if name in documents and (said := _constant(call, 0)) and "%" not in said:
                yield said, f"{file.relative_to(ROOT)}:{call.lineno}"


def put_together() -> Iterator[str]:
    """Yield each place where a sentence for a page is put together by hand, so that no catalogue can have it."""
    spoken = {each.__name__ for each in _kinds(SaidHere)} | {"Sentence"}
    for file in sorted((ROOT / "gateway").rglob("*.py")):
        for call, name in _calls(file):
            if name in spoken and call.args and isinstance(call.args[0], ast.JoinedStr | ast.BinOp):
                yield f"{file.relative_to(ROOT)}:{call.lineno}"


def _calls(file: Path) -> list[tuple[ast.Call, str]]:
    found = (each for each in ast.walk(ast.parse(file.read_bytes())) if isinstance(each, ast.Call))
    return [(each, each.func.id) for each in found if isinstance(each.func, ast.Name)]


def _values(call: ast.Call) -> list[str]:
    given = (each.value for each in call.keywords)
    return [each.value for each in given if isinstance(each, ast.Constant) and isinstance(each.value, str)]


def _constant(call: ast.Call, place: int) -> str:
    given = call.args[place] if len(call.args) > place else None
    return given.value if isinstance(given, ast.Constant) and isinstance(given.value, str) else ""


@cache
def _with_errors() -> frozenset[str]:
    """Return the modules that define errors, imported: a class that nobody imported is not found by its base."""
    files = [file for room in ROOMS for file in sorted((ROOT / room).rglob("*.py"))]
    names = {_module(file) for file in files if file.name == "errors.py" or _AN_ERROR.search(file.read_bytes())}
    found = frozenset(name for name in names if not name.startswith(ELSEWHERE))
    for name in sorted(found):
        import_module(name)
    return found


def _kinds(base: type[Exception]) -> set[type[Exception]]:
    own = {base} if base.__module__ in _with_errors() else set[type[Exception]]()
    return own | {each for below in base.__subclasses__() for each in _kinds(below)}


def _module(file: Path) -> str:
    return ".".join(file.relative_to(ROOT).with_suffix("").parts)
