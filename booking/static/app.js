// Small comforts. Every page works without them.
(() => {
  "use strict";

  // Focus goes to what a swap says is next: an error summary, a heading.
  const settle = (root) => root.querySelector("[data-focus]")?.focus();
  document.addEventListener("htmx:after:swap", () => settle(document));
  settle(document);

  // A departure that is not after the arrival moves along with it.
  const day = 24 * 3600 * 1000;
  document.addEventListener("change", ({ target }) => {
    if (target.name !== "checkIn" || !target.form || !target.value) return;
    const end = target.form.elements.checkOut;
    const next = new Date(Date.parse(target.value) + day).toISOString().slice(0, 10);
    end.min = next;
    if (end.value && end.value < next) end.value = next;
  }, true);

  // Forms and links that only make sense with a script: print, dialogs.
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-print], [data-opens], [data-closes]");
    if (!button) return;
    if ("print" in button.dataset) window.print();
    if (button.dataset.opens) {
      event.preventDefault();
      document.getElementById(button.dataset.opens).showModal();
    }
    if ("closes" in button.dataset) button.closest("dialog").close();
  });

  // A form that sends itself waits until it is complete.
  document.addEventListener("htmx:before:request", (event) => {
    const source = event.detail.ctx.sourceElement;
    if (source.matches("form[data-when-complete]") && !source.checkValidity()) event.preventDefault();
  });

  // No answer at all: say so, until there is one.
  const trouble = document.getElementById("trouble");
  document.addEventListener("htmx:error", () => { trouble.hidden = false; });
  document.addEventListener("htmx:after:request", () => { trouble.hidden = true; });

  // A second click on a button that is working on it does nothing.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || event.defaultPrevented) return;
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  });

  // <span data-until="2026-12-01T12:00:00Z" data-then="id">: minutes and seconds left, by the server's clock.
  const behind = Date.parse(document.documentElement.dataset.now) - Date.now();
  const tick = () => {
    for (const shown of document.querySelectorAll("[data-until]")) {
      const left = Math.max(0, Math.floor((Date.parse(shown.dataset.until) - Date.now() - behind) / 1000));
      const text = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
      if (shown.textContent !== text) shown.textContent = text;
      const soon = shown.closest(".countdown")?.querySelector("[data-soon]");
      if (soon && left <= 120 && !soon.textContent) soon.textContent = soon.dataset.soon;
      if (left > 0) continue;
      delete shown.dataset.until;
      const over = document.getElementById(shown.dataset.then);
      for (const running of document.querySelectorAll("[data-while-held]")) running.hidden = true;
      if (over) { over.hidden = false; over.focus(); }
    }
  };
  tick();
  setInterval(tick, 500);
})();
