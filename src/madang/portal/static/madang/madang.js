"use strict";
// Comfort only: every page works without this file.

// Copy buttons: shown only where they can work.
for (const button of document.querySelectorAll("[data-copy]")) {
  const source = document.getElementById(button.dataset.copy);
  if (!source || !navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(source.innerText.trim());
    const before = button.textContent;
    button.textContent = button.dataset.done;
    setTimeout(() => { button.textContent = before; }, 2000);
  });
}

// Drafts save themselves a moment after the last key; the answer says when it was kept.
for (const form of document.querySelectorAll("form[data-autosave]")) {
  const told = document.getElementById(form.dataset.told);
  let timer = 0;
  let busy = false;
  const save = async () => {
    if (busy) { timer = setTimeout(save, 500); return; }
    busy = true;
    try {
      const response = await fetch(form.dataset.autosave, {
        method: "POST",
        body: new FormData(form),
        headers: { "x-autosave": "1" },
        credentials: "same-origin",
      });
      if (told) told.textContent = response.ok ? await response.text() : form.dataset.failed;
    } catch {
      if (told) told.textContent = form.dataset.failed;
    } finally {
      busy = false;
    }
  };
  form.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(save, 1200); });
  form.addEventListener("submit", () => clearTimeout(timer));
}

// Filters send themselves on change; without this file their button does.
for (const select of document.querySelectorAll("select[data-submit]")) {
  select.addEventListener("change", () => select.form.submit());
}
