// Where a line is that an address names: here, further back, or nowhere.
// May not know: the DOM, sockets, addresses. It says what to do; visits.js does it.

/** How far back one goes page by page for a line: fewer than a room of the page can hold. */
const FARTHEST = 110_000;

/**
 * @typedef {{ room: string, seq: number }} Sought
 * @typedef {{ found: { place: number, key: string } } | { ask: true } | { wait: true } | { why: string }} Step
 *   `ask`: for an older page; `why`: no such line can be shown.
 */

/** The next step to a line of this room. @param {import("./room.js").Room} room @param {number} seq @returns {Step} */
export function seek(room, seq) {
  const { oldest, newest, first, label } = room;
  if (oldest === null || !room.isCaughtUp) return { wait: true };
  if (seq > newest) return { why: `There is no line ${seq} in ${label} yet: the newest is ${newest}` };
  if (seq < first) return { why: `Line ${seq} of ${label} is no longer kept` };
  if (seq >= oldest) {
    const found = room.placeOf(seq);
    return found ? { found } : { why: `Number ${seq} of ${label} is no line of its own: it changed another` };
  }
  if (oldest - seq > FARTHEST) return { why: `Line ${seq} of ${label} is too far back to be shown here` };
  return { ask: true };
}
