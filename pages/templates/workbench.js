"use strict";
// Collects what was moved, asks the server what it comes to, and shows the answer. It judges nothing.

const WAIT_MS = 150;
const SAID = "workbench-said";
const bench = document.getElementById("bench");
const place = (id) => document.getElementById(id);
const buttons = ["save", "copy", "download", "undo"].map(place);
let timer = 0;
let asking = null;
let difference = "";

function isMoved(field) {
  if (field.type === "checkbox") return field.checked;
  if (field.tagName === "SELECT") return !field.options[field.selectedIndex].defaultSelected;
  return field.value !== field.defaultValue || field.validity.badInput;
}

function valueOf(field) {
  if (field.validity.badInput) return "not a number";
  const text = field.value.trim();
  if (field.type === "checkbox" || text === "") return null;
  return field.dataset.kind === "number" ? Number(text) : text;
}

function listNewWaivers() {
  return [...bench.querySelectorAll("[data-new-waiver]")].flatMap((group) => {
    const keys = [...group.querySelectorAll("[data-key]")].map((field) => [field.dataset.key, field.value.trim()]);
    const waiver = Object.fromEntries(keys.filter(([, text]) => text !== ""));
    const isWhole = "reason" in waiver && "expires" in waiver;
    return isWhole ? [{ source: group.dataset.newWaiver, path: ["waivers", "new"], value: waiver }] : [];
  });
}

function listMoves() {
  const moved = [...bench.querySelectorAll("[data-path]")].filter((field) => {
    const is = isMoved(field);
    field.classList.toggle("moved", is);
    return is;
  });
  const moves = moved.map((field) => ({
    source: field.dataset.source, path: JSON.parse(field.dataset.path), value: valueOf(field),
  }));
  return [...moves, ...listNewWaivers()];
}

async function ask(where, moves, signal) {
  const response = await fetch(where, {
    method: "POST", signal, headers: { "Content-Type": "application/json" }, body: JSON.stringify({ moves }),
  });
  return response.json();
}

function show(answer) {
  place("problems").textContent = answer.problems.join("\n");
  difference = answer.difference;
  for (const [id, html] of Object.entries(answer.parts)) {
    const part = place(id);
    if (part.dataset.shown !== html) {
      part.innerHTML = html;
      part.dataset.shown = html;
    }
  }
}

async function answer() {
  const mine = new AbortController();
  asking = mine;
  const moves = listMoves();
  bench.dataset.state = "asking";
  try {
    const found = await ask("answer", moves, mine.signal);
    show(found);
    buttons.forEach((button) => { button.disabled = moves.length === 0 || found.problems.length > 0; });
    place("undo").disabled = moves.length === 0;
    place("save").disabled = place("save").disabled || !found.can_be_saved;
    place("said").textContent = "";
  } catch (error) {
    if (error.name === "AbortError") return;
    place("problems").textContent = "The workbench does not answer; is its command still running?";
  }
  bench.dataset.state = "answered";
}

function askSoon() {
  window.clearTimeout(timer);
  // At once: the answer to what has changed since must neither be shown nor allow a save.
  if (asking) asking.abort();
  bench.dataset.state = "asking";
  buttons.forEach((button) => { button.disabled = true; });
  timer = window.setTimeout(answer, WAIT_MS);
}

bench.addEventListener("input", ({ target }) => {
  if (target.dataset.moves) place(target.dataset.moves).value = target.value;
  const slider = bench.querySelector(`[data-moves="${target.id}"]`);
  if (target.id && slider) slider.value = target.value;
  askSoon();
});
bench.addEventListener("submit", (event) => event.preventDefault());
bench.addEventListener("reset", askSoon);

place("save").addEventListener("click", async () => {
  buttons.forEach((button) => { button.disabled = true; });
  const found = await ask("save", listMoves());
  if (found.problems.length > 0) {
    place("problems").textContent = found.problems.join("\n");
    return;
  }
  window.sessionStorage.setItem(SAID, `Saved: ${found.saved.join(", ")}`);
  window.location.reload();
});
place("copy").addEventListener("click", async () => {
  await navigator.clipboard.writeText(difference);
  place("said").textContent = "Copied.";
});
place("download").addEventListener("click", () => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([difference], { type: "text/x-diff" }));
  link.download = "thresholds.diff";
  link.click();
});

place("said").textContent = window.sessionStorage.getItem(SAID) || "";
window.sessionStorage.removeItem(SAID);
