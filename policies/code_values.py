"""
What the values of coded elements tell, and so which of them may leave under which legal basis.

A gate on an element is worth nothing if a code next to it says the same: a program called "Food Service" tells who eats
free. INVARIANT: a value that nobody classified leaves under no basis.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from agreements.basis import Basis
from agreements.canonical import canonical_bytes, digest_of
from agreements.documents.classification import Judgement
from agreements.elements import DATASETS, Catalogue, Element, Tier, Transformation
from policies.classified import UNCLASSIFIED, Classified, leaves_under
from policies.decision import CodeSet
from policies.members import require_members, texts

PROGRAM_TYPE: Final = "000225"
"""The coded element that a population can look at."""
Gates = Mapping[str, frozenset[str]]
"""Law -> the legal bases under which its gate opens."""


def code_set(values: frozenset[str]) -> CodeSet:
    """Return these values as what a reader takes: sorted, with their digest."""
    listed = tuple(sorted(values))
    return CodeSet(listed, digest_of(canonical_bytes(list(listed))))


_ANY: Final = frozenset(basis.value for basis in Basis)
NOTHING: Final = code_set(frozenset())
"""What may leave of a coded element under a basis that nobody has heard of."""


@dataclass(frozen=True, slots=True)
class CodeValues:
    """
    The classification: the file's, and beside it what two stewards classified by signed acts.

    `content` is the file's part of what the digest of the guardrails covers. `known` are the values of each coded
    element that anybody has judged, `shipped` those that the file judges: of these no steward judges.
    """

    whole_rows: frozenset[str]
    """Datasets in which one value that may not leave withholds the whole row: the other elements speak of it too."""
    content: Mapping[str, Any] = field(repr=False)
    shipped: Mapping[str, frozenset[str]] = field(repr=False)
    known: Mapping[str, frozenset[str]] = field(repr=False)
    _sets: Mapping[str, Mapping[str, CodeSet]] = field(repr=False)

    @property
    def coded(self) -> frozenset[str]:
        """The coded elements."""
        return frozenset(self._sets)

    def leaving(self, element: str, basis: str) -> CodeSet | None:
        """Return the values of `element` that may leave under `basis`; None if it is not coded, and each may."""
        sets = self._sets.get(element)
        return None if sets is None else sets.get(basis, NOTHING)

    def row_codes(self, dataset: str, basis: str, catalogue: Catalogue) -> Mapping[str, CodeSet]:
        """
        Return, for each coded element of a dataset whose rows leave whole or not at all, the values that may.

        A count of rows is no row: the catalogue says how sensitive it is.
        """
        if dataset not in self.whole_rows:
            return {}
        return {
            element.id: self._sets[element.id].get(basis, NOTHING)
            for element in catalogue.in_dataset(dataset)
            if element.id in self._sets
        }


def row_leaves(codes: Mapping[str, CodeSet], row: Mapping[str, str | None]) -> bool:
    """
    Return whether a row leaves that has these values, by element, `codes` being what `CodeValues.row_codes` gives.

    Each value that is there must be one that may leave, whether its element was asked for or not. A row of which no
    code is known stays: nobody can say what it is about.
    """
    known = {element: value for element in codes if (value := row.get(element)) is not None}
    return not codes or (bool(known) and all(value in codes[element].values for element, value in known.items()))


def read_code_values(
    content: Mapping[str, Any], catalogue: Catalogue, gates: Gates, classified: Classified = UNCLASSIFIED
) -> CodeValues:
    """
    Read the classification of the file, with what stewards classified besides.

    Raises `ValueError`, `TypeError` or `KeyError` for what leaves something unjudged.
    """
    require_members(content, {"version", "whole_rows", "plain", "elements"})
    if content["version"] != 1:
        raise ValueError("version is not 1")
    whole_rows, plain = frozenset(texts(content["whole_rows"])), set(texts(content["plain"]))
    if not whole_rows <= set(DATASETS):
        raise ValueError("whole_rows names a dataset that does not exist")
    coded = content["elements"]
    # (1): each text that could be a code was judged to be one or not. A new element is not open by oversight.
    wanted = {element.id for element in catalogue if _may_be_coded(element)}
    if unjudged := sorted(wanted ^ (plain | coded.keys())) or sorted(plain & coded.keys()):
        raise ValueError(f"{', '.join(unjudged)} must be either plain or coded")
    # (2): a value that leaves in another form would leave unjudged.
    if changed := sorted(each for each in coded if catalogue.element(each).transformations != (Transformation.EXACT,)):
        raise ValueError(f"{', '.join(changed)} is coded and can be transformed")
    file = {element: _judged(table, gates) for element, table in coded.items()}
    # What stewards judged of an element that is not coded any more is of no use, and of no harm.
    own = {element: classified.of(element) for element in coded}
    sets = {element: _sets(file[element], own[element], gates) for element in coded}
    sets |= {element: MappingProxyType({}) for element in classified.closed if element in coded}
    shipped = {element: frozenset(judged) for element, judged in file.items()}
    known = {element: shipped[element] | own[element].keys() for element in coded}
    return CodeValues(whole_rows, content, MappingProxyType(shipped), MappingProxyType(known), MappingProxyType(sets))


def _may_be_coded(element: Element) -> bool:
    """Return whether an element holds texts that stand on no gate of their own: a gate closes it as a whole."""
    return element.value_type == "text" and element.gate is None and element.tier is not Tier.NEVER


def _judged(table: Mapping[str, Any], gates: Gates) -> Mapping[str, frozenset[str]]:
    """Return the values that the file judges of one element, each with the bases under which it may leave."""
    classified = list(_classified(table, gates))
    opens = dict(classified)
    if len(opens) != len(classified):
        raise ValueError("a value is classified twice")
    return opens


def _sets(file: Mapping[str, frozenset[str]], own: Mapping[str, Judgement], gates: Gates) -> Mapping[str, CodeSet]:
    opens = dict(file)
    for value, judged in own.items():
        # Where a later release judges what stewards had judged, both must let it leave.
        opens[value] = leaves_under(judged, gates) & file.get(value, _ANY)
    return MappingProxyType(
        {basis.value: code_set(frozenset(value for value, bases in opens.items() if basis in bases)) for basis in Basis}
    )


def _classified(table: Mapping[str, Any], gates: Gates) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield each value with the bases under which it may leave."""
    require_members(table, set(), frozenset({"open", "gated", "never"}))
    for bases, values in (
        (frozenset(Basis), table.get("open", [])),
        (frozenset[str](), table.get("never", [])),
        *((gates[law], listed) for law, listed in table.get("gated", {}).items()),
    ):
        yield from ((value, bases) for value in texts(values))
