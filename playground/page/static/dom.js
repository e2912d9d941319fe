// Builds elements. Text only ever becomes text nodes: nothing in this page parses HTML.

/** An element: `h("p", { class: "x", onclick: f }, "words", child)`. Null children and attributes are left out. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return element;
}

/** The element with this id. */
export const at = (id) => document.getElementById(id);

/** Whether a browser should follow this address; the server checked it already. */
export const followable = (url) => /^(https?:\/\/|mailto:)/i.test(url ?? "");

/** A sentence shown for a while in the corner. */
export function notice(words, kind = "") {
  const shown = h("p", { class: `notice ${kind}` }, words);
  at("notices").append(shown);
  setTimeout(() => shown.remove(), 8000);
}

/** The time of a Slack timestamp, as the reader's clock shows it. */
export function clock(ts) {
  return new Date(Number(ts) * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}
