// Small comforts. Every page works without them.
(() => {
  "use strict";

  // Focus goes to what a swap says is next: an error summary, a heading.
  const settle = (root) => root.querySelector("[data-focus]")?.focus();
  document.addEventListener("htmx:after:swap", () => settle(document));
  settle(document);

  // A check-out that is not after the check-in moves along with it, and the stay is as long as it was.
  const day = 24 * 3600 * 1000;
  const later = (date, days) => new Date(Date.parse(date) + days * day).toISOString().slice(0, 10);
  const lengths = new WeakMap();
  const length = (start, end) => Math.round((Date.parse(end) - Date.parse(start)) / day);
  // The picker offers no check-out before the day after check-in; one that is typed all the same is told why not.
  const order = ({ checkIn: start, checkOut: end }) => {
    if (start.value) end.min = later(start.value, 1);
    end.setCustomValidity(start.value && end.value && end.value <= start.value ? end.dataset.order : "");
  };
  const orderAll = () => {
    for (const end of document.querySelectorAll("[data-order]")) order(end.form.elements);
  };
  document.addEventListener("change", ({ target }) => {
    const { checkIn: start, checkOut: end, month } = target.form?.elements ?? {};
    if (month) month.disabled = target !== month;
    if (!start?.value || ![start, end].includes(target)) return;
    if (target === start) {
      const nights = lengths.get(target.form) ?? length(start.defaultValue, end.defaultValue);
      if (end.value && end.value <= start.value) end.value = later(start.value, nights > 0 ? nights : 1);
    }
    order(target.form.elements);
    // Not while the year is still being typed.
    if (target === end && end.value >= start.min) end.reportValidity();
    const nights = length(start.value, end.value);
    if (nights > 0) lengths.set(target.form, nights);
  }, true);
  document.addEventListener("htmx:after:swap", orderAll);
  window.addEventListener("pageshow", orderAll);  // back and reload bring back what was typed

  // As many ages are asked for as there are children.
  document.addEventListener("change", ({ target }) => {
    const around = target.name === "children" && target.closest("[data-children]");
    if (!around) return;
    const ages = around.querySelector("[data-ages]");
    const [one] = around.querySelector("template").content.children;
    while (ages.children.length > target.value) ages.lastElementChild.remove();
    while (ages.children.length < target.value) {
      const number = ages.children.length + 1;
      const age = ages.appendChild(one.cloneNode(true));
      age.setAttribute("aria-label", one.getAttribute("aria-label").replace("1", number));
    }
    ages.parentElement.hidden = ages.children.length === 0;
  }, true);

  // One choice follows another, however quick they come: days and months of the calendar choose in the form beside it,
  // and ways to elsewhere take along what stands there now, though the answer may still be under way.
  const choice = () => document.getElementById("choice");
  const changed = (field) => field.dispatchEvent(new Event("change", { bubbles: true }));
  const choose = ({ checkIn: start, checkOut: end, month }, asked) => {
    if (asked.has("month")) {
      [month.disabled, month.value] = [false, asked.get("month")];
      return month;
    }
    const nights = length(start.value, end.value);
    start.value = asked.get("checkIn");
    end.value = nights > 0 ? later(start.value, nights) : asked.get("checkOut");
    order(end.form.elements);
    return end;
  };
  const take = (link, names, { checkIn: start, checkOut: end, guests }) => {
    const url = new URL(link.href);
    const isMoved = start.value !== start.defaultValue || end.value !== end.defaultValue;
    const now = isMoved && length(start.value, end.value) > 0 ? { checkIn: start.value, checkOut: end.value } : {};
    if (!guests.selectedOptions[0].defaultSelected) now.guests = now.capacity = guests.value;
    for (const name of names) if (name in now) url.searchParams.set(name, now[name]);
    link.href = url;
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest("#calendar a, [data-takes] a");
    const form = choice();
    if (!link || !form) return;
    const names = link.closest("[data-takes]")?.dataset.takes;
    if (names) return take(link, names.split(" "), form.elements);
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    // A form without dates sends nothing: the page behind the link is as good then, and a later click takes its place.
    const wasComplete = form.checkValidity();
    if (!wasComplete && link.search.includes("month=")) return take(link, ["checkIn", "checkOut", "guests"], form.elements);
    const field = choose(form.elements, new URL(link.href).searchParams);
    if (!wasComplete || !form.checkValidity()) return take(link, ["guests"], form.elements);
    event.preventDefault();
    changed(field);
    const offer = document.getElementById("offer");
    const { top } = offer.getBoundingClientRect();
    if (field.type === "date" && (top < 0 || top > innerHeight)) offer.scrollIntoView();
  });
  // What is reserved is what was chosen last: its price has to be seen first.
  document.addEventListener("submit", (event) => {
    const [asked, shown] = [choice()?.elements, event.target.elements];
    if (!asked || !shown.checkIn || event.target === choice()) return;
    const [now, then] = [choice(), event.target].map((form) => new FormData(form));
    const said = (data, name) => data.getAll(name).flatMap((one) => one.split(",")).filter(Boolean).sort().join();
    const isSame = (name) => said(now, name) === said(then, name);
    if (["checkIn", "checkOut", "guests", "childrenAges", "extras"].every(isSame)) return;
    event.preventDefault();
    if (choice().reportValidity()) changed(asked.guests);
  });

  // A new search takes along the filters that stand there now.
  document.addEventListener("submit", ({ target }) => {
    const [filters, carried] = [document.querySelector("form.filters"), target.querySelector("#carried")];
    if (!filters || !carried) return;
    const own = ["location", "checkIn", "checkOut", "capacity", "children", "childrenAges"];
    const kept = [...new FormData(filters)].filter(([name, value]) => value && !own.includes(name));
    const hidden = ([name, value]) => Object.assign(document.createElement("input"), { type: "hidden", name, value });
    carried.replaceChildren(...kept.map(hidden));
  });

  // What was typed into a password field, for as long as one wants to see it.
  const reveal = (button, field) => {
    const shown = field.type === "text";
    field.type = shown ? "password" : "text";
    button.setAttribute("aria-pressed", String(!shown));
  };

  // Date fields do not say the days of the week: a line beside them does.
  // (Formats are made when they are needed: each takes a phone a tenth of a second.)
  const parts = [{ weekday: "short" }, { day: "numeric" }, { month: "short" }];
  const inWords = (date) => parts
    .map((part) => new Date(date).toLocaleDateString(document.documentElement.lang, { ...part, timeZone: "UTC" }))
    .join(" ");
  const sayStay = (form) => {
    const said = form.querySelector("[data-stay]");
    const [from, to] = ["checkIn", "checkOut"].map((name) => Date.parse(form.elements[name]?.value));
    if (said && from < to) said.textContent = `${inWords(from)} – ${inWords(to)}`;
  };
  document.addEventListener("change", ({ target }) => { if (target.form) sayStay(target.form); }, true);
  // Back and reload bring back what was typed, not what was said about it.
  window.addEventListener("pageshow", () => {
    for (const said of document.querySelectorAll("[data-stay]")) {
      const form = said.closest("form");
      if ([...form.querySelectorAll("[type=date]")].some((field) => field.value !== field.defaultValue)) sayStay(form);
    }
  });

  // Forms and links that only make sense with a script: print, passwords, dialogs.
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-print], [data-reveals], [data-opens], [data-closes]");
    if (!button) return;
    if ("print" in button.dataset) window.print();
    if (button.dataset.reveals) reveal(button, document.getElementById(button.dataset.reveals));
    if (button.dataset.opens) {
      event.preventDefault();
      document.getElementById(button.dataset.opens).showModal();
    }
    if ("closes" in button.dataset) button.closest("dialog").close();
  });

  // A button that leads on with what was typed goes there itself: htmx would send it where the form belongs.
  document.addEventListener("submit", (event) => {
    if (event.submitter?.hasAttribute("formaction")) event.stopPropagation();
  }, true);

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
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "yes";
    // Whoever stopped the page from loading may send it again; what was done is done once all the same.
    setTimeout(() => delete form.dataset.sent, 15000);
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  });

  // <span data-until="2026-12-01T12:00:00Z">: minutes and seconds left, by the server's clock. With data-reloads, the
  // page asks afterwards what has become of it, unless a form is on its way and will say so.
  const behind = Date.parse(document.documentElement.dataset.now) - Date.now();
  const tick = () => {
    for (const shown of document.querySelectorAll("[data-until]")) {
      const exactly = Date.parse(shown.dataset.until) - Date.now() - behind;
      const left = Math.max(0, Math.floor(exactly / 1000));
      const text = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
      if (shown.textContent !== text) shown.textContent = text;
      const soon = shown.closest(".countdown")?.querySelector("[data-soon]");
      // Only then: a page that is opened later has said how much is left.
      if (soon && left <= 120 && left > 110 && !soon.textContent) soon.textContent = soon.dataset.soon;
      if (exactly > 0 || !("reloads" in shown.dataset) || document.querySelector("form[data-sent]")) continue;
      delete shown.dataset.until;
      location.reload();
    }
  };

  // <span data-again="…" data-counts="Try again in {time}." data-over="…">: the same until something may be tried again;
  // the button for it, data-waits="…", can be pressed from then on.
  const leftUntil = (instant) => Math.max(0, Math.ceil((Date.parse(instant) - Date.now() - behind) / 1000));
  const two = (number) => String(number).padStart(2, "0");
  const wait = () => {
    for (const button of document.querySelectorAll("[data-waits]")) {
      const isOver = leftUntil(button.dataset.waits) === 0;
      if (!isOver) button.setAttribute("aria-disabled", "true");
      else {
        button.classList.remove("after-wait");
        button.removeAttribute("aria-disabled");
        delete button.dataset.waits;
      }
    }
    for (const shown of document.querySelectorAll("[data-again]")) {
      const left = leftUntil(shown.dataset.again);
      if (left >= 3600) continue;
      const text = shown.dataset.counts.replace("{time}", `${Math.floor(left / 60)}:${two(left % 60)}`);
      if (left && shown.textContent !== text) shown.textContent = text;
      if (left) continue;
      const said = shown.nextElementSibling;
      said.textContent = shown.dataset.over;
      said.classList.remove("unseen");
      shown.remove();
    }
  };
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-waits]")) event.preventDefault();
  });
  document.addEventListener("htmx:after:swap", wait);
  for (const shows of [tick, wait]) {
    shows();
    setInterval(shows, 500);
  }

  // <time datetime="…" data-clock="{time} by your clock">: as the reader's own clock will show it.
  for (const shown of document.querySelectorAll("time[data-clock]")) {
    const there = new Date(Date.parse(shown.dateTime) - behind);
    const [hour, minute] = [there.getHours(), there.getMinutes()].map((part) => String(part).padStart(2, "0"));
    shown.textContent = shown.dataset.clock.replace("{time}", `${hour}:${minute}`);
  }
})();
