// The upload of a batch: a file can be dropped on the form, and the button says that rows are being checked.
"use strict";

document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (!button?.dataset.busy) return;
  // After the browser has taken the button's value into what it sends.
  setTimeout(() => { button.textContent = button.dataset.busy; button.setAttribute("aria-busy", "true"); });
});
// A page that comes back from the browser's memory is not busy any more.
window.addEventListener("pageshow", (event) => { if (event.persisted && document.querySelector("[aria-busy]")) location.reload(); });

for (const name of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(name, (event) => {
    const form = event.target.closest?.(".batch-upload");
    if (!form || !event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    form.classList.toggle("over", name === "dragover");
    if (name === "drop") form.elements.file.files = event.dataTransfer.files;
  });
}
