"""What a load did, as data for scripts and in a sentence for people: counts and reasons, never a cell of the export."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import typer

from agreements.errors import AgreementError
from gateway.cli.run import as_json, say, show
from gateway.errors import GatewayError
from gateway.services.stewardship import LoadHeld, LoadReport, RowsRefused

_NAMED = 5
_COUNTED = ("read", "added", "changed", "ended", "unchanged", "refused_rows", "left_out", "withheld")


def account(name: str, report: LoadReport, unread: Sequence[str], *, dry: bool) -> dict[str, object]:
    """
    Return the counts of one load; a refused row is named by file and line, with a reason that quotes no cell.

    `unread` are the files of the export that none of the mappings reads.
    """
    targets: dict[str, Counter[str]] = {}
    reasons: dict[str, Counter[str]] = {}
    # A mapping may fill one target by several loads.
    for each in report.targets:
        counted = {count: getattr(each, count) for count in _COUNTED}
        targets.setdefault(each.target, Counter(dict.fromkeys(_COUNTED, 0))).update(counted)
        if each.reasons:
            reasons.setdefault(each.target, Counter()).update(each.reasons)
    return {
        "mapping": name,
        "loaded": not dry,
        "entries": report.entries,
        "targets": targets,
        "refused": [str(row) for row in report.refused],
        "refused_rows": report.refused_rows,
        "reasons": reasons,
        "unread": unread,
        "held": report.held,
        "unclassified": {"codes": report.unclassified.codes, "others": report.unclassified.others},
    }


def account_refused(name: str, error: GatewayError | AgreementError) -> dict[str, object]:
    """Return the same of a load that was refused or is held."""
    found: dict[str, object] = {"mapping": name, "loaded": False, "code": error.code}
    if isinstance(error, RowsRefused):
        found["refused"] = error.rows
    if isinstance(error, LoadHeld):
        found |= {"held": error.held, "entries": error.entries}
    return found


def tell(name: str, report: LoadReport) -> None:
    """Say to the person what they have to look at."""
    if report.refused_rows:
        say(
            f"{name}: {report.refused_rows} row(s) were refused, and are not taken until they are mended;"
            " `withheld` counts the students who are kept from partners for it."
        )
    for reason in report.held:
        say(f"{name}: this load would be held: {reason}.")
    if count := len(report.unclassified.codes) + sum(report.unclassified.others.values()):
        say(f"{name}: {count} value(s) that nobody has classified reach no partner; see `pactgate codes unclassified`.")


def tell_unread(files: Sequence[str]) -> None:
    """Say which files of an export have no home by these mappings."""
    if files:
        more = "" if len(files) <= _NAMED else f", and {len(files) - _NAMED} more"
        say(f"No mapping reads {', '.join(files[:_NAMED])}{more}: nothing of it is here.")


@contextmanager
def reported(file: Path | None) -> Iterator[list[dict[str, object]]]:
    """
    Yield what is to be filled with accounts of loads; they are shown, and written to a new file of its owner's.

    What was loaded before a refusal is loaded: it is accounted for even when the command fails.
    """
    descriptor = None
    if file is not None:
        try:
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise typer.BadParameter(f"{file}: {error.strerror}.", param_hint="--report") from None
    done: list[dict[str, object]] = []
    try:
        yield done
    finally:
        if done:
            show(done)
        if descriptor is not None:
            with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
                opened.write(as_json(done))
