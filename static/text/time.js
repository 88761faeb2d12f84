// Moments (Unix ms) as a person reads them, in the zone and language of the reader.
// May not know: the DOM, or what time it is: `now` comes in by argument.

/** The last moment that a Date can hold; a server may send a later one. */
const LAST = 8.64e15;

const clockFormat = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const fullFormat = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });
const dayFormat = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const yearFormat = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "long", year: "numeric" });

/** @param {number} at */
export const clock = (at) => clockFormat.format(date(at));

/** @param {number} at */
export const full = (at) => fullFormat.format(date(at));

/** @param {number} at */
export const iso = (at) => date(at).toISOString();

/** @param {number} a @param {number} b */
export const isSameDay = (a, b) => date(a).toDateString() === date(b).toDateString();

/** @param {number} at @param {number} now */
export function day(at, now) {
  const yesterday = date(now);
  yesterday.setDate(yesterday.getDate() - 1);
  if (isSameDay(at, now)) return "Today";
  if (isSameDay(at, yesterday.getTime())) return "Yesterday";
  const isThisYear = date(at).getFullYear() === date(now).getFullYear();
  return (isThisYear ? dayFormat : yearFormat).format(date(at));
}

/** How long something lasted, in the largest whole unit: "12 s", "3 min", "2 h", "4 days". @param {number} ms */
export function span(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3_600)} h`;
  return `${Math.floor(seconds / 86_400)} days`;
}

/** @param {number} at */
function date(at) {
  return new Date(Math.min(at, LAST));
}
