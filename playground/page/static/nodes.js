// The server's nodes (playground/page/nodes.py) as elements.

import { followable, h } from "./dom.js";
import { nameOf, state } from "./state.js";

const CIRCLES = {
  red_circle: "red", large_orange_circle: "orange", large_yellow_circle: "yellow",
  large_green_circle: "green", large_blue_circle: "blue", white_circle: "white", black_circle: "black",
};
const TAGS = { bold: "strong", italic: "em", strike: "s", underline: "u", quote: "blockquote", item: "li" };

/** Elements for nodes; `words` stands in where there are none. */
export function drawn(nodes, words = "") {
  return nodes?.length ? nodes.map(one) : words ? [words] : [];
}

/** The nodes of a text object. */
export const textOf = (object) => (object ? drawn(object.nodes, object.text) : []);

function one(node) {
  switch (node.is) {
    case "text": return node.text;
    case "code": return h("code", {}, node.text);
    case "pre": return fence(node.text);
    case "link": return anchor(node.url, drawn(node.of));
    case "person": return mention("@", nameOf(node.id, node.label), node.id === state.me);
    case "channel": return mention("#", state.directory.channels[node.id] ?? (node.label || node.id));
    case "group": return mention("@", state.directory.groups[node.id] ?? (node.label.replace(/^@/, "") || node.id));
    case "everyone": return mention("@", node.range, true);
    case "emoji": return emoji(node);
    case "list": return h(node.ordered ? "ol" : "ul", {}, drawn(node.of));
    case "heading": return h("p", { class: `heading level-${node.level}` }, drawn(node.of));
    case "rule": return h("hr");
    default: return h(TAGS[node.is] ?? "span", {}, drawn(node.of));
  }
}

/** A link to another page, or only its words where the address is none to follow. */
export function anchor(url, words) {
  if (!followable(url)) return h("span", {}, words);
  return h("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, words);
}

function mention(sign, name, mine = false) {
  return h("span", { class: mine ? "mention mine" : "mention" }, sign + name);
}

function emoji(node) {
  const words = node.name.replaceAll("_", " ");
  const colour = CIRCLES[node.name];
  if (colour) return h("span", { class: `circle ${colour}`, role: "img", "aria-label": words });
  return h("span", { class: "emoji", role: "img", "aria-label": words, title: `:${node.name}:` }, node.sign);
}

function fence(text) {
  const copy = h("button", { type: "button", class: "copy", "aria-label": "Copy this code" }, "Copy");
  copy.addEventListener("click", async () => {
    await navigator.clipboard.writeText(text);
    copy.textContent = "Copied";
    setTimeout(() => { copy.textContent = "Copy"; }, 1500);
  });
  return h("div", { class: "fence" }, h("pre", { tabindex: "0" }, h("code", {}, text)), copy);
}
