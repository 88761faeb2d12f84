// What /goto goes to: a message, a day, or a time of a day. tests/vectors/goto.json says what each means.

/**
 * @typedef {{ seq: number } | Moment} GotoTarget
 * @typedef {{ day?: "today" | "yesterday" | [number, number, number], minutes?: number }} Moment A day, as a word or as
 *   year, month and day of the month; and a time of it, in minutes after midnight. Without a day: the last such time.
 */

/** Reads a day, a time, or both; null if it is none. @param {string} typed @returns {Moment | null} */
export function parseMoment(typed) {
  const words = typed.trim().toLowerCase().split(/\s+/, 3);
  const [first = "", second] = words;
  const day = parseDay(first);
  const minutes = parseTime(day === null ? first : second ?? "");
  const isTimeMissing = day === null || second !== undefined;
  if (words.length > (day === null ? 1 : 2) || (isTimeMissing && minutes === null)) return null;
  return { ...(day !== null && { day }), ...(minutes !== null && { minutes }) };
}

/** The Unix time in ms that is meant, in the time zone of this browser. @param {Moment} moment @param {number} now Unix ms. */
export function timeOf({ day, minutes = 0 }, now) {
  const today = new Date(now);
  const on = (/** @type {number} */ daysAgo) => new Date(today.getFullYear(), today.getMonth(), today.getDate() - daysAgo, 0, minutes).getTime();
  if (typeof day === "object") return new Date(day[0], day[1] - 1, day[2], 0, minutes).getTime();
  if (day) return on(day === "today" ? 0 : 1);
  return on(0) > now ? on(1) : on(0);
}

/** @param {string} word @returns {"today" | "yesterday" | [number, number, number] | null} */
function parseDay(word) {
  if (word === "today" || word === "yesterday") return word;
  const [, year, month, day] = (/^(\d{4})-(\d{2})-(\d{2})$/.exec(word) ?? []).map(Number);
  if (year === undefined || month === undefined || day === undefined || year < 1970) return null;
  const date = new Date(Date.UTC(year, month - 1, day));
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? [year, month, day] : null;
}

/** `14:30`, in minutes after midnight. @param {string} word */
function parseTime(word) {
  const [, hours, minutes] = (/^(\d{1,2}):(\d{2})$/.exec(word) ?? []).map(Number);
  return hours === undefined || minutes === undefined || hours > 23 || minutes > 59 ? null : hours * 60 + minutes;
}
