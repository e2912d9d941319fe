// What the page knows: the last `hello`, and every message since.

export const state = {
  me: localStorage.getItem("person") || "oncall",
  directory: { people: {}, channels: {}, groups: {} },
  seats: [],
  channels: [],
  commands: [],
  shortcuts: {},
  sections: [],
  figures: null,
  views: { modal: null, home: null },
  messages: new Map(), // "channel ts" -> message
  place: "", // a channel's id, or "home"
  thread: null, // the ts of the open thread's root
};

/** The key of a message. */
export const keyOf = (message) => `${message.channel} ${message.ts}`;

/** What somebody is called. */
export function nameOf(id, label = "") {
  return state.directory.people[id]?.name ?? (label || id);
}

/** Whether a message stands in a thread below its root. */
export const isReply = (message) => Boolean(message.thread_ts) && message.thread_ts !== message.ts;

const byTime = (one, other) => (one.ts < other.ts ? -1 : 1);

/** What stands in a channel outside of threads, oldest first. */
export function inChannel(channel) {
  return [...state.messages.values()]
    .filter((message) => message.channel === channel && (!isReply(message) || message.broadcast))
    .sort(byTime);
}

/** A thread: its root, if it is there, and the replies. */
export function inThread(channel, root) {
  return [...state.messages.values()]
    .filter((message) => message.channel === channel && (message.ts === root || message.thread_ts === root))
    .sort(byTime);
}

/** The conversation that is shown, or undefined for the Home tab. */
export const place = () => state.channels.find((one) => one.id === state.place);
