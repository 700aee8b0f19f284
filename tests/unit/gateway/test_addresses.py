"""A forwarded address is believed from the machines in front of the gateway, and from nobody else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.addresses import NO_TERMINATORS, Terminators, known

PEER = ("203.0.113.9", 4000)
FRONT = ("10.0.0.5", 4001)
OURS = Terminators.parse("10.0.0.5, 10.1.0.0/24, 2001:db8::/64")


def scope(peer: tuple[str, int] | None, *forwarded: str) -> dict[str, object]:
    return {"client": peer, "headers": [(b"x-forwarded-for", each.encode("latin-1")) for each in forwarded]}


@given(st.lists(st.text(st.characters(max_codepoint=255)) | st.ip_addresses().map(str), max_size=4))
def test_what_anybody_else_writes_is_not_believed(written: list[str]) -> None:
    assert NO_TERMINATORS.client_of(scope(PEER, *written)) == PEER
    assert OURS.client_of(scope(PEER, *written)) == PEER


@given(st.lists(st.text(st.characters(max_codepoint=255))))
def test_what_stands_before_the_address_that_our_machine_wrote_changes_nothing(written: list[str]) -> None:
    assert OURS.client_of(scope(FRONT, ", ".join([*written, "198.51.100.7"]))) == ("198.51.100.7", 0)


@pytest.mark.parametrize(
    ("peer", "forwarded", "found"),
    [
        pytest.param(FRONT, ["198.51.100.7", "10.1.0.8"], ("198.51.100.7", 0), id="two_of_ours"),
        pytest.param(FRONT, ["192.0.2.1, 198.51.100.7"], ("198.51.100.7", 0), id="written_by_the_client_before_that"),
        pytest.param(FRONT, ["10.1.0.8"], ("10.1.0.8", 0), id="ours_itself"),
        pytest.param(FRONT, ["198.51.100.7:80"], ("198.51.100.7", 0), id="with_a_port"),
        pytest.param(FRONT, ["[2001:db9::7]:80"], ("2001:db9::7", 0), id="version_six_with_a_port"),
        pytest.param(FRONT, ["proxy.example"], FRONT, id="not_an_address"),
        pytest.param(("::ffff:10.0.0.5", 1), ["198.51.100.7"], ("198.51.100.7", 0), id="ours_as_version_six"),
        pytest.param(FRONT, ["junk, 10.1.0.8"], ("10.1.0.8", 0), id="junk_before_ours"),
        pytest.param(FRONT, [], FRONT, id="nothing_written"),
        pytest.param(("2001:db8::1", 1), ["2001:db9::7"], ("2001:db9::7", 0), id="version_six"),
        pytest.param(("a socket", 0), ["198.51.100.7"], ("a socket", 0), id="no_network"),
        pytest.param(None, ["198.51.100.7"], None, id="no_peer"),
    ],
)
def test_the_last_address_that_is_not_ours_is_the_client(
    peer: tuple[str, int] | None, forwarded: list[str], found: tuple[str, int] | None
) -> None:
    assert OURS.client_of(scope(peer, *forwarded)) == found


@pytest.mark.parametrize("text", ["proxy.example", "10.0.0.1/8", "10.0.0", "10.0.0.1;10.0.0.2"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Terminators.parse(text)


@pytest.mark.parametrize(
    ("client", "whose"),
    [
        (None, None),
        (("a socket", 0), None),
        (("127.0.0.1", 4000), None),
        (("::ffff:127.0.0.1", 4000), None),
        (("172.30.240.1", 4000), None),
        (("10.0.0.5", 4000), None),
        (("8.8.8.8", 4000), "8.8.8.8"),
        (("10.0.0.5", 0), "10.0.0.5"),
    ],
)
def test_what_may_be_in_front_without_being_named_is_nobodys_address(
    client: tuple[str, int] | None, whose: str | None
) -> None:
    assert known(client) == whose
