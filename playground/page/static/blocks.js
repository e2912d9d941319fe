// Block Kit as elements. `acts` says what pressing and choosing do where these blocks stand.

import { h } from "./dom.js";
import { confirmed } from "./confirm.js";
import { anchor, drawn, textOf } from "./nodes.js";
import { state } from "./state.js";

const DRAW = {
  section: (block, acts) => h("div", { class: "section" },
    h("div", { class: "section-main" },
      block.text ? h("div", { class: "text" }, textOf(block.text)) : null,
      block.fields ? h("div", { class: "fields" }, block.fields.map((one) => h("div", { class: "text" }, textOf(one)))) : null),
    block.accessory ? h("div", { class: "accessory" }, element(block.accessory, acts, block)) : null),
  context: (block) => h("div", { class: "context" },
    block.elements.map((one) => (one.type === "image" ? picture(one) : h("span", { class: "text" }, textOf(one))))),
  divider: () => h("hr"),
  header: (block) => h("p", { class: "heading level-1" }, textOf(block.text)),
  actions: (block, acts) => h("div", { class: "actions" }, block.elements.map((one) => element(one, acts, block))),
  context_actions: (block, acts) => h("div", { class: "actions" }, block.elements.map((one) => element(one, acts, block))),
  rich_text: (block) => h("div", { class: "text" }, drawn(block.nodes)),
  markdown: (block) => h("div", { class: "text" }, drawn(block.nodes, block.text)),
  image: (block) => h("figure", {}, block.title ? h("figcaption", {}, textOf(block.title)) : null, picture(block)),
  video: (block) => card("Video", block.alt_text),
  file: (block) => card("File", block.external_id),
  table: (block) => table(block.rows),
  data_table: (block) => table(block.rows, block.caption),
  alert: (block) => h("div", { class: `alert ${block.level ?? ""}` }, textOf(block.text)),
  input: (block, acts) => acts.input(block),
  container: (block, acts) => h("div", { class: "container" },
    h("p", { class: "heading level-2" }, block.rich_text_title ? drawn(block.rich_text_title.nodes) : textOf(block.title)),
    blocks(block.child_blocks, acts)),
  card: (block, acts) => h("div", { class: "card" },
    ["title", "subtitle", "body", "subtext"].map((part) => (block[part] ? h("div", { class: `text card-${part}` }, textOf(block[part])) : null)),
    block.actions ? h("div", { class: "actions" }, block.actions.map((one) => element(one, acts, block))) : null),
};

/** Elements for blocks; a block of a kind not drawn here is named, never dropped. */
export function blocks(list, acts) {
  return (list ?? []).map((block) => {
    const draw = DRAW[block.type];
    const shown = draw ? draw(block, acts) : card("Not drawn here", block.type);
    shown.classList.add("block");
    return shown;
  });
}

/** A card for what is not loaded: nothing here comes from the internet. */
export function card(kind, words) {
  return h("div", { class: "card" }, h("span", { class: "card-kind" }, kind), h("span", {}, words ?? ""));
}

const picture = (image) => h("span", { class: "picture", role: "img", "aria-label": image.alt_text || "picture" }, image.alt_text || "picture");

function table(rows, caption) {
  const [head, ...body] = rows.map((row) => row.map((cell) => (cell.type === "rich_text" ? drawn(cell.nodes) : [String(cell.text ?? cell.value ?? "")])));
  return h("div", { class: "table", tabindex: "0", role: "region", "aria-label": caption ?? "Table" }, h("table", {},
    caption ? h("caption", {}, caption) : null,
    h("thead", {}, h("tr", {}, head.map((cell) => h("th", { scope: "col" }, cell)))),
    h("tbody", {}, body.map((row) => h("tr", {}, row.map((cell) => h("td", {}, cell)))))));
}

function element(item, acts, block) {
  switch (item.type) {
    case "image": return picture(item);
    case "button": case "icon_button": case "workflow_button": return button(item, acts);
    case "feedback_buttons": return h("span", { class: "actions" },
      [item.positive_button, item.negative_button].map((one) => button({ ...one, action_id: item.action_id }, acts)));
    case "overflow": return overflow(item, acts);
    default: return menu(item, acts, block);
  }
}

function button(item, acts) {
  const shown = h("button", {
    type: "button",
    class: item.style ?? "",
    "aria-label": item.accessibility_label,
    onclick: async () => {
      if (!(await confirmed(item.confirm))) return;
      await waiting(shown, () => acts.press(item));
    },
  }, textOf(item.text));
  return item.url ? h("span", { class: "pair" }, shown, anchor(item.url, "open ↗")) : shown;
}

/** Show that something is under way, for as long as it is. */
export async function waiting(shown, work) {
  shown.setAttribute("aria-busy", "true");
  shown.disabled = true;
  try {
    return await work();
  } finally {
    shown.removeAttribute("aria-busy");
    shown.disabled = false;
  }
}

function overflow(item, acts) {
  const list = h("ul", { class: "popup", hidden: true });
  const opener = h("button", { type: "button", class: "quiet", "aria-label": "More actions", "aria-expanded": "false", onclick: () => toggle(list.hidden) }, "⋯");
  const toggle = (open) => {
    list.hidden = !open;
    opener.setAttribute("aria-expanded", String(open));
  };
  for (const option of item.options) {
    list.append(h("li", {}, h("button", { type: "button", class: "quiet", onclick: async () => {
      toggle(false);
      if (await confirmed(item.confirm)) await acts.choose(item, option.value);
    } }, textOf(option.text))));
  }
  const whole = h("span", { class: "popper" }, opener, list);
  whole.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !list.hidden) { toggle(false); opener.focus(); event.stopPropagation(); }
  });
  whole.addEventListener("focusout", (event) => { if (!whole.contains(event.relatedTarget)) toggle(false); });
  return whole;
}

/** The options of a menu: its own, or the people and channels there are. */
export function optionsOf(item) {
  if (item.type.includes("users_select")) return Object.entries(state.directory.people).map(([id, one]) => [id, `@${one.name}`]);
  if (/(channels|conversations)_select/.test(item.type)) return Object.entries(state.directory.channels).map(([id, name]) => [id, `#${name}`]);
  const grouped = (item.option_groups ?? []).flatMap((group) => group.options);
  return [...(item.options ?? []), ...grouped].map((option) => [option.value, option.text.text]);
}

function menu(item, acts, block) {
  const label = item.placeholder?.text ?? block.text?.text ?? "Choose";
  const choose = async (value) => {
    if (value && (await confirmed(item.confirm))) await acts.choose(item, value);
  };
  if (item.type === "datepicker" || item.type === "timepicker") {
    const kind = item.type === "datepicker" ? "date" : "time";
    return h("input", { type: kind, "aria-label": label, value: item.initial_date ?? item.initial_time, onchange: (event) => choose(event.target.value) });
  }
  if (item.type === "radio_buttons" || item.type === "checkboxes") {
    return h("span", { class: "actions", role: "group", "aria-label": label },
      item.options.map((option) => h("button", { type: "button", onclick: () => choose(option.value) }, textOf(option.text))));
  }
  const initial = item.initial_option?.value ?? item.initial_user ?? item.initial_channel ?? item.initial_conversation ?? "";
  const shown = h("select", { "aria-label": label, onchange: () => choose(shown.value) },
    initial ? null : h("option", { value: "" }, label),
    optionsOf(item).map(([value, words]) => h("option", { value }, words)));
  shown.value = initial;
  return shown;
}
