"""What an analysis found, in plain words, one sentence a finding."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Final

from agreements.elements import Catalogue
from agreements.wording import LEAVES
from policies.analyse.changes import Change
from policies.analyse.dead import Dead, Why
from policies.analyse.linking import Joinable
from policies.analyse.obtained import Obtained
from policies.analyse.replay import Effect, Tally
from policies.analyse.together import AddsUp, Holding
from policies.analyse.unused import Unused

_LAST: Final = datetime.max.replace(tzinfo=UTC, microsecond=0)
_BECAUSE: Final[Mapping[Why, str]] = {
    Why.FRAMEWORK: "it is a framework: only the agreements that narrow it allow anything",
    Why.NO_CLIENT: "no client is bound to it that could ask",
    Why.NO_WINDOW: "it ends before it begins to count",
    Why.OVER: "its last day is over",
    Why.STOPPED: "it is stopped",
    Why.UNANSWERED: "nobody answers for the client at any time from now on",
    Why.WITHHELD: "something stronger withholds the element for the whole of its days",
    Why.DROPPED: "it drops the element, and nothing else would let it leave",
    Why.NEVER_STRICTEST: "another clause is as strict or stricter whenever it holds",
}


def obtained_sentence(found: Obtained, catalogue: Catalogue) -> str:
    """Return who obtains what, by which clauses and until when."""
    return (
        f"{found.partner} ({found.client}) can obtain {_element(found, catalogue)}, {LEAVES[found.transformation]}, "
        f"for {found.purpose}, by {', '.join(found.clauses)} of {found.line} ({found.agreement}), {_until(found.ends)}."
    )


def change_sentence(change: Change, catalogue: Catalogue) -> str:
    """Return what a client gains, loses or receives in another way, and when."""
    side = change.side
    begins = f"{side.partner} ({side.client}) under {side.line}: {_element(side, catalogue)}"
    when = f"from {change.begins:%Y-%m-%d %H:%M} UTC, {_until(change.ends)}"
    if change.before is None:
        return f"{begins} is gained, {LEAVES[side.transformation]}, {when}."
    if change.after is None:
        return f"{begins} is lost, {when}."
    was, now = LEAVES[change.before.transformation], LEAVES[change.after.transformation]
    return f"{begins} leaves {now} instead of {was}, {when}."


def holding_sentence(holding: Holding, catalogue: Catalogue) -> str:
    """Return the most that a partner's agreements tell of an element, and by which of them."""
    lines = sorted({each.line for each in holding.by})
    ways = "" if len(holding.ways) == 1 else f"; together with it {', '.join(LEAVES[way] for way in holding.ways[:-1])}"
    return f"{_element(holding.by[0], catalogue)}: {LEAVES[holding.most_open]}{ways} ({', '.join(lines)})."


def joinable_sentences(joined: Joinable) -> Iterator[str]:
    """Yield what could be joined by one set, with the clauses of every side."""
    who = "one partner" if len(joined.partners) == 1 else f"{len(joined.partners)} partners"
    yield f"By {joined.by.name} ({joined.by.kind}) records of {who} could be joined. {joined.by.reason}"
    for side in joined.sides:
        yield f"  {side.partner}, {side.line}: {', '.join(side.clauses)} of {', '.join(side.agreements)}."


def adds_up_sentence(pair: AddsUp) -> str:
    """Return what two agreements of one partner are together."""
    by = f"joined by {', '.join(pair.joined_by)}" if pair.joined_by else "with nothing of ours to join them by"
    return (
        f"{pair.one} and {pair.other} add up to more than either, {by}: "
        f"only the first tells {len(pair.only_one)} element(s), only the second {len(pair.only_other)}."
    )


def dead_sentence(found: Dead) -> str:
    """Return what can never matter, and why."""
    what = f"{found.clause} ({found.element})" if found.clause else "All of it"
    whom = f" for {found.client}" if found.client else ""
    by = f" ({found.by})" if found.by else ""
    return f"{found.line}: {what}{whom} can never matter: {_BECAUSE[found.why]}{by}."


def unused_sentence(found: Unused) -> str:
    """Return what nobody asked for."""
    what = f"{found.dataset}: {found.name} ({found.element})" if found.element else found.dataset or "anything"
    return f"{found.partner} ({found.client}) never asked for {what} under {found.line}."


def tally_sentence(tally: Tally) -> str:
    """Return what would have become of a client's requests."""
    what = {
        Effect.LOST: "would have been refused",
        Effect.GAINED: "were refused and would have been answered",
        Effect.CHANGED: "would have been answered in another way",
    }[tally.effect]
    codes = f" ({', '.join(sorted(tally.codes))})" if tally.codes else ""
    return (
        f"{tally.client}: {tally.requests} request(s) {what}{codes}, from entry {tally.first} to entry {tally.last}: "
        f"{', '.join(sorted(tally.elements))}."
    )


def gathered(findings: Iterable[Joinable]) -> tuple[str, ...]:
    """Return the sentences of several joins."""
    return tuple(sentence for each in findings for sentence in joinable_sentences(each))


def _element(found: Obtained, catalogue: Catalogue) -> str:
    title = catalogue.element(found.element).title if found.element in catalogue else found.name
    return f"'{title}' ({found.dataset}: {found.element})"


def _until(ends: datetime) -> str:
    return "without an end" if ends >= _LAST else f"until {ends:%Y-%m-%d %H:%M} UTC"
