"""Clients without keys on the command line: what is refused, and what an officer is told before approving one."""

from tests.factories.command_line import RESPONSIBLE, CommandLine

BIND = ("--compatibility", "--responsible", RESPONSIBLE, "--signer-key", "@rae.pem", "--out", "@gradebook.json")


def test_a_client_without_keys_needs_addresses_and_an_agreement_that_says_so(active: CommandLine) -> None:
    agreement = str(active.done("agreement", "show")[0]["digest"])
    bind = ("client", "bind", "--agreement", agreement, *BIND)
    assert "1 problem(s) at /allowed_addresses" in active.refused(*bind)
    client = active.done(*bind, "--allow-address", "203.0.113.7/32")["client"]
    approval = ("--officer-key", "@olivia.pem", "--out", "@gradebook.approval.json", "--yes")
    approved = active.run("client", "approve", "@gradebook.json", *approval)
    assert "WITHOUT KEYS: whoever has its secret" in approved.err
    register = ("client", "register", "@gradebook.json", "--approval", "@gradebook.approval.json", "--name", "x")
    assert "does not let in programs" in active.refused(*register)
    (known,) = active.done("client", "show")
    assert (known["compatibility"], known["networks"], known["secrets"]) == (False, [], [])
    for each in (client, known["id"]):
        assert "is bound to nothing in force" in active.refused("client", "secret", str(each))
        assert "issued no secret" in active.refused("client", "end-secret", str(each), "--entry", "1")
