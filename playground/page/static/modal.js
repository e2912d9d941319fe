// The modal on top: its inputs, what was filled in, what the bot says is wrong with it.

import { blocks, optionsOf, waiting } from "./blocks.js";
import { at, h, notice } from "./dom.js";
import { complain } from "./messages.js";
import { textOf } from "./nodes.js";
import { state } from "./state.js";
import { ask, attach } from "./wire.js";

const dialog = at("modal");
const drafts = new Map(); // "view block action" -> what was typed and not sent yet
let shownHash = "";
let filling = Promise.resolve(); // values are sent one after the other, and all before the modal is

/** Show the modal on top, or none. */
export function showModal(view) {
  if (!view) {
    shownHash = "";
    drafts.clear();
    if (dialog.open) dialog.close();
    return;
  }
  if (view.hash === shownHash) return;
  shownHash = view.hash;
  const focused = document.activeElement?.dataset?.draft;
  draw(view);
  if (!dialog.open) dialog.showModal();
  const again = focused ? dialog.querySelector(`[data-draft="${CSS.escape(focused)}"]`) : dialog.querySelector("input, textarea, select");
  again?.focus();
}

function draw(view) {
  const send = view.submit ? h("button", { type: "submit", class: "primary" }, textOf(view.submit)) : null;
  const form = h("form", { novalidate: true, onsubmit: (event) => { event.preventDefault(); submit(view, form, send); } },
    h("header", { class: "dialog-head" }, h("h2", { id: "modal-title" }, textOf(view.title)),
      h("button", { type: "button", class: "quiet", "aria-label": "Close", onclick: close }, "✕")),
    h("div", { class: "dialog-body" }, blocks(view.blocks, acts(view))),
    h("footer", { class: "dialog-foot" }, h("button", { type: "button", onclick: close }, view.close ? textOf(view.close) : view.pushed ? "Back" : "Cancel"), send));
  dialog.replaceChildren(form);
}

const close = () => ask({ do: "close", person: state.me });
dialog.addEventListener("cancel", (event) => { event.preventDefault(); close(); });

const acts = (view) => ({
  press: async (item) => complain(await ask({ do: "press", person: state.me, action: item.action_id, value: item.value ?? null })),
  choose: async (item, value) => complain(await ask({ do: "fill", person: state.me, action: item.action_id, value })),
  input: (block) => field(view, block),
});

async function submit(view, form, send) {
  form.querySelectorAll(".error").forEach((one) => one.remove());
  form.querySelectorAll("[aria-invalid]").forEach((one) => one.removeAttribute("aria-invalid"));
  const missing = [...form.querySelectorAll("[data-required]")].filter((one) => !one.valueNow());
  missing.forEach((one) => complainAt(one.closest(".field"), "Please fill this in."));
  if (missing.length) return missing[0].querySelector("input, textarea, select")?.focus();
  const typing = document.activeElement;
  if (typing !== send && form.contains(typing)) typing.blur(); // what is being typed counts, too
  await waiting(send, async () => {
    await filling;
    const outcome = await ask({ do: "submit", person: state.me });
    if (outcome?.failure) notice(`We had some trouble connecting. Try again? (${outcome.failure})`, "bad");
    for (const [block, sentence] of Object.entries(outcome?.errors ?? {})) {
      complainAt(form.querySelector(`.field[data-block="${CSS.escape(block)}"]`), sentence);
    }
    form.querySelector("[aria-invalid]")?.focus();
  });
}

function complainAt(field, sentence) {
  if (!field) return;
  field.append(h("p", { class: "error", role: "alert" }, sentence));
  field.querySelector("input, textarea, select")?.setAttribute("aria-invalid", "true");
}

function field(view, block) {
  const item = block.element;
  const name = `${view.id} ${block.block_id} ${item.action_id}`;
  const held = view.values[block.block_id]?.[item.action_id] ?? {};
  const put = (value) => {
    if (!shownHash) return; // the modal is closing, which ends what was being typed
    drafts.set(name, value);
    filling = filling.then(() => ask({ do: "fill", person: state.me, action: item.action_id, value }));
  };
  const made = INPUTS[kindOf(item)](item, { name, held, put, draft: drafts.get(name) });
  made.setAttribute("data-input", "");
  if (!block.optional) made.setAttribute("data-required", "");
  const id = `in-${name.replaceAll(/\W/g, "-")}`;
  const hint = block.hint ? h("p", { class: "hint", id: `${id}-hint` }, textOf(block.hint)) : null;
  const input = made.querySelector("input, textarea, select");
  if (input && input.type !== "radio" && input.type !== "checkbox") {
    input.id = id;
    if (hint) input.setAttribute("aria-describedby", hint.id);
  }
  const label = h(input?.id ? "label" : "span", { class: "label", for: input?.id }, textOf(block.label), block.optional ? h("small", {}, " (optional)") : null);
  return h("div", { class: "field", "data-block": block.block_id, role: input?.id ? null : "group" }, label, made, hint);
}

function kindOf(item) {
  if (item.type in INPUTS) return item.type;
  if (item.type.startsWith("multi_")) return "many";
  return item.type.endsWith("_select") ? "one" : "plain_text_input";
}

function wrapped(input, valueNow) {
  const whole = h("div", {}, input);
  whole.valueNow = valueNow;
  return whole;
}

const TYPES = { email_text_input: "email", url_text_input: "url", number_input: "number", datepicker: "date", timepicker: "time" };

function typed(item, { name, held, put, draft }) {
  const many = item.multiline || item.type === "rich_text_input";
  const input = h(many ? "textarea" : "input", {
    type: many ? null : TYPES[item.type] ?? "text", rows: many ? 6 : null, "data-draft": name,
    maxlength: item.max_length ?? (many || item.type === "plain_text_input" ? 3000 : null), placeholder: item.placeholder?.text,
    oninput: () => drafts.set(name, input.value), onchange: () => put(input.value),
  });
  input.value = draft ?? held.value ?? held.selected_date ?? held.selected_time ?? "";
  return wrapped(input, () => input.value.trim());
}

function chosen(item, { name, held, put, draft }) {
  const now = draft ?? held.selected_option?.value ?? held.selected_user ?? held.selected_channel ?? held.selected_conversation ?? "";
  const input = h("select", { "data-draft": name, onchange: () => input.value && put(input.value) },
    h("option", { value: "" }, item.placeholder?.text ?? "Choose"), optionsOf(item).map(([value, words]) => h("option", { value }, words)));
  input.value = now;
  return wrapped(input, () => input.value);
}

function offered(item, { name, put }) {
  const list = h("datalist", { id: `list-${name.replaceAll(/\W/g, "-")}` });
  const input = h("input", { type: "text", list: list.id, "data-draft": name, placeholder: item.placeholder?.text, autocomplete: "off",
    oninput: async () => {
      const known = [...list.children].find((one) => one.value === input.value);
      if (known) return put(known.dataset.value);
      if (input.value.length < (item.min_query_length ?? 3)) return undefined;
      const answer = await ask({ do: "suggest", person: state.me, action: item.action_id, typed: input.value });
      return list.replaceChildren(...(answer?.options ?? []).map((one) => h("option", { value: one.text.text, "data-value": one.value })));
    } });
  const whole = wrapped(input, () => input.value);
  whole.append(list);
  return whole;
}

function ticked(item, { name, held, put, draft }, type) {
  const before = draft ?? (held.selected_options ?? [held.selected_option]).filter(Boolean).map((one) => one.value);
  const options = optionsOf(item).length && item.options ? item.options : optionsOf(item).map(([value, words]) => ({ value, text: { text: words } }));
  const boxes = options.map((option) => h("input", { type, name, value: option.value, checked: before.includes(option.value) }));
  const now = () => boxes.filter((one) => one.checked).map((one) => one.value);
  const change = () => (type === "radio" ? put(now()[0]) : now().length && put(now()));
  boxes.forEach((one) => one.addEventListener("change", change));
  const rows = options.map((option, index) => h("label", { class: "tick" }, boxes[index], h("span", {}, textOf(option.text), option.description ? h("small", {}, textOf(option.description)) : null)));
  return wrapped(h("div", { class: "ticks" }, rows), () => now().length);
}

function fileInput(item) {
  const held = h("ul", { class: "held" });
  const input = h("input", { type: "file", multiple: (item.max_files ?? 10) > 1, accept: item.filetypes?.map((one) => `.${one}`).join(","),
    onchange: async () => {
      for (const file of input.files) {
        if (await attach(state.me, item.action_id, file)) held.append(h("li", {}, `${file.name} (${file.size.toLocaleString()} bytes)`));
      }
      input.value = "";
    } });
  const whole = wrapped(input, () => held.children.length);
  whole.append(held);
  return whole;
}

const INPUTS = {
  plain_text_input: typed,
  one: chosen,
  external_select: offered,
  many: (item, how) => ticked(item, how, "checkbox"),
  checkboxes: (item, how) => ticked(item, how, "checkbox"),
  radio_buttons: (item, how) => ticked(item, how, "radio"),
  file_input: fileInput,
};
