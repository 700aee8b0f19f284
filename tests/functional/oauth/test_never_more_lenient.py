"""
What we issue a token for, an independent server issues one for too: node-oidc-provider in its FAPI 2.0 profile.

Every case of the attack table goes to both over HTTP, and mutations beyond the table. Where only we refuse, the case is
listed with its reason in tests/vectors/oauth_stricter.yaml.
"""

from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories.oauth import Builder, Case, cases, public
from tests.factories.peers import oracle
from tests.functional.oauth.conftest import Replica, Site

STRICTER = Path(__file__).parents[2] / "vectors" / "oauth_stricter.yaml"
GROUPS = ("token_client_authentication", "token_request", "requests_accepted", "proofs_refused", "proofs_accepted")
ASKED_BY_FAPI = {"nbf_nine_seconds_ahead"}
"""FAPI 2.0 5.3.2.1 item 13: an `nbf` up to ten seconds ahead is accepted; the oracle allows a proof none."""
KEYS = [public("client", kid="k1"), public("rsa", kid="r1"), public("client_ed25519", kid="e1")]

ODD: st.SearchStrategy[Any] = st.one_of(
    st.sampled_from(
        [None, True, False, 0, 1, -1, 2**53, 1.5, "", " ", "a" * 40, "k1", "e1", "ES256", "PS256", "Ed25519", "none"]
    ),
    st.sampled_from(["$client", "$other", "$issuer", "$token_url", "$now+5", "$now-5", "$now+60", "$now+9", "$now-59"]),
    st.sampled_from([{"$raw": text} for text in ("null", "1e2", "[[]]", '{"a":{"a":1}}', '"\\ud800"', "-0", "9" * 40)]),
    st.text(max_size=12),
    st.lists(st.integers(), max_size=2),
)
ENDINGS = st.sampled_from([None, None, None, "last_character", "trailing", "empty_signature", "zero_signature", "deep"])


def spoiled(header: list[str], claims: list[str], signers: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    """Return changes of a signed part: some members, perhaps another key, perhaps another ending."""
    return st.fixed_dictionaries(
        {"header": _few(header), "claims": _few(claims)}, optional={"sign": st.sampled_from(signers), "then": ENDINGS}
    )


def _few(names: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(names), ODD, max_size=2)


# No jti: an odd one may come twice, and then the verdict is about the request before.
ASSERTIONS = spoiled(
    ["alg", "kid", "typ", "crit", "cty", "note"],
    ["iss", "sub", "aud", "exp", "iat", "nbf", "note"],
    ["client", "other", "client_ps256", "client_ed25519", "client_rs256"],
)
PROOFS = spoiled(
    ["alg", "typ", "jwk", "kid", "note"],
    ["htm", "htu", "iat", "exp", "nbf", "nonce", "ath", "note"],
    ["proof", "other"],
)
FORMS = st.dictionaries(
    st.sampled_from(["grant_type", "client_id", "scope", "resource", "client_assertion_type", "note"]),
    st.sampled_from(["", " ", "client_credentials", "$client", "$other", "$issuer", "$issuer/", "nope"]),
    max_size=1,
)
MUTATIONS = st.fixed_dictionaries({}, optional={"assertion": ASSERTIONS, "proof": PROOFS, "form": FORMS})


@dataclass(frozen=True)
class Both:
    """The gateway and the oracle, asked the same."""

    ours: Replica
    build: Builder
    theirs: httpx2.AsyncClient
    build_theirs: Builder

    async def tokens(self, case: Case) -> tuple[bool, bool]:
        """Return whether we, and whether they issue a token for the request of this case."""
        fixed: dict[str, Any] = {}
        for part in ("assertion", "proof"):
            if (case.get(part) or {}).get("then") == "replay":
                fixed = {f"{part}_jti": "used-before"}
        for _ in range(2 if fixed else 1):
            here = await self.ours.send(self.build.token_request(case, **fixed))
            asked = self.build_theirs.token_request(case, **fixed)
            there = await self.theirs.request(
                asked.method, asked.target, headers=asked.headers, content=asked.content or None
            )
        assert here.status_code < 500
        return here.status_code == 200, there.status_code == 200


@pytest.fixture
async def both(site: Site) -> AsyncIterator[Both]:
    """The gateway, and the oracle with those of its clients that may have tokens."""
    ids = site.world.ids
    known = {ids[name]: KEYS for name in ("client", "bare", "over")}
    known[ids["other"]] = [public("other_client", kid="k1")]
    async with oracle(known) as issuer, httpx2.AsyncClient(base_url=issuer, timeout=20) as client:
        yield Both(await site.start(), site.build, client, Builder(replace(site.world, issuer=issuer)))


def listed() -> set[str]:
    """Return the names of the cases that have a reason to be stricter."""
    reasons: Mapping[str, list[str]] = yaml.safe_load(STRICTER.read_text())
    names = [name for each in reasons.values() for name in each]
    assert len(names) == len(set(names))
    return set(names)


@pytest.mark.attack("8 oracle")
@pytest.mark.ferpa("Z1")
async def test_every_case_of_the_table_gets_a_token_from_us_only_if_it_gets_one_from_the_oracle(both: Both) -> None:
    lenient, stricter, alike = set(), set(), 0
    for group in GROUPS:
        for name, case in cases(group):
            ours, theirs = await both.tokens(case)
            alike += ours == theirs
            if ours and not theirs:
                lenient.add(name)
            if theirs and not ours:
                stricter.add(name)
    assert lenient == ASKED_BY_FAPI
    assert (stricter - listed(), listed() - stricter) == (set(), set())
    assert alike > 150, "the oracle must refuse most of it for itself, or it says little"


@pytest.mark.attack("8 oracle")
@pytest.mark.ferpa("Z1")
async def test_no_mutation_beyond_the_table_gets_a_token_that_the_oracle_refuses(both: Both) -> None:
    verdicts: Counter[tuple[bool, bool]] = Counter()

    for case in drawn(MUTATIONS, 300):
        ours, theirs = await both.tokens(case)
        nbf = case.get("proof", {}).get("claims", {}).get("nbf")
        assert theirs or not ours or str(nbf).startswith("$now+"), case
        verdicts[ours, theirs] += 1
    assert min(verdicts[True, True], verdicts[False, False]) > 20, verdicts


def drawn(strategy: st.SearchStrategy[Case], count: int) -> list[Case]:
    """Return the same `count` examples at every run."""
    found: list[Case] = []

    @settings(
        max_examples=count, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
    )
    @given(strategy)
    def draw(case: Case) -> None:
        found.append(case)

    draw()
    return found
