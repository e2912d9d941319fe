// The question before a button does what it says.

import { at, h } from "./dom.js";
import { textOf } from "./nodes.js";

/** Ask, where the element wants that; gives whether the person said yes. */
export function confirmed(question) {
  if (!question) return Promise.resolve(true);
  const dialog = at("confirm");
  return new Promise((resolve) => {
    const answer = (yes) => { dialog.close(); resolve(yes); };
    const deny = h("button", { type: "button", onclick: () => answer(false) }, textOf(question.deny));
    const confirm = h("button", { type: "button", class: question.style ?? "primary", onclick: () => answer(true) }, textOf(question.confirm));
    dialog.replaceChildren(
      h("h2", { id: "confirm-title" }, textOf(question.title)),
      h("div", { class: "text" }, textOf(question.text)),
      h("div", { class: "dialog-foot" }, deny, confirm));
    dialog.oncancel = () => resolve(false);
    dialog.showModal();
    deny.focus();
  });
}
