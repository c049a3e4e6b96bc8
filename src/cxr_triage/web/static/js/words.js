// The page's words for its scripts: sentences by key, from the same catalogues as the page.

const words = JSON.parse(document.getElementById("words").textContent);

/** The sentence `key` with its {fields} filled. Throws if the page does not bring it. */
export function say(key, values = {}) {
  if (!(key in words)) throw new Error(`the page does not say ${key}`);
  return words[key].replace(/\{(\w+)\}/g, (field, name) => (name in values ? String(values[name]) : field));
}

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/** A day {year, month, day} as every page writes it: 27 Nov 2026, or 27/11/2026. */
export function dayText({ year, month, day }) {
  const two = (number) => String(number).padStart(2, "0");
  const vietnamese = document.documentElement.lang === "vi";
  return vietnamese ? `${two(day)}/${two(month)}/${year}` : `${day} ${MONTHS[month - 1]} ${year}`;
}

/** The minute of a moment, at the place: 08:14. */
export function minuteText(iso) {
  const { hour, minute } = atPlace(iso, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  return `${hour}:${minute}`;
}

/** Today at the place. */
export function today() {
  return onDay(Date.now());
}

/** A moment to the minute, at the place, as every page writes it. */
export function timeText(moment) {
  const [day, minute] = [dayText(onDay(moment)), minuteText(moment)];
  return document.documentElement.lang === "vi" ? `${minute} ${day}` : `${day} ${minute}`;
}

/** The day of a moment at the place: {year, month, day} as numbers. */
export function onDay(moment) {
  const parts = Object.entries(atPlace(moment, { year: "numeric", month: "numeric", day: "numeric" }));
  return Object.fromEntries(parts.map(([name, value]) => [name, Number(value)]));
}

function atPlace(moment, wanted) {
  const form = new Intl.DateTimeFormat("en-GB", { ...wanted, timeZone: document.documentElement.dataset.zone });
  const parts = form.formatToParts(new Date(moment)).filter(({ type }) => type in wanted);
  return Object.fromEntries(parts.map(({ type, value }) => [type, value]));
}

/** A number with so many decimals, as the page's language writes it. */
export function decimal(value, decimals = 2) {
  const options = { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
  return new Intl.NumberFormat(document.documentElement.lang, options).format(value);
}
