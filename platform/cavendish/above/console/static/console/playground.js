// The playground's form and its run. Without a script the same buttons do the same in more steps.
"use strict";

const ask = document.getElementById("ask");
const said = document.getElementById("said");
const quoteAgain = () => htmx.trigger("#quote", "refresh");

// The form: Ctrl+Enter, one click for one request, a model's own fields, a prompt that survives leaving the page.
if (ask) {
  const kept = `prompt:${location.pathname}`;
  const prompt = () => document.getElementById("prompt");

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    ask.requestSubmit(document.getElementById("generate"));
  });

  ask.addEventListener("submit", (event) => {
    if (event.submitter?.value !== "generate") return;
    if (ask.dataset.sent) { event.preventDefault(); return; }
    ask.dataset.sent = "1";
    document.getElementById("generate").setAttribute("aria-busy", "true");
    sessionStorage.removeItem(kept);
  });

  // Back from a result: the form may be sent anew, as a request of its own.
  addEventListener("pageshow", (event) => {
    delete ask.dataset.sent;
    document.getElementById("generate").removeAttribute("aria-busy");
    if (event.persisted) ask.elements.once.value = crypto.randomUUID?.().slice(0, 36) ?? String(Math.random());
    const text = sessionStorage.getItem(kept);
    if (text && prompt() && !prompt().value && !location.search) { prompt().value = text; quoteAgain(); }
  });

  ask.addEventListener("input", (event) => {
    if (event.target.id === "prompt") sessionStorage.setItem(kept, event.target.value);
  });
  ask.addEventListener("change", (event) => {
    if (event.target.name === "model") htmx.trigger("#fields", "show");
  });

  ask.addEventListener("click", (event) => {
    const remove = event.target.closest("[data-remove]");
    if (remove) { event.preventDefault(); remove.closest("li").remove(); count(); quoteAgain(); document.getElementById("file").focus(); return; }
    if (event.target.closest("[data-anew]") && prompt()?.value) {
      event.preventDefault();
      document.getElementById("from").replaceChildren();
      prompt().focus();
      quoteAgain();
    }
  });

  document.addEventListener("click", (event) => {
    const pick = event.target.closest("[data-pick]"), template = event.target.closest("[data-template]");
    if (event.ctrlKey || event.metaKey || event.shiftKey || !(pick || template)) return;
    event.preventDefault();
    document.getElementById("dialog").close();
    const form = Object.fromEntries(new FormData(ask)), lists = { reference: all("reference"), role: all("role"), kind: all("kind"), search: all("search") };
    const fields = { ...form, ...lists, step: pick ? `add:${pick.dataset.pick}` : "show", ...(template ? { template: template.dataset.template, language: "" } : {}) };
    for (const name of Object.keys(fields)) if (template && name.startsWith("slot-")) delete fields[name];
    const place = pick ? { target: "#references", select: "#references", swap: "outerHTML" } : { target: "#fields", swap: "innerHTML" };
    htmx.ajax("POST", document.getElementById("fields").getAttribute("hx-post"), { ...place, values: fields });
  });
  const all = (name) => new FormData(ask).getAll(name);

  document.addEventListener("htmx:afterSettle", (event) => {
    if (["fields", "settings", "references"].includes(event.detail.target.id)) { wire(); quoteAgain(); }
  });

  function count() {
    const number = document.getElementById("references-count");
    if (number) number.textContent = document.querySelectorAll("#refs [name=reference]").length;
  }

  // References: drop, paste, choose.
  function wire() {
    const file = document.getElementById("file");
    if (!file || file.dataset.wired) return;
    file.dataset.wired = "1";
    file.removeAttribute("name"); // a script sends it by itself
    file.addEventListener("change", () => { upload(file.files); file.value = ""; });
  }
  wire();

  const drop = () => document.getElementById("drop");
  const files = (transfer) => Array.from(transfer?.files ?? []).filter((each) => /^(image|video)\//.test(each.type) || /\.(heic|heif)$/i.test(each.name));
  document.addEventListener("dragover", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    drop()?.classList.add("ref-over");
  });
  for (const end of ["dragleave", "drop", "dragend"]) document.addEventListener(end, (event) => {
    if (end !== "dragleave" || !event.relatedTarget) drop()?.classList.remove("ref-over");
  });
  document.addEventListener("drop", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    upload(files(event.dataTransfer));
  });
  document.addEventListener("paste", (event) => {
    const pasted = files(event.clipboardData);
    if (!pasted.length) return;
    event.preventDefault();
    upload(pasted);
  });

  function upload(chosen) {
    for (const file of chosen) {
      const row = document.createElement("li"), bar = document.createElement("progress"), name = document.createElement("span");
      row.className = "ref";
      name.className = "cut";
      name.textContent = file.name;
      bar.setAttribute("aria-label", file.name);
      row.append(document.createElement("span"), name, bar);
      row.firstChild.className = "ref-none";
      document.getElementById("refs").append(row);
      const data = new FormData();
      data.append("csrfmiddlewaretoken", ask.elements.csrfmiddlewaretoken.value);
      data.append("place", ask.elements.place?.value ?? "");
      data.append("model", new FormData(ask).get("model") ?? "");
      data.append("file", file);
      const request = new XMLHttpRequest();
      request.open("POST", drop().dataset.upload);
      request.setRequestHeader("HX-Request", "true");
      request.upload.addEventListener("progress", (event) => { if (event.lengthComputable) { bar.max = event.total; bar.value = event.loaded; } });
      request.addEventListener("load", () => {
        if (request.status === 200) row.outerHTML = request.responseText; else failed(row, `${file.name}: ${problem(request)}`);
        count();
        quoteAgain();
      });
      request.addEventListener("error", () => failed(row, `${file.name}: ${document.documentElement.lang === "en" ? "the upload broke off. Try again." : "上传中断，请重试。"}`));
      request.send(data);
    }
  }

  function failed(row, text) {
    row.className = "error";
    row.setAttribute("role", "alert");
    row.textContent = text;
  }

  // Continue goes on from what is shown; the form beside it is ready for that already.
  document.addEventListener("click", (event) => {
    const onward = event.target.closest("[data-continue]");
    if (!onward || ask.elements.from?.value !== onward.dataset.continue || !prompt()) return;
    event.preventDefault();
    prompt().focus();
    prompt().scrollIntoView({ block: "center" });
  });
}

// A link to the thoughts opens them.
document.addEventListener("click", (event) => {
  const thoughts = event.target.closest('a[href="#thoughts"]') && document.querySelector("#thoughts details");
  if (thoughts) thoughts.open = true;
});

// The run: events where they come, a look every few seconds besides, and at once when the laptop opens.
let source, watched;

function watch() {
  const result = document.getElementById("result");
  if (!result?.dataset.stream) { source?.close(); source = watched = undefined; return; }
  tick();
  if (watched === result.dataset.id && source?.readyState !== EventSource.CLOSED) return;
  source?.close();
  watched = result.dataset.id;
  source = new EventSource(`/api/v1/generations/${watched}/events?token=${encodeURIComponent(result.dataset.stream)}`);
  for (const name of ["queued", "running", "succeeded", "failed", "canceled"]) source.addEventListener(`generation.${name}`, look);
  source.addEventListener("error", () => { if (source?.readyState === EventSource.CLOSED) setTimeout(renew, 5000); });
}

// A token lasts a quarter of an hour; a stream that ended before its job needs another one.
async function renew() {
  const result = document.getElementById("result");
  if (!result?.dataset.stream || document.hidden) return;
  try {
    const answer = await fetch(result.dataset.token, { headers: { Accept: "application/json" } });
    if (answer.ok) result.dataset.stream = (await answer.json()).token;
  } catch { return; }
  watch();
}

function look() {
  if (document.getElementById("result")?.dataset.stream) htmx.trigger("#result", "refresh");
}

document.addEventListener("visibilitychange", () => { if (!document.hidden) { look(); watch(); } });
addEventListener("online", () => { look(); watch(); });
addEventListener("pageshow", (event) => { if (event.persisted) { look(); watch(); } });

// Seconds are counted between two looks.
let ticking, begun;
function tick() {
  clearInterval(ticking);
  begun = performance.now();
  const shown = document.querySelector("[data-count]"), bar = document.querySelector("[data-progress]");
  if (!shown) return;
  const before = Number(shown.dataset.count), whole = before + Number(shown.dataset.left);
  const seconds = shown.querySelector("[data-waited]"), unit = seconds.textContent.replace(/[\d.]+/, "#");
  ticking = setInterval(() => {
    const now = before + (performance.now() - begun) / 1000;
    if (now < 120) seconds.textContent = unit.replace("#", Math.floor(now));
    if (bar) bar.value = Math.min(100 * now / whole, 97);
  }, 1000);
}

document.addEventListener("htmx:afterSwap", (event) => {
  const result = document.getElementById("result");
  if (!result || (event.detail.target.id !== "result" && event.detail.elt?.id !== "result")) return;
  watch();
  if (["queued", "running"].includes(result.dataset.status)) return;
  said.textContent = result.dataset.said;
  const form = document.getElementById("ask");
  // What did not succeed is tried again: its words come back into an empty form.
  if (form && result.dataset.status !== "succeeded" && form.elements.from?.value === result.dataset.id && !form.elements.prompt?.value) {
    htmx.ajax("GET", `${document.getElementById("fields").getAttribute("hx-post")}?edit=${result.dataset.id}`, { target: "#fields", swap: "innerHTML" });
  }
});
watch();
