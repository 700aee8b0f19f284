"""What `pactgate agreement new` asks in groups: the parts of a basis, the elements, and what it offers for a term."""

from collections.abc import Sequence

import typer

from agreements.basis import PUBLIC_AGENCY, Basis
from agreements.elements import DATASETS, Catalogue
from agreements.purpose import PURPOSES
from gateway.cli.questions import Questions, pairs
from gateway.cli.run import say
from gateway.services.drafts.choosing import Chosen, described, named, offered, together
from gateway.services.drafts.errors import DraftRefused, OwnLineNeeded
from gateway.services.drafts.parts import asked_parts


def basis_parts(ask: Questions, basis: Basis, catalogue: Catalogue, given: Sequence[str]) -> dict[str, Sequence[str]]:
    """Return the parts of the basis by name; a name may be given several times where the format has a list."""
    wanted = {each.name: each for each in asked_parts(basis, catalogue)}
    found: dict[str, Sequence[str]] = {}
    for name, value in pairs(given, "a part"):
        if name not in wanted:
            raise typer.BadParameter(f"'{basis.value}' has no part '{name}'; it has: {', '.join(wanted)}")
        found[name] = (*found.get(name, ()), value)
    for name in [name for name in wanted if name not in found]:
        answer = ask.text(wanted[name].question, None) if not wanted[name].several else None
        said = ask.several(wanted[name].question, ()) if wanted[name].several else (answer,) if answer else ()
        if said:
            found[name] = said
    return found


def agency_parts(ask: Questions, given: Sequence[str]) -> dict[str, str]:
    """Return the nine parts that a public agency owes, as far as they were said."""
    wanted = {part.path.rpartition("/")[2]: part for part in PUBLIC_AGENCY}
    found = dict(pairs(given, "a part"))
    unknown = sorted(set(found) - set(wanted))
    if unknown:
        raise typer.BadParameter(f"a public agency has no part '{unknown[0]}'; it has: {', '.join(wanted)}")
    for name, part in wanted.items():
        if name not in found and (answer := ask.text(f"{part.title} ({part.source})", None)) is not None:
            found[name] = answer
    return found


def elements(
    ask: Questions,
    purpose: str | None,
    basis: Basis,
    catalogue: Catalogue,
    *,
    datasets: Sequence[str],
    designated: Sequence[str] | None,
    by_number: bool,
    plain: Sequence[str],
    sensitive: Sequence[str],
) -> tuple[Chosen, ...]:
    """Return what a person named; if nothing plain was, then also what is usual for the purpose, once shown."""
    chosen = [named(text, purpose, catalogue, sensitive=False) for text in plain]
    chosen += [named(text, purpose, catalogue, sensitive=True) for text in sensitive]
    if purpose is None or plain:
        return together(chosen)
    usual = offered(purpose, basis, catalogue, datasets=datasets or DATASETS, by_number=by_number)
    # A directory notice says itself which elements it is about (34 CFR 99.37(a)(1)).
    usual = tuple(each for each in usual if designated is None or each.element in designated)
    say(f"Usual for '{PURPOSES[purpose].title}':")
    for each in usual:
        say(f"  {described(each, catalogue)}")
    begun = usual if ask.agreed("Begin with these?") else ()
    return together(begun, chosen, _further(ask, purpose, catalogue))


def offered_title(purpose: str | None, partner: str | None, years: Sequence[str]) -> str | None:
    """Return a title that says who shares for what, once that is known."""
    if purpose is None or partner is None or not years:
        return None
    return f"{PURPOSES[purpose].title}: data sharing agreement with {partner}, {', '.join(years)}"


def offered_day(basis: Basis, years: Sequence[str], *, first: bool) -> str | None:
    """Return the edge of the school years; an emergency has no usual term."""
    if not years or basis is Basis.HEALTH_SAFETY_EMERGENCY:
        return None
    return f"{min(years)[:4]}-07-01" if first else f"{max(years)[-4:]}-06-30"


def _further(ask: Questions, purpose: str, catalogue: Catalogue) -> list[Chosen]:
    found: list[Chosen] = []
    while (text := ask.text("Another element, DATASET:ELEMENT[:TRANSFORMATION] (Enter to go on)", None)) is not None:
        try:
            found.append(named(text, purpose, catalogue, sensitive=False))
        except OwnLineNeeded as error:
            if typer.confirm(f"{error} Does it have them?", default=False, err=True):
                found.append(named(text, purpose, catalogue, sensitive=True))
        except DraftRefused as error:
            say(f"{error} {error.remedy}")
    return found
