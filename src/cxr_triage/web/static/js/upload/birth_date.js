// Birth dates as people type them here: the day first, whatever the browser thinks.

const YEAR_MS = 365.25 * 24 * 3600 * 1000;
const OLDEST_YEARS = 130;
const LOCALES = { en: "en-GB", vi: "vi" }; // with the day first
const DAY_FIRST = /^(\d{1,2})[\s./-]+(\d{1,2})[\s./-]+(\d{4})$/;
const DIGITS = /^(\d{2})(\d{2})(\d{4})$/;
const ISO = /^(\d{4})-(\d{2})-(\d{2})$/;

/** {iso, words, years} of what was typed; null if it is no birthday that anybody has. */
export function birthDate(text) {
  const typed = text.trim();
  const [, day, month, year] = DAY_FIRST.exec(typed) ?? DIGITS.exec(typed) ?? turned(ISO.exec(typed));
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  const years = Math.floor((Date.now() - date) / YEAR_MS);
  if (!(years >= 0 && years <= OLDEST_YEARS) || date.getUTCDate() !== Number(day)) return null;
  const words = new Intl.DateTimeFormat(LOCALES[document.documentElement.lang], { dateStyle: "long", timeZone: "UTC" }).format(date);
  return { iso: date.toISOString().slice(0, 10), words, years };
}

function turned(found) {
  return found ? [found[0], found[3], found[2], found[1]] : [];
}
