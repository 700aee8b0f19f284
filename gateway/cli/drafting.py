"""`pactgate agreement new` and `amend`: a draft to go on with, in YAML that says what the law asks of each part."""

import hashlib
from pathlib import Path
from typing import Annotated

import typer

from agreements.basis import PARTNERS, Basis
from agreements.canonical import Json
from agreements.document import agreement_problems
from agreements.elements import Catalogue, load_catalogue
from agreements.keys import read_public_file
from agreements.schema import PARTNER_TYPES
from gateway.cli import papers
from gateway.cli.answers import agency_parts, basis_parts, elements, offered_day, offered_title
from gateway.cli.questions import Questions, pairs
from gateway.cli.run import office, run, say, show
from gateway.services.drafts.amending import next_version
from gateway.services.drafts.drafting import Answers, drafted, purposes_for
from gateway.services.drafts.registered import registered_agreement
from gateway.services.drafts.writing import written

Out = Annotated[Path, typer.Option(help="The draft to write, in YAML.")]
Drafter = Annotated[Path | None, typer.Option("--drafter-key", help="Public key file of the officer who drafts.")]
Executed = Annotated[Path | None, typer.Option("--executed", help="The paper both parties executed, as a file.")]
ExecutedTitle = Annotated[str | None, typer.Option("--executed-title", help="Its title.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask: take what is offered, leave the rest open.")]
Text = str | None
Many = list[str] | None
_POPULATIONS = ("roster", "placement", "everyone")


def new(
    *,
    basis: Annotated[Basis, typer.Option(help="The legal basis. It decides what else is asked.")],
    out: Out,
    district: Annotated[Text, typer.Option(help="The district's id, district:….")] = None,
    district_name: Annotated[Text, typer.Option(help="The district's name.")] = None,
    partner: Annotated[Text, typer.Option(help="The partner's id, partner:….")] = None,
    partner_name: Annotated[Text, typer.Option(help="The partner's name.")] = None,
    partner_type: Annotated[Text, typer.Option(help="The kind of partner.")] = None,
    purpose: Annotated[Text, typer.Option(help="The purpose, one that the basis can carry.")] = None,
    purpose_words: Annotated[Text, typer.Option(help="The purpose in words.")] = None,
    line: Annotated[Text, typer.Option("--id", help="The agreement's id, agreement:….")] = None,
    title: Annotated[Text, typer.Option(help="The title.")] = None,
    part: Annotated[Many, typer.Option(help="A part of the basis, NAME=TEXT; repeatable.")] = None,
    agency_part: Annotated[Many, typer.Option(help="One of a public agency's nine parts, NAME=TEXT.")] = None,
    school_year: Annotated[Many, typer.Option(help="A school year such as 2026-2027; repeatable.")] = None,
    dataset: Annotated[Many, typer.Option(help="Offer usual elements of this dataset only; repeatable.")] = None,
    element: Annotated[Many, typer.Option(help="DATASET:ELEMENT[:TRANSFORMATION]; repeatable.")] = None,
    sensitive_element: Annotated[
        Many, typer.Option(help="The same, for one that has a line of its own in the consent form.")
    ] = None,
    population: Annotated[Text, typer.Option(help="roster, placement or everyone.")] = None,
    school: Annotated[Many, typer.Option(help="Only students of this school; repeatable.")] = None,
    first_day: Annotated[Text, typer.Option(help="The first day of the term.")] = None,
    last_day: Annotated[Text, typer.Option(help="The last day of the term, included.")] = None,
    time_zone: Annotated[Text, typer.Option(help="The time zone, such as America/Los_Angeles.")] = None,
    by_number: Annotated[
        bool, typer.Option("--by-student-number", help="Identify students by the district's number.")
    ] = False,
    destroy_within_days: Annotated[int | None, typer.Option(help="Days until records are destroyed.")] = None,
    breach_notice_hours: Annotated[int | None, typer.Option(help="Hours until a breach is told.")] = None,
    subrecipient: Annotated[Many, typer.Option(help="Who may receive the records next, NAME=INTEREST.")] = None,
    drafter_key: Drafter = None,
    executed: Executed = None,
    executed_title: ExecutedTitle = None,
    yes: Yes = False,
) -> None:
    """Write the draft of a new agreement: ask for what was not said, and say what is still missing."""
    ask, catalogue = Questions(yes), load_catalogue()
    of_district = (ask.text("District's id, district:…", district), ask.text("District's name", district_name))
    of_partner = (ask.text("Partner's id, partner:…", partner), ask.text("Partner's name", partner_name))
    kind = ask.choice("Kind of partner", partner_type, PARTNERS[basis][0] if basis in PARTNERS else PARTNER_TYPES)
    code = ask.choice("Purpose", purpose, purposes_for(basis))
    years = ask.several("School year, such as 2026-2027", school_year or ())
    cared_for = basis is Basis.CHILD_WELFARE
    named = f"agreement:{(of_partner[0] or '').partition(':')[2]}-{(code or '').replace('_', '-')}"
    answers = Answers(
        basis=basis,
        purpose=code,
        purpose_words=ask.text("Purpose in words", purpose_words),
        id=ask.text("Id of the agreement", line, named if of_partner[0] and code else None),
        title=ask.text("Title", title, offered_title(code, of_partner[1], years)),
        district=of_district,
        partner=of_partner,
        partner_type=kind,
        parts=(parts := basis_parts(ask, basis, catalogue, part or ())),
        agency_parts=agency_parts(ask, agency_part or ()) if kind == "public_agency" else {},
        school_years=years,
        chosen=elements(
            ask,
            code,
            basis,
            catalogue,
            datasets=dataset or (),
            designated=parts.get("types"),
            by_number=by_number,
            plain=element or (),
            sensitive=sensitive_element or (),
        ),
        population=ask.choice("Whose records", population, ("placement",) if cared_for else _POPULATIONS) or "roster",
        schools=ask.several("Only students of the school", school or ()),
        first_day=ask.text("First day", first_day, offered_day(basis, years, first=True)),
        last_day=ask.text("Last day, included", last_day, offered_day(basis, years, first=False)),
        time_zone=ask.text("Time zone, such as America/Los_Angeles", time_zone),
        identifiers="student_number" if by_number else "record_code",
        destruction_period_days=ask.number("Days after the term until records are destroyed", destroy_within_days, 30),
        breach_notice_hours=ask.number("Hours until the district is told of a breach", breach_notice_hours, 24),
        subrecipients=pairs(ask.several("Who may receive the records next, NAME=INTEREST", subrecipient or ()), "them"),
        drafted_by=_thumbprint(ask.text("Public key file of the officer who drafts", _path(drafter_key))),
        executed=(
            _digest(ask.text("File of the paper both parties executed", _path(executed))),
            ask.text("Title of that paper", executed_title),
        ),
    )
    _write(out, drafted(answers, catalogue), catalogue)


def amend(
    *,
    digest: Annotated[str, typer.Argument(callback=papers.digest, metavar="DIGEST", help="The version to go on from.")],
    out: Out,
    renew: Annotated[bool, typer.Option("--renew", help="Move the term and the school years on by one.")] = False,
    drafter_key: Drafter = None,
    executed: Executed = None,
    executed_title: ExecutedTitle = None,
) -> None:
    """Write the next version of a registered agreement as a draft, ready to be changed. It needs new signatures."""
    catalogue = load_catalogue()
    drafter, paper = _thumbprint(_path(drafter_key)), (_digest(_path(executed)), executed_title)

    async def work() -> dict[str, Json]:
        async with office() as opened:
            old = await registered_agreement(opened, digest)
        return next_version(old, catalogue, drafted_by=drafter, executed=paper, renew=renew)

    _write(out, run(work()), catalogue)


def _path(file: Path | None) -> str | None:
    return None if file is None else str(file)


def _thumbprint(key: str | None) -> str | None:
    return None if key is None else read_public_file(papers.read_file(Path(key))).thumbprint


def _digest(paper: str | None) -> str | None:
    """Return the digest of a file of any length. Raises `FileRefused`."""
    if paper is None:
        return None
    try:
        with Path(paper).open("rb") as file:
            return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
    except OSError as error:
        raise papers.FileRefused(f"{paper} cannot be read: {error.strerror}.", remedy="Check the path.") from None


def _write(out: Path, content: dict[str, Json], catalogue: Catalogue) -> None:
    problems = agreement_problems(content, catalogue)
    papers.write_new(out, written(content, catalogue).encode())
    for problem in problems:
        say(f"{problem.path or '/'}: {problem.sentence} ({problem.rule}, {problem.source})")
    say(f"{out} is complete." if not problems else f"{out} has {len(problems)} place(s) to complete; each says TO DO.")
    show({"file": str(out), "complete": not problems, "problems": problems})
