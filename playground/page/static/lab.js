// The panel that breaks things, and the figures at the foot of the page.

import { waiting } from "./blocks.js";
import { at, h } from "./dom.js";
import { state } from "./state.js";
import { ask } from "./wire.js";

let lastArea = "keycloak";
let broken = new Set();
let askBot = () => {};

/** Wire the panel; `type` sends a line to the channel. */
export function prepareLab(type) {
  askBot = type;
  at("ask").addEventListener("click", () => askBot(question()));
  at("heal").addEventListener("click", (event) => waiting(event.currentTarget, () => ask({ do: "heal" })));
  at("kill").addEventListener("click", () => ask({ do: "end-bot", how: "kill" }));
  at("restart").addEventListener("click", () => ask({ do: "end-bot", how: "restart" }));
  at("filter").addEventListener("input", sift);
  for (const button of document.querySelectorAll("[data-trouble]")) {
    const on = () => button.getAttribute("aria-pressed") !== "true";
    button.addEventListener("click", () => waiting(button, () => ask({ do: "trouble", what: button.dataset.trouble, on: on() })));
  }
}

const question = () => `/volati diagnose ${lastArea}`;

/** Draw every switch; afterwards `showFigures` only changes them. */
export function drawLab() {
  const open = new Set([...document.querySelectorAll("#faults details[open]")].map((one) => one.dataset.section));
  at("faults").replaceChildren(...state.sections.map((section, index) => h("details", {
    "data-section": section.title, open: open.size ? open.has(section.title) : index === 0,
  }, h("summary", {}, section.title, h("small", {}, String(section.faults.length))),
  h("ul", { class: "switches" }, section.faults.map(fault)))));
  sift();
}

function fault(one) {
  const change = (on) => ask({ do: "break", name: one.name, on });
  const id = `fault-${one.name}`;
  const knob = h("button", { type: "button", role: "switch", class: "knob", "aria-checked": "false", "aria-labelledby": id, "data-switch": one.name,
    onclick: () => waiting(knob, () => change(knob.getAttribute("aria-checked") !== "true")) });
  const found = one.expect ? h("code", { title: "what the bot should find" }, one.expect) : null;
  return h("li", { "data-words": `${words(one.name)} ${one.breaks} ${one.expect ?? ""}`.toLowerCase() },
    h("div", { class: "switch-words" }, h("b", { id }, words(one.name)), one.breaks, found), knob);
}

function sift() {
  const wanted = at("filter").value.trim().toLowerCase();
  at("faults").querySelectorAll("li").forEach((row) => { row.hidden = !row.dataset.words.includes(wanted); });
  for (const section of at("faults").querySelectorAll("details")) {
    section.hidden = !section.querySelector("li:not([hidden])");
    if (wanted) section.open = true;
  }
}

/** Show the figures, and which switches are on. */
export function showFigures(figures) {
  state.figures = figures;
  const on = new Set(figures.faults);
  offer(on);
  document.querySelectorAll("[data-switch]").forEach((knob) => knob.setAttribute("aria-checked", String(on.has(knob.dataset.switch))));
  press("down", figures.outages.down);
  press("storm", figures.outages.storm > 0);
  at("heal").disabled = !on.size;
  at("broken").textContent = on.size ? `Broken now: ${figures.faults.map(words).join(", ")}.` : "Nothing is broken now.";
  at("broken").classList.toggle("bad", on.size > 0);
  document.body.classList.toggle("slack-down", figures.outages.down);
  showBot(figures.bot);
  showBooks(figures);
}

/** Offer to ask the area of what broke last, whoever broke it: here, in the terminal, in another tab. */
function offer(on) {
  const every = state.sections.flatMap((section) => section.faults);
  const last = every.filter((one) => on.has(one.name) && !broken.has(one.name)).at(-1);
  broken = on;
  if (last) lastArea = last.area;
  at("ask").textContent = question();
}

const words = (name) => name.replaceAll("-", " ");
const press = (what, on) => document.querySelector(`[data-trouble="${what}"]`).setAttribute("aria-pressed", String(on));

function showBot(bot) {
  at("bot").textContent = bot.pid ? `runs, pid ${bot.pid}` : "starting again …";
  at("bot-past").textContent = bot.starts > 1 ? `Start ${bot.starts}. Before: ${bot.ended}.` : "";
  at("kill").disabled = at("restart").disabled = !bot.pid;
}

function showBooks({ slack, outages }) {
  const last = slack.refusals.at(-1);
  const rows = [
    ["sockets", slack.sockets, slack.sockets ? "" : "bad"],
    ["last command acknowledged in", slack.command_ms === null ? "–" : `${slack.command_ms} ms`, ""],
    ["calls", slack.calls, ""],
    ["rejected", last ? `${slack.refused} (${last.method}: ${last.error})` : slack.refused, slack.refused ? "warn" : ""],
    ["not acknowledged", slack.unanswered, slack.unanswered ? "warn" : ""],
    ...(outages.storm ? [["storm, calls left", outages.storm, "warn"]] : []),
  ];
  at("figures").replaceChildren(...rows.map(([name, value, kind]) => h("div", { class: kind }, h("dt", {}, name), h("dd", {}, String(value)))));
}
