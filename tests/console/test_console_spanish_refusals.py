"""A refusal on a Spanish page is Spanish; the little that stays English is marked as English."""

import json
import re

from agreements.errors import InvalidDocument
from agreements.roles import Role
from tests.factories.agreements import key_for
from tests.factories.console import Console

SIGNER = {
    "party": "partner:bright-path",
    "person": "Sam Second",
    "may_agreement": "yes",
    "first_day": "2027-03-01",
    "last_day": "2026-01-01",
}


async def test_a_refusal_is_said_in_the_language_of_the_page(console: Console) -> None:
    officer = await console.as_a(Role.OFFICER)
    token = await officer.token()

    async def refused(path: str, form: dict[str, str], language: str = "es") -> str:
        answer = await officer.post(path, {"csrf": token, **form}, accept_language=language)
        assert answer.status_code >= 400
        assert f'<html lang="{language}">' in answer.text
        return answer.text.partition("<main")[2].partition("</main")[0]

    stop = {"what": "partner:bright-path", "name": "partner:bright-path", "reason": " "}
    page = await refused("/console/stop", stop)
    assert "<h1>No se puede aceptar un campo del formulario</h1>" in page
    assert "<p>«Motivo» requiere unas palabras, 500 caracteres como máximo.</p>" in page
    assert "<p>Vuelva atrás, corrija el campo y envíelo de nuevo.</p>" in page
    assert "lang=" not in page
    # What a class says, and where nobody raised anything of ours.
    assert "<p>El nombre que se escribió no es el de lo que se detendría." in await refused(
        "/console/stop", {**stop, "name": "x"}
    )
    assert "<p>Aquí no hay nada que usted pueda ver.</p>" in await refused("/console/nowhere", {})
    # An error of `agreements` says its remedy in the same breath; a page says the two apart, and each in Spanish.
    page = await refused("/console/signers", {**SIGNER, "key": "nothing"})
    assert "<p>Esto no es una clave pública Ed25519 o P-256 que se pueda leer.</p>" in page
    assert "<p>Dé una clave Ed25519 o P-256; las claves de programas también" in page
    assert "lang=" not in page
    # What the checks of a document say is made for the document: English, and marked; its remedy is Spanish.
    signer = {**SIGNER, "key": json.dumps(key_for("sam").public.jwk)}
    page = await refused("/console/signers", signer)
    assert re.search(r'<p><span lang="en">[^<]+</span></p>', page)
    assert "<p>Corrija cada problema indicado y compruebe de nuevo el documento.</p>" in page
    assert InvalidDocument.remedy not in page
    page = await refused("/console/signers", signer, "en")
    assert page.count(InvalidDocument.remedy) == 1
    assert "lang=" not in page
