// Asks for the state once a second while the page is seen, and draws it. Titles of events are other
// people's words: they only ever become text.
"use strict";

const byId = (id) => document.getElementById(id);
const STATIONS = ["delivered", "waiting", "in_flight", "calls", "writes"];
const LOOK_EVERY_MS = 1000;
const LOOK_WHILE_RUNNING_MS = 300;

let chosen = new URLSearchParams(location.search).get("account") || "";
let before = {};
let timer = 0;

function element(tag, className, ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

function hue(text) {
  let sum = 0;
  for (const letter of text) sum = (sum * 31 + letter.codePointAt(0)) % 360;
  return sum;
}

function when(entry) {
  if (!entry.start_at) return "no time";
  const start = new Date(entry.start_at);
  const day = { weekday: "short", day: "numeric", month: "short" };
  if (entry.all_day) return start.toLocaleDateString("en-GB", { ...day, timeZone: "UTC" });
  return start.toLocaleString("en-GB", { ...day, hour: "2-digit", minute: "2-digit", timeZone: "UTC" });
}

function side(entry, tombstone, absent) {
  if (!entry) return element("div", "side none", element("span", "", absent));
  if (tombstone) return element("div", "side tombstone", element("span", "", `${entry.summary || "deleted event"}`));
  const mark = element("i");
  mark.style.setProperty("--hue", hue(entry.calendar_id));
  return element("div", "side", mark, element("time", "", when(entry)), element("span", "", entry.summary || "(no title)"));
}

function drawPairs(state) {
  const rows = state.pairs.map((pair) => {
    const unknown = state.simulator ? "" : "at another provider";
    return element(
      "div",
      `pair${pair.equal || !state.simulator ? "" : " differs"}`,
      side(pair.calendar, false, unknown),
      side(pair.table, pair.tombstone, "not yet"),
    );
  });
  const hidden = state.events - state.pairs.filter((pair) => pair.calendar).length;
  if (hidden > 0) rows.push(element("p", "hint", `… and ${hidden} more events, not shown`));
  if (!state.account) rows.push(element("p", "hint", "No account is mirrored yet. Connect one, above."));
  byId("pairs").replaceChildren(...rows);
  byId("events").textContent = state.simulator ? `${state.events} events` : "";
  byId("rows").textContent = `${state.rows} rows`;
}

function drawVerdict(state) {
  const verdict = byId("verdict");
  verdict.className = "";
  if (!state.account) verdict.textContent = "no account";
  else if (state.differing === null) verdict.textContent = "another provider: the table alone is shown";
  else if (state.differing === 0) {
    verdict.textContent = "equal";
    verdict.classList.add("equal");
  } else {
    verdict.textContent = state.differing === 1 ? "1 differs" : `${state.differing} differ`;
    verdict.classList.add("differs");
  }
}

function drawStations(stations) {
  for (const name of STATIONS) {
    const box = byId(name);
    const value = stations[name];
    box.firstElementChild.textContent = value === null ? "–" : value;
    const passed = before[name] !== undefined && before[name] !== null && value !== before[name];
    box.classList.toggle("passing", passed);
  }
  before = stations;
}

function outcome(entry) {
  if (entry.stage === "queued") return "waits for the one before";
  if (entry.stage === "running") return `not in the table yet, ${entry.seconds.toFixed(1)} s`;
  if (entry.stage === "failed") return entry.problem;
  const counted = (number, word) => `${number} ${word}${number === 1 ? "" : "s"}`;
  return `in the table after ${entry.seconds.toFixed(2)} s · ${counted(entry.calls, "Cronofy call")} · ${counted(entry.writes, "row")} written`;
}

function drawLog(log) {
  byId("log").replaceChildren(
    ...log.map((entry) => element("li", entry.stage, entry.title, element("p", "", outcome(entry)))),
  );
  const running = log.find((entry) => entry.stage === "running");
  const shown = running || log.find((entry) => entry.stage === "arrived");
  if (!shown) return;
  byId("seconds").textContent = `${shown.seconds.toFixed(running ? 1 : 2)} s`;
  byId("what").textContent = running ? "so far, on its way into the table" : "from the last change in the calendar to its row";
}

function drawAccounts(state) {
  const select = byId("account");
  const listed = [...select.options].map((option) => option.value);
  // An open list would close if it were drawn anew each second.
  if (listed.join() !== state.accounts.join()) {
    select.replaceChildren(...state.accounts.map((id) => element("option", "", id)));
  }
  select.value = state.account;
  chosen = state.account;
  for (const button of document.querySelectorAll("button")) button.disabled = !state.simulator;
}

async function look() {
  clearTimeout(timer);
  if (document.hidden) return;
  let pause = LOOK_EVERY_MS;
  try {
    const answer = await fetch(`api/state?account=${encodeURIComponent(chosen)}`);
    if (!answer.ok) throw new Error(`the console answered ${answer.status}`);
    const state = await answer.json();
    drawAccounts(state);
    drawVerdict(state);
    drawStations(state.stations);
    drawPairs(state);
    drawLog(state.log);
    if (state.log.some((entry) => entry.stage === "running")) pause = LOOK_WHILE_RUNNING_MS;
  } catch (error) {
    byId("verdict").textContent = `The stack does not answer (${error.message}). Is it up? make up`;
    byId("verdict").className = "differs";
  }
  timer = setTimeout(look, pause);
}

async function press(button, path) {
  button.disabled = true;
  const answer = await fetch(path, { method: "POST" });
  if (answer.status === 201) chosen = (await answer.json()).account;
  await look();
}

byId("account").addEventListener("change", (event) => {
  chosen = event.target.value;
  look();
});
byId("connect").addEventListener("click", (event) => press(event.target, "api/accounts"));
for (const button of document.querySelectorAll("[data-change]")) {
  button.addEventListener("click", () => press(button, `api/accounts/${encodeURIComponent(chosen)}/${button.dataset.change}`));
}
for (const button of document.querySelectorAll("[data-trouble]")) {
  button.addEventListener("click", () => press(button, `api/trouble/${button.dataset.trouble}`));
}
document.addEventListener("visibilitychange", look);
look();
