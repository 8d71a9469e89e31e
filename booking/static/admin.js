// Comforts of the calendar. Every page works without them.
(() => {
  "use strict";

  // A click on free nights means the day that was pointed at.
  document.addEventListener("click", (event) => {
    const link = event.target.closest(".tape-free a");
    if (!link || !event.detail) return;  // by keyboard: the first of them
    const { left, right, width } = link.getBoundingClientRect();
    const isRightToLeft = document.documentElement.dir === "rtl";
    const part = (isRightToLeft ? right - event.clientX : event.clientX - left) / width;
    const nights = Number(link.dataset.nights);
    const day = Math.min(nights - 1, Math.max(0, Math.floor(part * nights)));
    const date = (days) => new Date(Date.parse(link.dataset.first) + days * 86400000).toISOString().slice(0, 10);
    const url = new URL(link.href);
    url.searchParams.set("checkIn", date(day));
    url.searchParams.set("checkOut", date(day + 1));
    link.href = url;
  });

  // One stop of the Tab key for all of the calendar; arrows go on from there, Home and End to the ends of a row.
  const stops = (row) => [...row.querySelectorAll("a")];
  const enter = (link) => {
    for (const other of document.querySelectorAll(".tape tbody a[tabindex='0']")) other.tabIndex = -1;
    link.tabIndex = 0;
  };
  const gather = () => {
    const links = document.querySelectorAll(".tape tbody a");
    for (const link of links) if (!link.hasAttribute("tabindex")) link.tabIndex = -1;
    if (links.length && !document.querySelector(".tape tbody a[tabindex='0']")) links[0].tabIndex = 0;
  };
  const centre = (link) => {
    const { left, right } = link.getBoundingClientRect();
    return (left + right) / 2;
  };
  const beside = (link, row) => {
    const at = centre(link);
    return stops(row).sort((one, other) => Math.abs(centre(one) - at) - Math.abs(centre(other) - at))[0];
  };
  const next = (link, key) => {
    const row = link.closest("tr");
    const own = stops(row);
    const back = document.documentElement.dir === "rtl" ? "ArrowRight" : "ArrowLeft";
    if (key === "Home") return own[0];
    if (key === "End") return own.at(-1);
    if (key === "ArrowLeft" || key === "ArrowRight") return own[own.indexOf(link) + (key === back ? -1 : 1)];
    const step = { ArrowUp: "previousElementSibling", ArrowDown: "nextElementSibling" }[key];
    for (let other = step && row[step]; other; other = other[step]) {
      const found = beside(link, other);
      if (found) return found;
    }
    return undefined;
  };
  document.addEventListener("keydown", (event) => {
    const link = event.target.closest?.(".tape tbody a");
    const found = link && !event.ctrlKey && !event.metaKey && !event.altKey && next(link, event.key);
    if (!found) return;
    event.preventDefault();
    enter(found);
    // Into what is seen, beside the names of the rooms and below the days: for that there is a scroll-padding.
    found.focus({ preventScroll: true });
    found.scrollIntoView({ block: "nearest", inline: { Home: "start", End: "end" }[event.key] ?? "nearest" });
  });
  document.addEventListener("focusin", ({ target }) => {
    if (target.matches(".tape tbody a")) enter(target);
  });
  document.addEventListener("htmx:after:swap", gather);
  gather();
})();
