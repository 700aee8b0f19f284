// A file is read where the person is: its text, or its SHA-256, goes into the field beside it. The file itself is never sent.
"use strict";

for (const field of document.querySelectorAll("[data-pg-reads]")) {
  const digests = field.dataset.pgReads === "digest";
  if (digests && !window.crypto?.subtle) continue;
  const input = Object.assign(document.createElement("input"), { type: "file", id: `${field.id}-file`, className: "usa-input" });
  const label = Object.assign(document.createElement("label"), { className: "usa-label", htmlFor: input.id });
  label.textContent = field.dataset.pgLabel;
  field.before(label, input);
  input.addEventListener("change", async () => {
    const file = input.files[0];
    if (!file) return;
    field.value = digests ? await digest(file) : await file.text();
    field.dispatchEvent(new Event("change", { bubbles: true }));
  });
}

async function digest(file) {
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
  return "sha256:" + Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
