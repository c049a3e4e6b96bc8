// The page's words for its scripts: sentences by key, from the same catalogues as the page.

const words = JSON.parse(document.getElementById("words").textContent);

/** The sentence `key` with its {fields} filled. Throws if the page does not bring it. */
export function say(key, values = {}) {
  if (!(key in words)) throw new Error(`the page does not say ${key}`);
  return words[key].replace(/\{(\w+)\}/g, (field, name) => (name in values ? String(values[name]) : field));
}

/** A number with so many decimals, as the page's language writes it. */
export function decimal(value, decimals = 2) {
  const options = { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
  return new Intl.NumberFormat(document.documentElement.lang, options).format(value);
}
