"""What the law, or this project, asks of each part of an agreement: the comments of a draft. Not legal advice."""

from collections.abc import Mapping

from agreements.basis import PUBLIC_AGENCY, REQUIRED, Basis

_PLACES: Mapping[str, str] = {
    "/catalogue": "The element catalogue that gives the ids below their meaning; the digest binds it (row A7).",
    "/id": "The agreement's line. Every later version keeps it, and with it rosters, consents and record codes.",
    "/replaces": "The version that this one replaces, by its digest. It needs signatures of its own (project rule S4).",
    "/master": "The agreement that this one narrows. It may only narrow (project rule A8).",
    "/framework": "A framework grants nothing by itself; agreements that narrow it do (project rule A8).",
    "/annexes": "The clients and people named under the replaced version count for this one too.",
    "/district": "The district whose records these are.",
    "/partner": "Who receives the records (34 CFR 99.31(c): the party is identified). A public agency owes the nine"
    " parts of RCW 39.34.240.",
    "/basis": "The one legal basis, with everything it requires. Default is no (34 CFR 99.30(a), 99.31(a)).",
    "/purpose": "Requests declare this purpose and the records serve no other (34 CFR 99.33(a)(2)). Advertising, sale"
    " and profiling are never one (RCW 28A.604.030).",
    "/datasets": "What may leave: listed elements in the listed form, for the listed school years, and nothing else"
    " (34 CFR 99.31(a)(1)(ii)). There are no wildcards.",
    "/population": "Whose records: roster = students the partner serves and the district accepted; placement ="
    " children in care, while they are; everyone = all of the schools listed beside it (project rule R1).",
    "/term": "First and last day, both included, in this time zone (34 CFR 99.31(a)(6)(iii)(C)(1) asks a study for"
    " it).",
    "/cadence": "How often derived values move. Slower tells less (project rule M3).",
    "/identifiers": "record_code: random, of this agreement alone (34 CFR 99.31(b)(2)). student_number: the"
    " district's own, which lets partners join records.",
    "/obligations/redisclosure": "Nobody else receives the records unless listed below; the partner is told so with"
    " every answer (34 CFR 99.33(a), (b), (d)).",
    "/obligations/destruction": "When, and within how many days after that (34 CFR 99.31(a)(6)(iii)(C)(4),"
    " 99.35(a)(3)(iii)-(iv); project rule X1).",
    "/obligations/breach_notice_hours": "How soon the partner tells the district of a breach (RCW 42.56.590: at once;"
    " the number of hours is the parties' choice).",
    "/obligations/security": "What the partner does to keep the records safe. Only these words carry it.",
    "/subrecipients": "Who may receive the records from the partner, and why (34 CFR 99.32(b), 99.33(b)).",
    "/people_behind": "Whether a person whom the people annex names stands behind each call: required, allowed or"
    " barred (34 CFR 99.33(a)(2)). Left out, it is allowed.",
    "/compatibility": "Whether programs that know only a client secret are let in, why, until when (project rule K1)."
    " Whoever steals such a secret can use it from the client's addresses.",
    "/public_agency": "The nine parts that public agencies write down (RCW 39.34.240).",
    "/people": "The key of whoever drafted this. That officer does not approve it (project rule S3).",
    "/executed_pdf": "The paper that both parties executed, by the SHA-256 of the file (project rule S1).",
}


def remark_for(path: str, basis: str | None) -> str | None:
    """Return what is asked of the part at this JSON pointer, with its source; None where the name says it all."""
    required = [*PUBLIC_AGENCY, *(REQUIRED[Basis(basis)] if basis in set(Basis) else ())]
    asked = [f"{part.title} ({part.source})." for part in required if part.path == path]
    return " ".join([_PLACES[path], *asked] if path in _PLACES else asked) or None
