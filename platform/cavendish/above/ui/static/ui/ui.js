// What pages need of a script: dialogs, copying, keys, the viewer's time zone. Everything works without it, in more steps.
"use strict";

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone && !document.cookie.includes(`timezone=${zone}`)) {
  document.cookie = `timezone=${zone}; path=/; max-age=31536000; samesite=lax${location.protocol === "https:" ? "; secure" : ""}`;
}

const dialog = document.getElementById("dialog");
const keys = document.getElementById("keys");

// A dialog opens when its content has come, and the first field that is wrong has the focus, else the first one.
document.addEventListener("htmx:afterSwap", (event) => {
  const said = event.detail.target.querySelector?.("[data-button]"), button = document.getElementById("act-button");
  if (said && button) button.textContent = said.dataset.button;
  if (event.detail.target !== dialog) return;
  if (!dialog.open) dialog.showModal();
  const field = dialog.querySelector("[aria-invalid=true]") ?? dialog.querySelector("input:not([type=hidden]), select, textarea, button");
  if (field) field.focus();
});

// The token of a form is the browser's proof; htmx sends the form's own. What fails is said, not swallowed.
document.addEventListener("htmx:responseError", (event) => say(problem(event.detail.xhr)));
document.addEventListener("htmx:sendError", () => navigator.onLine && say(document.documentElement.lang === "en" ? "The server cannot be reached. Try again." : "无法连接服务器，请重试。"));

// What is shown once stays until it is left on purpose.
const stays = () => Boolean(dialog.querySelector("[data-stay]"));
dialog?.addEventListener("cancel", (event) => { if (stays()) event.preventDefault(); });

function problem(xhr) {
  try { return JSON.parse(xhr.responseText).detail; } catch {
    const page = new DOMParser().parseFromString(xhr.responseText, "text/html");
    return page.querySelector("h1")?.textContent || `${xhr.status} ${xhr.statusText}`;
  }
}

document.addEventListener("click", (event) => {
  const target = event.target.closest("[data-close], [data-copy], [data-keys]");
  if ((event.target === dialog && !stays()) || event.target === keys) event.target.close();
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
  if (!target) return;
  if ("close" in target.dataset) target.closest("dialog").close();
  if ("keys" in target.dataset) keys.showModal();
  if ("copy" in target.dataset) copy(target.dataset.copy);
});

async function copy(text) {
  try { await navigator.clipboard.writeText(text); } catch {
    const field = Object.assign(document.createElement("textarea"), { value: text });
    (document.querySelector("dialog[open]") || document.body).append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  }
  say(document.documentElement.lang === "en" ? "Copied" : "已复制");
}

let toast;
function say(text) {
  toast?.remove();
  toast = Object.assign(document.createElement("div"), { className: "toast", textContent: text });
  toast.setAttribute("role", "status");
  (document.querySelector("dialog[open]") || document.body).append(toast);
  setTimeout((shown) => shown.remove(), 4000, toast);
}

// Keys: "/" and Ctrl-K search, "?" lists all, "g" and a letter go.
const places = Object.fromEntries(Array.from(document.querySelectorAll("#keys [data-go]"), (entry) => [entry.dataset.key, entry.dataset.go]));
let going = 0;
document.addEventListener("keydown", (event) => {
  const search = document.getElementById("q");
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k" && search) { event.preventDefault(); search.focus(); search.select(); return; }
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea, [contenteditable]") || document.querySelector("dialog[open]")) return;
  if (event.key === "/" && search) { event.preventDefault(); search.focus(); search.select(); }
  else if (event.key === "?") { event.preventDefault(); keys?.showModal(); }
  else if (event.key === "g") going = Date.now();
  else if (Date.now() - going < 1500 && places[event.key]) { event.preventDefault(); location.href = places[event.key]; }
});

// A whole key that is pasted into the search box is cut to what names it, before it reaches an address or a log.
document.addEventListener("submit", (event) => {
  const field = event.target.querySelector("#q");
  if (field) field.value = field.value.replace(/(cvd_(?:live|test|operator)_[A-Za-z0-9]{12})[A-Za-z0-9]{20,}/g, "$1");
}, true);
