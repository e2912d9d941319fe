// The app's Home tab.

import { blocks, card } from "./blocks.js";
import { at, h } from "./dom.js";
import { complain } from "./messages.js";
import { state } from "./state.js";
import { ask } from "./wire.js";

const acts = {
  press: async (item) => complain(await ask({ do: "click-home", person: state.me, action: item.action_id, value: item.value ?? null })),
  choose: async () => null,
  input: (block) => card("An input belongs into a modal", block.block_id),
};

/** Draw what the bot published for this person. */
export function drawHome() {
  const { home } = state.views;
  const words = state.home_tab ? "Volati has not published a Home tab for you yet." : "Volati has no Home tab: its manifest enables none.";
  at("home").replaceChildren(...(home ? blocks(home.blocks, acts) : [h("p", { class: "empty" }, words)]));
}

/** Tell the bot that its Home tab was opened, where it has one. */
export function openHome() {
  if (state.home_tab) ask({ do: "open-home", person: state.me });
}
