"""Papers as the tests prepare and sign them: an agreement of a line of its own, with files of its signatures."""

from agreements.documents.hold import Hold, hold_bytes
from agreements.keys import SigningKey
from agreements.roles import Role
from agreements.signature import Envelope, Kind, add_signature
from gateway.services.papers.invitations import Invitations
from gateway.services.papers.papers import Papers
from gateway.services.papers.signature_file import signature_file
from tests.factories.agreements import SPS_B, SignedAgreement
from tests.factories.cohort import DAY, TUTORING
from tests.factories.console import Console


def drafted(console: Console, name: str = "agreement:on-the-pages") -> SignedAgreement:
    """Return an agreement with the first partner that is not in force yet, and what would bring it there."""
    ring, known = console.gateway.deployment.ring, console.gateway.deployment.agreements
    partner = next(iter(known.values())).agreement.content["partner"]
    return ring.agreement(SPS_B, changes={"/partner": partner, "/id": name, "/title": "Mentoring on the pages"})


async def papers_of(console: Console) -> Papers:
    """Return the papers of the console's installation."""
    return Papers(await console.gateway.office())


def signed_file(kind: Kind, payload: bytes, *keys: SigningKey) -> str:
    """Return what `pactgate paper sign` writes, with a signature of each of these keys."""
    made = None
    for key in keys:
        made = add_signature(made, kind, payload, key)
    assert made is not None
    return signature_file(made).decode()


async def held(console: Console) -> str:
    """Return the digest of a hold that waits for an officer's signature; prepared again, it is the same."""
    payload = hold_bytes(Hold(console.gateway.digest(TUTORING), "legal", DAY, "A court asks for the records."))
    papers, officer = await papers_of(console), console.people[Role.OFFICER].id
    return await papers.prepare(Kind.HOLD, payload, officer, title="A hold on the records of tutoring")


async def signed_paper(console: Console, digest: str, *keys: SigningKey) -> Envelope:
    """Return a paper's document, signed by these keys."""
    found = (await (await papers_of(console)).paper(digest)).envelope
    made = None
    for key in keys:
        made = add_signature(made, found.kind, found.payload, key)
    assert made is not None
    return made


async def prepared(console: Console, bundle: SignedAgreement) -> str:
    """Return the digest of an agreement that the administrator prepared."""
    person = console.people[Role.ADMINISTRATOR].id
    title, payload = bundle.agreement.title, bundle.agreement.canonical
    return await (await papers_of(console)).prepare(Kind.AGREEMENT, payload, person, title=title)


async def invited(console: Console) -> str:
    """Return the code of a link by which a partner's signer comes to an agreement."""
    bundle = drafted(console)
    digest, person = await prepared(console, bundle), console.people[Role.ADMINISTRATOR].id
    made = await Invitations(await console.gateway.office()).invite(digest, bundle.agreement.partner.id, person)
    return made.code


async def introduced(console: Console, title: str, *keys: SigningKey) -> None:
    """File the one open paper whose title has this in it, signed by these keys."""
    papers, person = await papers_of(console), console.people[Role.OFFICER].id
    (line,) = [each for each in await papers.listed() if title in each.title]
    await papers.add(line.digest, await signed_paper(console, line.digest, *keys), person)
    await papers.file(line.digest, person)
