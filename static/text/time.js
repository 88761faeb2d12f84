// Formats times (Unix ms) in the time zone and language of the reader.

/** The last time that a Date can hold; a server may send a later one. */
const MAX_DATE = 8.64e15;

let clockFormat = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
let fullFormat = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });
const dayFormat = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const wholeDayFormat = new Intl.DateTimeFormat(undefined, { dateStyle: "full" });
const dateFormat = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const yearFormat = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "long", year: "numeric" });

/** Sets how many hours a clock has from now on: "12", "24", or as the language has it. @param {string} hours */
export function setClock(hours) {
  const hourCycle = hours === "12" ? "h12" : hours === "24" ? "h23" : undefined;
  clockFormat = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle });
  fullFormat = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium", hourCycle });
}

/** @param {number} at */
export const formatTime = (at) => clockFormat.format(toDate(at));

/** @param {number} at */
export const formatFull = (at) => fullFormat.format(toDate(at));

/** @param {number} at */
export const formatIso = (at) => toDate(at).toISOString();

/** @param {number} a @param {number} b */
export const isSameDay = (a, b) => toDate(a).toDateString() === toDate(b).toDateString();

/** `04:34`, whatever the language: for a text that leaves the page. @param {number} at */
export function formatClock(at) {
  const date = toDate(at);
  return [date.getHours(), date.getMinutes()].map(twoDigits).join(":");
}

/** `2026-11-28`, in the reader's time zone. @param {number} at */
export function formatIsoDay(at) {
  const date = toDate(at);
  return [String(date.getFullYear()), twoDigits(date.getMonth() + 1), twoDigits(date.getDate())].join("-");
}

/** @param {number} at @param {number | null} now Null: the whole date, as paper needs it. */
export function formatDay(at, now) {
  if (now === null) return wholeDayFormat.format(toDate(at));
  const yesterday = toDate(now);
  yesterday.setDate(yesterday.getDate() - 1);
  if (isSameDay(at, now)) return "Today";
  if (isSameDay(at, yesterday.getTime())) return "Yesterday";
  const isThisYear = toDate(at).getFullYear() === toDate(now).getFullYear();
  return (isThisYear ? dayFormat : yearFormat).format(toDate(at));
}

/** A day, and its time unless that is midnight. @param {number} at */
export function formatMoment(at) {
  const date = toDate(at);
  const isMidnight = date.getHours() === 0 && date.getMinutes() === 0;
  return isMidnight ? dateFormat.format(date) : `${dateFormat.format(date)}, ${clockFormat.format(date)}`;
}

/** A duration in the largest whole unit: "12 s", "3 min", "2 h", "4 days". @param {number} ms */
export function formatDuration(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3_600)} h`;
  return `${Math.floor(seconds / 86_400)} days`;
}

/** @param {number} part */
function twoDigits(part) {
  return String(part).padStart(2, "0");
}

/** @param {number} at */
function toDate(at) {
  return new Date(Math.min(at, MAX_DATE));
}
