// Passkeys: the one thing on these pages that takes a script. A form that carries `data-passkey` asks the browser for a
// new passkey ("make") or for a signature by one ("sign") when it is sent, fills what came into its own fields, and is
// then sent as any other. It reads nothing but that form, keeps nothing, and asks nobody else.
"use strict";
(() => {
  const bytes = (said) => Uint8Array.from(atob(said.replace(/-/g, "+").replace(/_/g, "/")), (each) => each.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

  const make = async (form) => {
    const { challenge, proof, rp, rpName, user, userName } = form.dataset;
    const made = await navigator.credentials.create({
      publicKey: {
        challenge: bytes(challenge),
        rp: { id: rp, name: rpName },
        user: { id: bytes(user), name: userName, displayName: userName },
        pubKeyCredParams: [{ type: "public-key", alg: -7 }],
        authenticatorSelection: { userVerification: "required", residentKey: "discouraged" },
        attestation: "none",
      },
    });
    form.elements.credential.value = made.id;
    form.elements.attestation.value = text(made.response.attestationObject);
    form.elements.client_data.value = text(made.response.clientDataJSON);
    // The new key signs once, which shows that whoever sends it holds it.
    const held = await navigator.credentials.get({
      publicKey: {
        challenge: bytes(proof),
        rpId: rp,
        allowCredentials: [{ type: "public-key", id: made.rawId }],
        userVerification: "required",
      },
    });
    form.elements.held_authenticator_data.value = text(held.response.authenticatorData);
    form.elements.held_client_data.value = text(held.response.clientDataJSON);
    form.elements.held_signature.value = text(held.response.signature);
  };

  const sign = async (form) => {
    const { challenge, rp, credentials } = form.dataset;
    const signed = await navigator.credentials.get({
      publicKey: {
        challenge: bytes(challenge),
        rpId: rp,
        allowCredentials: credentials.split(" ").map((id) => ({ type: "public-key", id: bytes(id) })),
        userVerification: "required",
      },
    });
    form.elements.credential.value = signed.id;
    form.elements.authenticator_data.value = text(signed.response.authenticatorData);
    form.elements.client_data.value = text(signed.response.clientDataJSON);
    form.elements.signature.value = text(signed.response.signature);
  };

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    if (!window.PublicKeyCredential) continue; // the sentence that says so stays
    form.querySelector("[data-without]").hidden = true;
    const button = form.querySelector("button");
    button.disabled = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      button.disabled = true;
      try {
        await (form.dataset.passkey === "make" ? make : sign)(form);
        form.submit(); // does not come here again
      } catch {
        form.querySelector("[data-failed]").hidden = false;
        button.disabled = false;
      }
    });
  }

  // A link to sign carries its code behind the #, which a browser sends nowhere: it goes into the form of the page.
  const code = document.querySelector("input[data-code]");
  if (code && location.hash.length > 1) {
    code.value = location.hash.slice(1);
    history.replaceState(null, "", location.pathname);
  }

  // A signature file is put into the field beside it: the form itself sends text only.
  for (const file of document.querySelectorAll("input[data-into]")) {
    file.closest("[hidden]").hidden = false;
    file.addEventListener("change", async () => {
      if (file.files.length) document.getElementById(file.dataset.into).value = await file.files[0].text();
    });
  }
})();
