"""`pactgate codes`: what values of coded elements tell. Two stewards classify those that are a district's own."""

import json
from pathlib import Path
from typing import Annotated, Final

import typer

from agreements.authored import read_authored
from agreements.canonical import Json, canonical_bytes
from agreements.documents.classification import Classification, Verdict, classification_bytes, read_classification
from agreements.documents.reading import DISTRICT
from agreements.signature import Kind
from gateway.cli import papers
from gateway.cli.agreement import Reason
from gateway.cli.run import office, run, say, show
from gateway.cli.signatures import problems_said, sign_again, sign_all
from gateway.services.classifications import ClassificationReport, Classifications, Registered, Unclassified

app = typer.Typer(
    help="Codes: list values that nobody has classified, classify them by two stewards.", no_args_is_help=True
)
TO_JUDGE: Final = "TO DO"
"""Stands in a drafted file where a steward writes what a value tells."""
Classified = Annotated[Path, typer.Argument(metavar="FILE", help="What `codes classify` wrote.")]


def district(text: str) -> str:
    """Judge the id of a district, given as an argument."""
    return str(papers.shaped(text, DISTRICT))


District = Annotated[str, typer.Option("--district", callback=district, help="For which district: district:….")]
StewardKeys = Annotated[list[Path], typer.Option("--key", help="Private key of a steward; repeatable.")]


@app.command("unclassified")
def unclassified(
    *,
    rare: Annotated[
        bool, typer.Option("--rare", help="Also values of few rows, and long ones: they may be words about somebody.")
    ] = False,
    draft: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a file for `codes classify`, to be filled in.")
    ] = None,
) -> None:
    """List values that stand in the records and that nobody has classified: no partner receives them."""

    async def work() -> Unclassified:
        async with office() as opened:
            return await Classifications(opened.desk).unclassified(rare=rare)

    found = run(work())
    if draft is not None:
        codes = [{"element": each.element, "value": each.value, "verdict": TO_JUDGE} for each in found.codes]
        papers.write_new(draft, json.dumps({"codes": codes}, indent=2, ensure_ascii=False).encode() + b"\n")
        say(f"Write open, gated (and its law) or never in the place of {TO_JUDGE} in {draft}.")
    for element, count in sorted(found.others.items()):
        say(f"{element}: {count} more value(s), rare or long; --rare shows them.")
    show({"codes": found.codes, "others": found.others})


@app.command("classify")
def classify(
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The judgements, as YAML or JSON.")],
    party: District,
    reason: Reason,
    key: StewardKeys,
    out: Annotated[Path, typer.Option(help="The document to write.")],
) -> None:
    """Write and sign a classification. It takes two stewards, and follows the one that is the newest now."""
    said = read_authored(papers.read_file(file))
    codes = said.get("codes") if isinstance(said, dict) else None

    async def work() -> ClassificationReport:
        async with office() as opened:
            return await Classifications(opened.desk).report()

    standing = run(work())
    content: dict[str, Json] = {
        "format": "pactgate-code-classification/1",
        "district": party,
        "day": standing.today.isoformat(),
        "codes": codes,
        "reason": reason,
        **({} if standing.newest is None else {"after": standing.newest}),
    }
    with problems_said():
        judged = read_classification(canonical_bytes(content))
    document = sign_all(Kind.CODE_CLASSIFICATION, classification_bytes(judged), [papers.read_key(one) for one in key])
    papers.write_signed(out, document)
    if len(document.signatures) == 1:
        say(f"A second steward signs it too: pactgate codes sign {out} --key KEY")
    show({"document": document.digest, "codes": len(judged.codes), "file": str(out)})


@app.command("sign")
def sign(
    *, file: Classified, key: Annotated[Path, typer.Option("--key", help="Private key of the second steward.")]
) -> None:
    """Add a signature to a classification, after reading what it says."""
    _say(read_classification(papers.read_signed(file, Kind.CODE_CLASSIFICATION).payload))
    sign_again(file, (Kind.CODE_CLASSIFICATION,), key)


@app.command("register")
def register(file: Classified) -> None:
    """Bring a classification into force, from the next request on."""
    document = papers.read_signed(file, Kind.CODE_CLASSIFICATION)

    async def work() -> Registered:
        async with office() as opened:
            return await Classifications(opened.desk).register(document)

    done = run(work())
    show({"document": document.digest, "entry": done.entry, "configuration": done.configuration})


@app.command("list")
def list_codes() -> None:
    """Show what stewards have classified: what stands, and by which acts."""

    async def work() -> ClassificationReport:
        async with office() as opened:
            return await Classifications(opened.desk).report()

    report = run(work())
    for element in report.closed:
        say(f"{element}: a classification is missing, and nothing of it leaves. Restore the register from a backup.")
    show(report)


def _say(said: Classification) -> None:
    for each in said.codes:
        law = f" ({each.law})" if each.verdict is Verdict.GATED else ""
        say(f"{each.element}: {each.value!r} is {each.verdict.value}{law}.")
    say(said.reason)
