// Comforts of the page of photos: files that are dropped, sent one by one, and an order by dragging. It works without.
(() => {
  "use strict";

  const parsed = async (answer) => new DOMParser().parseFromString(await answer.text(), "text/html");
  const refusals = (page) => [...page.querySelectorAll("[data-refused] li, .errors li")].map((one) => one.textContent.trim());
  const filled = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);

  // One request for each file: none is too large, one that breaks off costs no other, and one sees how far it is.
  const send = async (form) => {
    const files = [...form.elements.file.files];
    const progress = form.querySelector("[data-progress]");
    const button = form.querySelector("button");
    const token = form.elements.csrf_token.value;
    const refused = [];
    button.disabled = true;
    for (const [place, file] of files.entries()) {
      progress.textContent = filled(form.dataset.sending, { number: place + 1, all: files.length });
      const body = new FormData();
      body.append("csrf_token", token);
      body.append("description", files.length === 1 ? form.elements.description.value : "");
      body.append("file", file);
      try {
        const answer = await fetch(form.action, { method: "POST", body, redirect: "manual" });
        if (answer.type !== "opaqueredirect") {
          const said = refusals(await parsed(answer));
          refused.push(...(said.length ? said : [filled(form.dataset.broken, { file: file.name })]));
        }
      } catch {
        refused.push(filled(form.dataset.broken, { file: file.name }));
      }
    }
    sessionStorage.setItem("photos-refused", JSON.stringify(refused));
    location.assign(form.action);
  };
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-sends]")) return;
    event.preventDefault();
    send(event.target);
  });

  // The notice has had the focus: thumbnails that come in later are not to take it from who is typing.
  for (const notice of document.querySelectorAll("[data-focus]")) notice.removeAttribute("data-focus");

  // What was refused on the way, on the page that shows all the others.
  const told = JSON.parse(sessionStorage.getItem("photos-refused") ?? "[]");
  sessionStorage.removeItem("photos-refused");
  if (told.length) {
    const box = document.createElement("div");
    box.className = "errors stack stack-s";
    box.tabIndex = -1;
    box.setAttribute("role", "alert");
    const list = box.appendChild(document.createElement("ul"));
    for (const sentence of told) list.appendChild(document.createElement("li")).textContent = sentence;
    document.querySelector(".photos-page h1").after(box);
    box.focus();
  }

  // Files are dropped anywhere into the box of the form.
  const drop = document.querySelector(".photo-drop");
  const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
  drop?.addEventListener("dragover", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    drop.classList.add("is-over");
  });
  drop?.addEventListener("dragleave", () => drop.classList.remove("is-over"));
  drop?.addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    drop.classList.remove("is-over");
    drop.elements.file.files = event.dataTransfer.files;
    drop.requestSubmit();
  });

  // A photo is dragged by its picture to the place of another one. The picture is another element once it is ready.
  const hold = () => { for (const thumb of document.querySelectorAll(".photo-thumb")) thumb.draggable = true; };
  hold();
  document.addEventListener("htmx:after:swap", hold);
  let dragged;
  for (const photo of document.querySelectorAll("[data-photo]")) {
    photo.addEventListener("dragstart", (event) => {
      if (!photo.querySelector(".photo-thumb").contains(event.target)) return;
      dragged = photo;
      event.dataTransfer.effectAllowed = "move";
    });
    photo.addEventListener("dragover", (event) => {
      if (!dragged || hasFiles(event)) return;
      event.preventDefault();
      photo.classList.add("is-over");
    });
    photo.addEventListener("dragleave", () => photo.classList.remove("is-over"));
    photo.addEventListener("drop", (event) => {
      photo.classList.remove("is-over");
      if (!dragged || dragged === photo) return;
      event.preventDefault();
      const button = dragged.querySelector("button[formaction*='/move']");
      const url = new URL(button.getAttribute("formaction"), location.href);
      url.searchParams.set("to", photo.dataset.to);
      button.setAttribute("formaction", url.pathname + url.search);
      button.form.requestSubmit(button);
    });
    photo.addEventListener("dragend", () => { dragged = undefined; });
  }
})();
