// The page as a whole: who looks at what, and what arrives.

import { at, h, notice } from "./dom.js";
import { drawHome, openHome } from "./home.js";
import { drawLab, prepareLab, showFigures } from "./lab.js";
import { drawChannel, drawThread, onThread, removeMessage, showMessage } from "./messages.js";
import { showModal } from "./modal.js";
import { inChannel, inThread, isReply, keyOf, nameOf, place, state } from "./state.js";
import { ask, listen, useToken } from "./wire.js";

const WIDE = matchMedia("(min-width: 1000px)");
const IDEAS = ["/volati diagnose keycloak", "/volati help", "@volati diagnose keycloak"];
let stop = () => {};
let threadsWanted = true; // until the person closes one, the newest opens by itself where there is room
let chosenByHand = false; // a thread that opened by itself gives way to a newer one, one that was chosen does not

function start() {
  stop();
  stop = listen(state.me, { hello, message, gone: removeMessage, views, figures: showFigures }, linked);
}

function linked(open, refused = false) {
  at("link").textContent = open ? "live" : "connecting …";
  at("link").classList.toggle("bad", !open);
  if (!refused) return;
  state.me = "oncall"; // whoever was remembered is unknown to this playground
  setTimeout(start, 2000);
}

function hello(all) {
  const { token, messages, ...rest } = all;
  useToken(token);
  Object.assign(state, rest);
  state.messages = new Map(messages.map((one) => [keyOf(one), one]));
  localStorage.setItem("person", state.me);
  if (state.place !== "home" && !place()) goTo(state.channels.find((one) => !one.direct)?.id ?? "home");
  drawSeats();
  drawSide();
  drawPlace();
  drawLab();
  showFigures(state.figures);
  showModal(state.views.modal);
}

function message(one) {
  if (!state.channels.some((known) => known.id === one.channel)) return start(); // a conversation opened just now
  showMessage(one);
  const newer = !state.thread || (!chosenByHand && one.thread_ts > state.thread);
  if (isReply(one) && one.channel === state.place && newer) openNewest();
  return undefined;
}

function views(seen) {
  state.views = seen;
  showModal(seen.modal);
  if (state.place === "home") drawHome();
}

function drawSeats() {
  at("seat").replaceChildren(...state.seats.map((id) => h("option", { value: id }, `${nameOf(id)} – ${state.directory.people[id].real_name}`)));
  at("seat").value = state.me;
}

function drawSide() {
  const item = (id, sign, words, dim) => h("li", {}, h("button", {
    type: "button", class: dim ? "dim" : "", "aria-current": state.place === id ? "page" : null, onclick: () => { goTo(id); show("chat"); },
  }, h("span", { class: "sign", "aria-hidden": "true" }, sign), words));
  const sign = (one) => (one.private ? "🔒" : "#");
  at("channels").replaceChildren(...state.channels.filter((one) => !one.direct).map((one) => item(one.id, sign(one), one.name, one.archived)));
  const direct = state.channels.find((one) => one.direct);
  at("apps").replaceChildren(item("home", "⌂", "Volati: Home"), ...(direct ? [item(direct.id, "✉", "Volati: Messages")] : []));
}

function goTo(id) {
  state.place = id;
  state.thread = null;
  threadsWanted = true;
  if (id === "home") openHome();
  drawSide();
  drawPlace();
}

function drawPlace() {
  const home = state.place === "home";
  const here = place();
  const direct = here?.direct;
  at("place").textContent = home ? "Volati" : direct ? "Volati, directly" : `${here.private ? "🔒 " : "#"}${here.name}`;
  at("about").textContent = home ? "the app's Home tab" : about(here);
  at("messages").hidden = home;
  at("home").hidden = !home;
  at("composer").hidden = home || here.archived;
  at("line").placeholder = home ? "" : `Message ${at("place").textContent}, or /volati …`;
  if (home) drawHome();
  else drawChannel();
  if (state.thread) openThread(state.thread, false);
  else if (!home) openNewest();
  if (!state.thread) hideThread();
}

function about(here) {
  if (here.archived) return "archived";
  return here.private ? "private" : `as ${nameOf(state.me)}, ${state.directory.people[state.me].real_name.toLowerCase()}`;
}

// Threads

function openNewest() {
  if (!WIDE.matches || !threadsWanted) return;
  const newest = inChannel(state.place).findLast((one) => inThread(one.channel, one.ts).some(isReply));
  if (newest) openThread(newest.ts);
}

function openThread(ts, asked = false) {
  state.thread = ts;
  chosenByHand = asked;
  at("thread").hidden = false;
  at("frame").classList.add("with-thread");
  drawThread();
  if (asked) {
    threadsWanted = true;
    show("thread");
    at("thread-title").focus();
  }
}

function hideThread() {
  at("thread").hidden = true;
  at("frame").classList.remove("with-thread");
}

function closeThread() {
  state.thread = null;
  threadsWanted = false;
  hideThread();
  show("chat");
  at("line").focus();
}

// Typing

async function typed(line) {
  chosenByHand = false;
  if (!line.startsWith("/")) return ask({ do: "say", person: state.me, channel: state.place, text: line });
  return ask({ do: "command", person: state.me, channel: state.place, line });
}

async function replied(line) {
  if (line.startsWith("/")) return notice(`${line.split(" ")[0]} is not supported in threads. Sorry! Mention @volati instead.`, "bad");
  return ask({ do: "say", person: state.me, channel: state.place, text: line, thread: state.thread });
}

function prepareComposer(form, field, send) {
  const submit = () => {
    const line = field.value.trim();
    if (!line) return;
    field.value = "";
    fit(field);
    send(line);
  };
  form.addEventListener("submit", (event) => { event.preventDefault(); submit(); });
  field.addEventListener("input", () => fit(field));
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); submit(); }
  });
}

function fit(field) {
  field.rows = Math.min(8, field.value.split("\n").length);
}

function drawIdeas() {
  at("ideas").replaceChildren(...IDEAS.map((line) => h("button", { type: "button", class: "idea", onclick: () => {
    at("line").value = line;
    at("line").focus();
  } }, line)));
}

// What is in view on a narrow screen

function show(view) {
  at("frame").dataset.view = view;
  document.querySelectorAll(".tabs button").forEach((one) => one.setAttribute("aria-pressed", String(one.dataset.to === view)));
}

function toggleLab(open) {
  at("frame").classList.toggle("with-lab", open);
  at("lab-toggle").setAttribute("aria-expanded", String(open));
}

function prepare() {
  onThread(openThread);
  prepareComposer(at("composer"), at("line"), typed);
  prepareComposer(at("reply"), at("reply-line"), replied);
  at("reply-line").placeholder = "Reply, or @volati …";
  at("seat").addEventListener("change", (event) => { state.me = event.target.value; state.place = ""; state.thread = null; start(); });
  at("thread-close").addEventListener("click", closeThread);
  at("lab-toggle").addEventListener("click", () => toggleLab(!at("frame").classList.contains("with-lab")));
  at("lab-close").addEventListener("click", () => toggleLab(false));
  document.querySelectorAll(".tabs button").forEach((one) => one.addEventListener("click", () => {
    if (one.dataset.to === "thread" && !state.thread) openLatestAnyway();
    show(one.dataset.to);
  }));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || document.querySelector("dialog[open]")) return;
    if (at("frame").classList.contains("with-lab")) toggleLab(false);
    else if (state.thread) closeThread();
  });
  prepareLab((line) => { show("chat"); toggleLab(false); if (state.place === "home" || place()?.archived) goTo(state.channels[0].id); typed(line); });
  drawIdeas();
  show("chat");
  linked(false);
  start();
}

function openLatestAnyway() {
  const newest = inChannel(state.place).findLast((one) => inThread(one.channel, one.ts).some(isReply));
  if (newest) openThread(newest.ts);
  else notice("There is no thread here yet.");
}

prepare();
