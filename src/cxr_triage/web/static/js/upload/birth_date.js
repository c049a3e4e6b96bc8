// Birth dates as people type them here: the day first, whatever the browser thinks.

import { dayText, today } from "../words.js";

const YEAR_MS = 365.25 * 24 * 3600 * 1000;
const OLDEST_YEARS = 130;
const DAY_FIRST = /^(\d{1,2})[\s./-]+(\d{1,2})[\s./-]+(\d{4})$/;
const DIGITS = /^(\d{2})(\d{2})(\d{4})$/;
const ISO = /^(\d{4})-(\d{2})-(\d{2})$/;

/** {iso, words, years} of what was typed; null if it is no birthday that anybody has at the place,
 *  where it is another day already than in Greenwich. */
export function birthDate(text) {
  const typed = text.trim();
  const [, day, month, year] = (DAY_FIRST.exec(typed) ?? DIGITS.exec(typed) ?? turned(ISO.exec(typed))).map(Number);
  const date = midnight({ year, month, day });
  const years = Math.floor((midnight(today()) - date) / YEAR_MS);
  if (!(years >= 0 && years <= OLDEST_YEARS) || date.getUTCDate() !== day) return null;
  return { iso: date.toISOString().slice(0, 10), words: dayText({ year, month, day }), years };
}

/** A day as a moment that days can be counted by. */
function midnight({ year, month, day }) {
  return new Date(Date.UTC(year, month - 1, day));
}

function turned(found) {
  return found ? [found[0], found[3], found[2], found[1]] : [];
}
