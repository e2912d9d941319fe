// The wire to the playground: one stream of events in, one kind of request out.

import { notice } from "./dom.js";

let token = "";

/** Remember the token that requests must bring. */
export function useToken(fresh) {
  token = fresh;
}

/** Ask for a deed. Gives the answer, or null after showing why there is none. */
export async function ask(deed) {
  return send("do", JSON.stringify(deed), "application/json");
}

/** Put a file into a file input of the modal. */
export async function attach(person, action, file) {
  const query = new URLSearchParams({ person, action, name: file.name });
  return send(`attach?${query}`, file, "application/octet-stream");
}

async function send(path, body, type) {
  let response;
  try {
    const headers = { "Content-Type": type, "X-Playground-Token": token };
    response = await fetch(path, { method: "POST", headers, body });
  } catch {
    notice("The playground does not answer. Is it still running? Start it with: make playground", "bad");
    return null;
  }
  const text = await response.text();
  if (response.ok) return JSON.parse(text);
  notice(sentence(text) || `The playground refused this (${response.status}).`, "bad");
  return null;
}

function sentence(text) {
  try {
    return JSON.parse(text).error;
  } catch {
    return text;
  }
}

/** Listen as a person; `hear` maps each kind of event to a function. Gives a function that stops it. */
export function listen(person, hear, linked) {
  const source = new EventSource(`events?${new URLSearchParams({ person })}`);
  for (const [kind, tell] of Object.entries(hear)) {
    source.addEventListener(kind, (event) => tell(JSON.parse(event.data)));
  }
  source.onopen = () => linked(true);
  // A browser tries again by itself after a lost connection, but not after a refusal.
  source.onerror = () => linked(false, source.readyState === EventSource.CLOSED);
  return () => source.close();
}
