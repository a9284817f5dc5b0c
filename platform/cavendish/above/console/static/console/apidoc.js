// What Swagger's page lacks for whoever hears it or has no pointer: names of its choices, parts and tables, levels of
// headings without a gap, examples that the keyboard can scroll. Swagger draws again and again: each time it is mended.
"use strict";

const drawn = document.getElementById("swagger-ui");
const each = (selector, mend) => drawn.querySelectorAll(selector).forEach(mend);

function mend() {
  for (const level of [3, 4, 5]) {
    each(`h${level}:not([aria-level])`, (heading) => heading.setAttribute("aria-level", level - 1));
  }
  for (const [part, name] of [["information", "About the API"], ["schemes-server", "Where it is, and your key"]]) {
    each(`.${part}-container:not([role])`, (region) => {
      region.setAttribute("role", "region");
      region.setAttribute("aria-label", name);
    });
  }
  each("select:not([aria-label])", (select) => {
    select.setAttribute("aria-label", select.closest("[data-param-name]")?.dataset.paramName ?? "Servers");
  });
  each(".responses-table:not([aria-label])", (table) => {
    const block = table.closest(".opblock");
    const words = [".opblock-summary-method", ".opblock-summary-path"].map((part) => block?.querySelector(part)?.textContent);
    table.setAttribute("aria-label", `Responses of ${words.join(" ")}`);
  });
  each("pre.microlight:not([tabindex])", (example) => example.setAttribute("tabindex", "0"));
}

let asked = false;
new MutationObserver(() => {
  if (asked) return;
  asked = true;
  requestAnimationFrame(() => { asked = false; mend(); });
}).observe(drawn, { childList: true, subtree: true });
