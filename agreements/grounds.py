"""Whether a document says what its legal basis needs, and nothing of another (rows A1-A6, C1, C2, L1-L8)."""

from collections.abc import Iterator
from datetime import timedelta

from agreements.basis import ALWAYS, ANY_PARTY, PARTNERS, PUBLIC_AGENCY, REQUIRED, Basis
from agreements.canonical import Json
from agreements.dates import read_date, school_year_of
from agreements.errors import Problem
from agreements.pointer import MISSING, Missing, resolve, rows

_EMERGENCY = timedelta(days=2)
"""Three calendar days, first and last included: 72 hours."""
_NOTICE = "34 CFR 99.37"


def basis_problems(content: Json) -> Iterator[Problem]:
    """Yield what the named basis lacks and what belongs to another basis."""
    named = resolve(content, "/basis/type")
    parts = ALWAYS
    if isinstance(named, str) and named in set(Basis):
        parts = (*REQUIRED[Basis(named)], *ALWAYS)
        yield from _foreign(content, Basis(named))
        yield from _partner(content, Basis(named))
    if resolve(content, "/partner/type") == "public_agency":
        parts = (*parts, *PUBLIC_AGENCY)
    lacking = {part.path: part for part in reversed(parts) if _is_absent(content, part.path)}
    for part in lacking.values():
        yield Problem(part.path, part.rule, part.source, f"{part.title} is missing ({part.source}).")
    match named:
        case Basis.SCHOOL_OFFICIAL:
            yield from _annual_notice(content)
        case Basis.HEALTH_SAFETY_EMERGENCY:
            yield from _standing_emergency(content)
        case Basis.DIRECTORY_INFORMATION:
            yield from _directory(content)


def _is_absent(content: Json, path: str) -> bool:
    value = resolve(content, path)
    return value is MISSING or value in ("", [], {}, None)


def _foreign(content: Json, basis: Basis) -> Iterator[Problem]:
    own = {part.path for part in REQUIRED[basis]}
    elsewhere = {part.path for parts in REQUIRED.values() for part in parts if part.path.startswith("/basis/")}
    for path in sorted(elsewhere - own):
        if resolve(content, path) is not MISSING:
            yield Problem(
                path,
                "L1",
                "34 CFR 99.30(a), 99.31(a)",
                f"This part belongs to another legal basis than '{basis}'. An agreement rests on one basis: remove it.",
            )


def _partner(content: Json, basis: Basis) -> Iterator[Problem]:
    kind = resolve(content, "/partner/type")
    kinds, rule, source = PARTNERS.get(basis, ((kind,), "", ""))
    if isinstance(kind, str) and kind not in kinds:
        sentence = f"Under the basis '{basis}' the partner can only be: {', '.join(map(str, kinds))}."
        yield Problem("/partner/type", rule, source, sentence)


def _annual_notice(content: Json) -> Iterator[Problem]:
    days = [read_date(resolve(content, f"/term/{day}")) for day in ("first_day", "last_day")]
    known = [school_year_of(day) for day in days if day is not None]
    if len(known) < len(days):
        return
    first, last = known
    noticed = _texts([row.get("school_year") for _, row in rows(content, "/basis/annual_notice_ref")])
    lacking = [f"{year}-{year + 1}" for year in range(first, last + 1) if f"{year}-{year + 1}" not in noticed]
    if noticed and lacking:
        yield Problem(
            "/basis/annual_notice_ref",
            "A5",
            "34 CFR 99.7(a)(3)(iii)",
            f"There is no annual notice for {', '.join(lacking[:3])}, in which the agreement is in force.",
        )


def _standing_emergency(content: Json) -> Iterator[Problem]:
    first, last = (read_date(resolve(content, f"/term/{day}")) for day in ("first_day", "last_day"))
    if first is not None and last is not None and last - first > _EMERGENCY:
        yield Problem(
            "/term/last_day",
            "L4",
            "34 CFR 99.36; project rule L4",
            "An emergency is not a standing grant: the term may cover 72 hours at most.",
        )


def _directory(content: Json) -> Iterator[Problem]:
    yield from _limited_parties(content)
    designated = _texts(resolve(content, "/basis/types"))
    for path, _ in rows(content, "/datasets"):
        for place, line in rows(content, f"{path}/elements"):
            element = line.get("element")
            if designated and isinstance(element, str) and element not in designated:
                sentence = "The notice does not designate this element as directory information. Remove it."
                yield Problem(f"{place}/element", "L5", f"{_NOTICE}(a)(1)", sentence)
    path = "/basis/opt_out_checked_on"
    written, begins = resolve(content, path), read_date(resolve(content, "/term/first_day"))
    checked = read_date(written)
    if isinstance(written, str) and written and (checked is None or (begins is not None and checked > begins)):
        sentence = "Opt-outs are checked on a day of the calendar, before the term begins."
        yield Problem(path, "L5", f"{_NOTICE}(a)(2)-(3)", sentence)


def _texts(value: Json | Missing) -> set[str]:
    return {text for text in value if isinstance(text, str)} if isinstance(value, list) else set()


def _limited_parties(content: Json) -> Iterator[Problem]:
    path, source = "/basis/limited_parties", f"{_NOTICE}(d)"
    parties, partner = resolve(content, path), resolve(content, "/partner/id")
    if not isinstance(parties, list) or not parties:
        return
    if ANY_PARTY in parties and len(parties) > 1:
        sentence = f"'{ANY_PARTY}' stands alone: a notice either limits disclosure to some parties or does not."
        yield Problem(path, "L5", source, sentence)
    elif ANY_PARTY not in parties and partner not in parties:
        sentence = "The notice limits directory information to other parties: the partner's id is not listed."
        yield Problem(path, "L5", source, sentence)
