// The gallery: the panel opens beside the wall, arrow keys move through it, the address follows. Without it all are links.
"use strict";

(() => {
  const side = () => document.getElementById("side");
  const tiles = () => Array.from(document.querySelectorAll("[data-tile]"));
  const tileOf = (id) => document.querySelector(`[data-tile="${CSS.escape(id || "")}"]`);
  const shown = () => side()?.dataset.picture || "";
  const gallery = () => `${document.querySelector(".wall-filters").getAttribute("action")}${filters()}`;
  const filters = () => {
    const query = new URLSearchParams(location.search);
    for (const name of ["after", "before", "part", "day"]) query.delete(name);
    return query.size ? `?${query}` : "";
  };
  let wanted = "";

  // Opening: the tile's own thumbnail stands in the panel at once, until the rest has come.
  async function open(address, { push = true, focus = false } = {}) {
    const id = new URL(address, location.href).pathname.split("/").at(-2);
    wanted = id;
    mark(id);
    preview(id);
    const again = !push || shown();
    history[again ? "replaceState" : "pushState"]({ picture: id }, "", address);
    const panel = await load(address);
    if (!panel || wanted !== id) return;
    const within = side().contains(document.activeElement);
    side().replaceWith(panel);
    htmx.process(panel);
    steer();
    if (focus || within) panel.focus({ preventScroll: true });
  }

  // Only what was asked for last is waited for; where no panel comes the page itself says why.
  let asking = null;
  async function load(address) {
    asking?.abort();
    asking = new AbortController();
    try {
      const answer = await fetch(address, { headers: { "HX-Request": "true" }, signal: asking.signal });
      const made = document.createElement("template");
      made.innerHTML = await answer.text();
      const panel = made.content.getElementById("side");
      if (!panel) location.href = address;
      return panel;
    } catch (error) {
      if (error.name !== "AbortError") location.href = address;
      return null;
    }
  }

  function preview(id) {
    const panel = side(), tile = tileOf(id), picture = panel.querySelector(".sight-stage img"), small = tile?.querySelector("img");
    if (!small) return;
    if (picture) {
      picture.removeAttribute("srcset");
      picture.src = small.currentSrc || small.src;
      for (const name of ["width", "height"]) picture.setAttribute(name, small.getAttribute(name));
      return;
    }
    panel.hidden = false;
    const stage = Object.assign(document.createElement("div"), { className: "sight-stage" });
    const copy = small.cloneNode();
    copy.removeAttribute("loading");
    stage.append(copy);
    const body = Object.assign(document.createElement("div"), { className: "side-body" });
    body.append(stage, ...Array.from({ length: 3 }, () => Object.assign(document.createElement("div"), { className: "skeleton" })));
    panel.replaceChildren(Object.assign(document.createElement("div"), { className: "side-head" }), body);
  }

  function close({ push = true } = {}) {
    const id = shown();
    wanted = "";
    const empty = Object.assign(document.createElement("aside"), { id: "side", className: "side", hidden: true });
    side().replaceWith(empty);
    mark("");
    if (push) history.pushState({}, "", gallery());
    tileOf(id)?.focus({ preventScroll: true });
  }

  function mark(id) {
    for (const tile of document.querySelectorAll("[data-tile][aria-current]")) tile.removeAttribute("aria-current");
    const tile = tileOf(id);
    tile?.setAttribute("aria-current", "true");
    tile?.scrollIntoView({ block: "nearest" });
  }

  // The panel's two buttons lead to the neighbours on the wall.
  function steer() {
    const all = tiles(), place = all.findIndex((tile) => tile.dataset.tile === shown());
    if (place < 0) return;
    side().querySelector("[data-place]").textContent = `${place + 1} / ${all.length}${document.querySelector(".wall-more") ? "+" : ""}`;
    for (const [name, step] of [["newer", -1], ["older", 1]]) {
      const button = side().querySelector(`[data-move="${name}"]`), to = all[place + step];
      if (to) { button.href = to.getAttribute("href"); button.removeAttribute("aria-disabled"); button.removeAttribute("role"); }
      else if (step > 0 || place > 0) { button.removeAttribute("href"); button.setAttribute("aria-disabled", "true"); button.setAttribute("role", "link"); }
    }
  }

  // From what was asked for last, which may still be on its way: keys can be faster than the network.
  async function move(name) {
    const all = tiles(), place = all.findIndex((tile) => tile.dataset.tile === (wanted || shown()));
    const to = place < 0 ? undefined : all[place + (name === "older" ? 1 : -1)];
    if (to) { await open(to.getAttribute("href")); return; }
    const button = side().querySelector(`[data-move="${name}"]`), more = document.querySelector(".wall-more");
    if (name === "older" && more) { going = true; htmx.trigger(more, "near"); }
    else if (button?.hasAttribute("href")) await open(button.getAttribute("href"));
  }
  let going = false;

  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    const link = event.target.closest("[data-tile], [data-open], [data-move], [data-side-close]");
    if (!link || !window.htmx) return;
    if (link.dataset.tile && document.querySelector(".wall-check :checked")) {
      // While something is selected a click selects, as in other galleries.
      event.preventDefault();
      link.parentElement.querySelector("input").click();
      return;
    }
    event.preventDefault();
    if ("sideClose" in link.dataset) close();
    else if (link.dataset.move) move(link.dataset.move);
    else open(link.getAttribute("href"), { focus: Boolean(link.dataset.tile) });
  });

  addEventListener("popstate", () => {
    const id = location.pathname.split("/").at(-2);
    if (id.startsWith("out_")) { if (id !== shown()) open(location.href, { push: false }); }
    else if (shown()) close({ push: false });
  });

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open], :popover-open")) return;
    if (event.key === "Escape") {
      const menu = document.querySelector("details.menu[open]");
      if (menu) { menu.open = false; menu.querySelector("summary").focus(); } else if (shown()) close();
      return;
    }
    if (event.target.closest("input:not([type=checkbox]), select, textarea, [contenteditable], details.menu[open]")) return;
    const tile = event.target.closest("[data-tile]") || tileOf(shown());
    if (event.key === "x" && tile) { tile.parentElement.querySelector("input").click(); return; }
    if (!shown()) return;
    if (event.key === "ArrowRight" || event.key === "ArrowLeft") { event.preventDefault(); move(event.key === "ArrowRight" ? "older" : "newer"); return; }
    side().querySelector(`[data-key="${CSS.escape(event.key)}"]`)?.click();
  }, true);

  // A mark that changed shows on the tile too.
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.target.id === "labels" || event.detail.target?.id === "labels") {
      const labels = document.getElementById("labels"), tile = tileOf(shown());
      if (tile) { note(tile, "rating", labels.dataset.rating); note(tile, "favorite", labels.dataset.favorite); }
    }
    watch();
    if (shown()) steer();
    if (going && tiles().length) { going = false; move("older"); }
  });

  function note(tile, name, value) {
    tile.querySelector(`[data-${name}]`)?.remove();
    if (!value) return;
    const made = document.getElementById("notes").content.querySelector(`[data-${name}]`).cloneNode(true);
    if (name === "rating") made.lastElementChild.textContent = value;
    tile.querySelector(".wall-notes").append(made);
  }

  // The next page is asked for before its place is in sight.
  const near = "IntersectionObserver" in window && new IntersectionObserver((entries) => {
    for (const entry of entries) if (entry.isIntersecting) htmx.trigger(entry.target, "near");
  }, { rootMargin: "1200px" });
  function watch() {
    const more = document.querySelector(".wall-more[hx-get]");
    if (more && near) near.observe(more);
  }

  // Addresses of pictures last for an hour: a page that was open for longer is read anew.
  document.addEventListener("error", (event) => {
    const expires = Number(new URLSearchParams((event.target.src || "").split("?")[1]).get("expires"));
    if (event.target.localName === "img" && expires && expires * 1000 < Date.now()) location.reload();
  }, true);

  // The selection says how many it holds; Shift selects all between two.
  const count = document.querySelector("[data-selected]"), word = count?.textContent;
  let last = null;
  document.addEventListener("click", (event) => {
    const box = event.target.closest(".wall-check input");
    if (!box) return;
    const all = Array.from(document.querySelectorAll(".wall-check input"));
    if (event.shiftKey && last && all.includes(last)) {
      const [from, to] = [all.indexOf(last), all.indexOf(box)].sort((a, b) => a - b);
      for (const each of all.slice(from, to + 1)) each.checked = box.checked;
    }
    last = box;
  });
  document.addEventListener("change", (event) => { if (event.target.closest(".wall-check")) say_count(); });
  document.addEventListener("reset", () => setTimeout(say_count));
  function say_count() {
    const number = document.querySelectorAll(".wall-check :checked").length;
    count.textContent = `${word} ${number || ""}`.trim();
  }

  addEventListener("DOMContentLoaded", () => { watch(); if (shown()) { mark(shown()); steer(); history.replaceState({ picture: shown() }, ""); } });
})();
