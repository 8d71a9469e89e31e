// Passkeys. A form asks the server what to ask the device, and is sent with what the device answers.
(() => {
  "use strict";
  const page = document.documentElement;
  if ("passkeys" in page.dataset) return;  // a part of a page brought this file once more
  page.dataset.passkeys = "";

  const parsers = { create: "parseCreationOptionsFromJSON", get: "parseRequestOptionsFromJSON" };
  const isAble = (does) => typeof window.PublicKeyCredential?.[parsers[does]] === "function";
  const say = (form, what) => { form.querySelector("[data-said]").textContent = form.dataset[what] ?? ""; };
  // Browsers do not tell apart a dialog that was closed and one that took too long.
  const reasons = { NotAllowedError: "cancelled", AbortError: "cancelled", InvalidStateError: "exists", SecurityError: "elsewhere" };

  // Options, or nothing where the server has something else to say: the form itself brings that page.
  const options = async (form) => {
    const body = new URLSearchParams(new FormData(form));
    const response = await fetch(form.dataset.options, { method: "POST", body });
    const isJson = response.headers.get("Content-Type")?.startsWith("application/json");
    return response.ok && isJson ? response.json() : null;
  };

  const ask = async (form) => {
    const does = form.dataset.passkey;
    if (!isAble(does)) return say(form, "missing");
    const asked = await options(form);
    if (asked) {
      const publicKey = PublicKeyCredential[parsers[does]](asked);
      form.elements.credential.value = JSON.stringify(await navigator.credentials[does]({ publicKey }));
    }
    form.submit();
  };

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!("passkey" in form.dataset)) return;
    event.preventDefault();
    if ("busy" in form.dataset) return;
    form.dataset.busy = "";
    say(form, "none");
    try {
      await ask(form);
    } catch (error) {
      say(form, reasons[error.name] ?? "failed");
    } finally {
      delete form.dataset.busy;
    }
  }, true);

  // Whoever comes back to the page begins anew.
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-passkey]")) form.elements.credential.value = "";
  });
})();
