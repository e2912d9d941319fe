// Messages in the channel and in the thread: drawn once, and changed in place when they are edited.

import { blocks, card, waiting } from "./blocks.js";
import { at, clock, h, notice } from "./dom.js";
import { drawn } from "./nodes.js";
import { inChannel, inThread, isReply, keyOf, nameOf, state } from "./state.js";
import { ask } from "./wire.js";

const lists = { channel: at("messages"), thread: at("replies") };
let openThread = () => {};

/** What opening a thread does. */
export function onThread(open) {
  openThread = open;
}

/** Draw the channel anew. */
export function drawChannel() {
  const shown = inChannel(state.place);
  lists.channel.replaceChildren(...shown.map((message) => drawMessage(message, "channel")));
  if (!shown.length) lists.channel.append(h("p", { class: "empty" }, "Nothing was said here yet."));
  lists.channel.scrollTop = lists.channel.scrollHeight;
}

/** Draw the open thread anew. */
export function drawThread() {
  if (!state.thread) return;
  const shown = inThread(state.place, state.thread);
  lists.thread.replaceChildren(...shown.map((message) => drawMessage(message, "thread")));
  lists.thread.scrollTop = 0;
}

/** Take in a message that is new or was edited. */
export function showMessage(message) {
  const known = state.messages.has(keyOf(message));
  state.messages.set(keyOf(message), message);
  if (message.channel === state.place) {
    if (!isReply(message) || message.broadcast) place(message, "channel");
    if (message.ts === state.thread || message.thread_ts === state.thread) place(message, "thread");
    if (isReply(message)) refreshReplies(message);
  }
  if (!known && message.author !== state.me) at("spoken").textContent = `${nameOf(message.author)}: ${message.text}`;
}

/** Take a message away. */
export function removeMessage({ channel, ts }) {
  state.messages.delete(`${channel} ${ts}`);
  document.querySelectorAll(`[data-key="${CSS.escape(`${channel} ${ts}`)}"]`).forEach((shown) => shown.remove());
}

const find = (list, message) => [...list.children].find((shown) => shown.dataset.key === keyOf(message));

// A list that stands at its end stays there, but never so far that the changed message loses its first line. One that
// nobody has moved since still stands at its end, though a message was longer than the screen.
const left = new Map();

function place(message, where) {
  const list = lists[where];
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40 || list.scrollTop === left.get(list);
  list.querySelector(".empty")?.remove();
  const shown = find(list, message);
  const fresh = shown ?? drawMessage(message, where);
  if (shown) fill(shown, message, where);
  else list.insertBefore(fresh, [...list.children].find((one) => one.dataset.ts > message.ts) ?? null);
  if (!atEnd) return;
  list.scrollTop = Math.min(list.scrollHeight, fresh.offsetTop - list.offsetTop - 12);
  left.set(list, list.scrollTop);
}

function refreshReplies(message) {
  const root = state.messages.get(`${message.channel} ${message.thread_ts}`);
  const shown = root && find(lists.channel, root);
  if (shown) fill(shown, root, "channel");
}

function drawMessage(message, where) {
  const shown = h("article", { class: "message", "data-key": keyOf(message), "data-ts": message.ts },
    avatar(message),
    h("div", { class: "body" }, h("div", { class: "by" }), h("div", { class: "content" }), h("div", { class: "under" })),
    tools(message));
  fill(shown, message, where);
  return shown;
}

function avatar(message) {
  if (message.author === state.app) return h("img", { class: "avatar", src: "static/mark.svg", alt: "", width: "36", height: "36" });
  const name = nameOf(message.author);
  const tone = [...name].reduce((sum, letter) => sum + letter.codePointAt(0), 0) % 6;
  return h("span", { class: `avatar tone-${tone}`, "aria-hidden": "true" }, name.slice(0, 2));
}

function fill(shown, message, where) {
  const [by, content, under] = shown.querySelector(".body").children;
  shown.classList.toggle("private", Boolean(message.only_to));
  shown.setAttribute("aria-label", `${nameOf(message.author)}, ${clock(message.ts)}`);
  by.replaceChildren(...byline(message));
  keepSame(content, [...message.blocks.length ? message.blocks : [{ type: "words", nodes: message.nodes, text: message.text }]], message);
  under.replaceChildren(...[...attachments(message), ...files(message), reactions(message), where === "channel" ? replies(message) : null].filter(Boolean));
}

function byline(message) {
  const app = message.author === state.app;
  return [
    message.only_to ? h("span", { class: "only" }, "Only visible to you") : "",
    h("strong", {}, nameOf(message.author)),
    app ? h("span", { class: "tag" }, "App") : "",
    h("time", { datetime: new Date(Number(message.ts) * 1000).toISOString() }, clock(message.ts)),
    message.edits ? h("span", { class: "edited", title: `Edited ${message.edits} times` }, "(edited)") : "",
  ];
}

// Blocks that did not change stay the very same elements: focus, selection and open menus survive an edit.
function keepSame(content, list, message) {
  const before = [...content.children];
  const after = list.map((block, index) => {
    const form = JSON.stringify(block);
    if (before[index]?.drawnFrom === form) return before[index];
    const fresh = block.type === "words" ? h("div", { class: "text block" }, drawn(block.nodes, block.text)) : blocks([block], acts(message))[0];
    fresh.drawnFrom = form;
    return fresh;
  });
  // Each is put in its own place: an element that were moved would lose its focus.
  after.forEach((element, index) => {
    if (!before[index]) content.append(element);
    else if (before[index] !== element) before[index].replaceWith(element);
  });
  before.slice(after.length).forEach((element) => element.remove());
}

function acts(message) {
  const where = { person: state.me, channel: message.channel, ts: message.ts };
  return {
    press: async (item) => complain(await ask({ do: "click", ...where, action: item.action_id, value: item.value ?? null })),
    choose: async (item, option) => complain(await ask({ do: "choose", ...where, action: item.action_id, option })),
    input: (block) => card("An input belongs into a modal", block.block_id),
  };
}

/** Say what Slack says when the app did not answer in time. */
export function complain(outcome) {
  if (outcome?.failure) notice(`Volati did not respond in time: that did not work (${outcome.failure}).`, "bad");
  return outcome;
}

function attachments(message) {
  return message.attachments.map((one) => h("div", { class: "attachment" },
    ["pretext", "title", "text"].map((part) => (one[part] ? h("div", { class: "text" }, drawn(one[part])) : null)),
    blocks(one.blocks, acts(message))));
}

function files(message) {
  return message.files.map((file) => {
    const shown = h("pre", { hidden: true, tabindex: "0" });
    const open = h("button", { type: "button", "aria-expanded": "false", onclick: async () => {
      if (!shown.textContent) shown.textContent = await (await fetch(`files/${encodeURIComponent(file.id)}`)).text();
      shown.hidden = !shown.hidden;
      open.setAttribute("aria-expanded", String(!shown.hidden));
    } }, "Show");
    return h("div", { class: "card file" }, h("span", { class: "card-kind" }, file.pretty_type ?? "File"),
      h("span", {}, `${file.title || file.name} (${Number(file.size).toLocaleString()} bytes)`), open, shown);
  });
}

function reactions(message) {
  const all = Object.entries(message.reactions);
  if (!all.length) return null;
  return h("div", { class: "reactions" }, all.map(([name, one]) =>
    h("span", { class: "reaction", title: one.by.map((id) => nameOf(id)).join(", ") }, drawn(one.nodes, name), ` ${one.by.length}`)));
}

function replies(message) {
  const below = inThread(message.channel, message.ts).filter(isReply);
  if (!below.length || isReply(message)) return null;
  const words = below.length === 1 ? "1 reply" : `${below.length} replies`;
  return h("button", { type: "button", class: "replies", onclick: () => openThread(message.ts, true) },
    words, h("span", { class: "last" }, `last ${clock(below.at(-1).ts)}`));
}

function tools(message) {
  if (message.only_to) return h("span");
  const offered = Object.entries(state.shortcuts).filter(([, kind]) => kind === "message");
  const root = message.thread_ts ?? message.ts;
  return h("div", { class: "tools" },
    h("button", { type: "button", class: "quiet", "aria-label": "Reply in a thread", title: "Reply in a thread", onclick: () => openThread(root, true) }, "↩"),
    offered.length ? shortcuts(message, offered) : null);
}

function shortcuts(message, offered) {
  const list = h("ul", { class: "popup", hidden: true }, offered.map(([callback]) => h("li", {}, h("button", { type: "button", class: "quiet", onclick: (event) => {
    list.hidden = true;
    return waiting(event.currentTarget, async () => complain(await ask({ do: "shortcut", person: state.me, callback, channel: message.channel, ts: message.ts })));
  } }, callback.replaceAll(/[_-]/g, " ")))));
  const opener = h("button", { type: "button", class: "quiet", "aria-label": "Shortcuts on this message", onclick: () => { list.hidden = !list.hidden; } }, "⋮");
  const whole = h("span", { class: "popper" }, opener, list);
  whole.addEventListener("focusout", (event) => { if (!whole.contains(event.relatedTarget)) list.hidden = true; });
  whole.addEventListener("keydown", (event) => { if (event.key === "Escape") list.hidden = true; });
  return whole;
}
