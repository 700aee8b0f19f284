// A file is read where the person is: its text, or its SHA-256, goes into the field beside it. The file itself is never sent.
"use strict";

// How a private key is written; the server refuses one too.
const PRIVATE = /-----BEGIN [A-Z0-9 ]*PRIVATE KEY|PuTTY-User-Key-File|"kty"[^]*"(d|k)"\s*:|"(d|k)"\s*:[^]*"kty"/;

for (const field of document.querySelectorAll("[data-pg-reads]")) {
  const digests = field.dataset.pgReads === "digest";
  if (digests && !window.crypto?.subtle) continue;
  const warning = Object.assign(document.createElement("div"), { className: "usa-error-message", role: "alert" });
  const warn = (told) => {
    warning.textContent = told ? field.dataset.pgPrivate : "";
    field.setCustomValidity(warning.textContent);
  };
  const input = Object.assign(document.createElement("input"), { type: "file", id: `${field.id}-file`, className: "usa-input" });
  const label = Object.assign(document.createElement("label"), { className: "usa-label", htmlFor: input.id });
  label.textContent = field.dataset.pgLabel;
  field.before(label, input, warning);
  input.addEventListener("change", async () => {
    const file = input.files[0];
    if (!file) return;
    const text = digests ? "" : await file.text();
    warn(false);
    if (PRIVATE.test(text)) {
      // The key stays where it is: neither in the field nor sent.
      input.value = "";
      warning.textContent = field.dataset.pgPrivate;
      return;
    }
    field.value = digests ? await digest(file) : text;
    field.dispatchEvent(new Event("change", { bubbles: true }));
  });
  // What was pasted is judged before the form is sent: a field that is not valid holds it back.
  if (!digests) field.addEventListener("input", () => warn(PRIVATE.test(field.value)));
}

async function digest(file) {
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
  return "sha256:" + Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
