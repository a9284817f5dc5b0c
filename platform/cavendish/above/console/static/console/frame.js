// What the console's frame needs of a script: menus by keyboard, a search among tenants, and a word when the line is cut.
"use strict";

// Where a page is among its neighbours is seen, though they scroll.
document.querySelector(".subnav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });

// Esc closes a menu and goes back to what opened it; the arrows move within it.
document.addEventListener("keydown", (event) => {
  const menu = event.target.closest("details.menu[open]");
  if (!menu) return;
  if (event.key === "Escape") { menu.open = false; menu.querySelector("summary").focus(); return; }
  const down = event.key === "ArrowDown", up = event.key === "ArrowUp";
  if (!down && !up) return;
  const stops = Array.from(menu.querySelectorAll("summary, a, button, input[type=search]")).filter((stop) => stop.offsetParent);
  const next = stops[stops.indexOf(document.activeElement) + (down ? 1 : -1)];
  if (next) { event.preventDefault(); next.focus(); }
});

// "g" and "t" open the switcher, as the list of keys says.
let asked = 0;
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea, [contenteditable]") || document.querySelector("dialog[open]")) return;
  if (event.key === "g") asked = Date.now();
  const opens = Date.now() - asked < 1500 && document.querySelector(`#keys [data-key="${CSS.escape(event.key)}"][data-open]`);
  if (opens) { event.preventDefault(); document.querySelector(opens.dataset.open).open = true; }
});

// An open switcher is ready to be typed in.
document.getElementById("switcher")?.addEventListener("toggle", (event) => {
  if (event.target.open) event.target.querySelector("input[type=search], .switch-to, a")?.focus();
});

document.addEventListener("input", (event) => {
  const list = event.target.dataset.filter && document.getElementById(event.target.dataset.filter);
  if (!list) return;
  const text = event.target.value.trim().toLowerCase();
  let left = 0;
  for (const entry of list.children) {
    entry.hidden = !entry.textContent.toLowerCase().includes(text);
    left += !entry.hidden;
  }
  const none = list.parentElement.querySelector("[data-none]");
  if (none) none.hidden = left > 0;
});
// Enter takes the first that is left.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !event.target.dataset?.filter) return;
  event.preventDefault();
  document.getElementById(event.target.dataset.filter)?.querySelector("li:not([hidden]) button")?.click();
});

// A browser without a network says so, and the band goes when it is back.
const offline = document.getElementById("offline");
function line() { offline.textContent = navigator.onLine ? "" : offline.dataset.text; }
if (offline) {
  addEventListener("online", line);
  addEventListener("offline", line);
  line();
}
