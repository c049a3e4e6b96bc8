// From stored values to greys: the header's own look, windows by hand, presets.

import { isFalling, isPadding } from "./pixels.js";

/** Greys 0..255 for every stored value from `film.first` on, as the header has it shown. */
export function headerGreys(film, inverted) {
  const greys = new Uint8Array(film.table.length);
  for (let index = 0; index < greys.length; index += 1) {
    greys[index] = grey(film.table[index], inverted, isPadding(film, film.first + index));
  }
  return greys;
}

/** The same under a linear window (PS3.3 C.11.2.1.2) in stored values. */
export function windowGreys(film, { centre, width }, inverted) {
  const greys = new Uint8Array(film.table.length);
  const falling = isFalling(film);
  const low = centre - 0.5 - (width - 1) / 2;
  const reach = Math.max(width - 1, 0);
  for (let index = 0; index < greys.length; index += 1) {
    const value = film.first + index;
    const unit = reach ? Math.min(1, Math.max(0, (value - low) / reach)) : Number(value > low);
    greys[index] = grey((falling ? 1 - unit : unit) * 2048 - 1024, inverted, isPadding(film, value));
  }
  return greys;
}

/** ±1024 as the server's own pictures show it; padding is black, inverted or not. */
function grey(level, inverted, padding) {
  if (padding) return 0;
  const shown = Math.min(255, Math.max(0, Math.floor((level * 255) / 2048 + 128)));
  return inverted ? 255 - shown : shown;
}

/** The linear window nearest to the header's look: from where a drag begins. */
export function headerWindow(film) {
  if (film.window) return film.window;
  let [low, high] = [0, film.table.length - 1];
  const start = film.table[low];
  const end = film.table[high];
  while (low < high && film.table[low + 1] === start) low += 1;
  while (high > low && film.table[high - 1] === end) high -= 1;
  return between(film.first + low, film.first + high);
}

/**
 * Windows for a chest radiograph, made from the film's own values: one for every device.
 * Shares are of the middle of the film, where neither collimator nor air lies, from the
 * darkest to the densest. `header` has no window: it is the header's table itself.
 */
export function presets(film) {
  const at = quantiles(film);
  return Object.freeze({
    header: null,
    full: between(at.lowest, at.highest),
    lungs: ordered(at.share(0.01), at.share(0.7)),
    mediastinum: ordered(at.share(0.35), at.share(0.998)),
    contrast: ordered(at.share(0.15), at.share(0.85)),
  });
}

export const PRESETS = Object.freeze(["header", "full", "lungs", "mediastinum", "contrast"]);

const MARGIN = 0.12;

function quantiles(film) {
  const counts = countMiddle(film);
  const falling = isFalling(film);
  const total = counts.reduce((sum, count) => sum + count, 0);
  const present = (index) => counts[index] > 0;
  const first = counts.findIndex((count) => count > 0);
  const last = counts.findLastIndex((count) => count > 0);
  if (total === 0) return { lowest: film.first, highest: film.first + 1, share: () => film.first };
  return {
    ...rangeOf(film),
    share(wanted) {
      let sum = 0;
      const step = falling ? -1 : 1;
      for (let index = falling ? last : first; ; index += step) {
        if (present(index)) sum += counts[index];
        if (sum >= wanted * total || index === (falling ? first : last)) return film.first + index;
      }
    },
  };
}

function countMiddle(film) {
  const counts = new Uint32Array(film.table.length);
  const [top, left] = [Math.floor(film.rows * MARGIN), Math.floor(film.columns * MARGIN)];
  for (let row = top; row < film.rows - top; row += 2) {
    for (let column = left; column < film.columns - left; column += 2) {
      const value = film.stored[row * film.columns + column];
      if (!isPadding(film, value)) counts[value - film.first] += 1;
    }
  }
  return counts;
}

function rangeOf(film) {
  let [lowest, highest] = [Infinity, -Infinity];
  for (const value of film.stored) {
    if (value < lowest && !isPadding(film, value)) lowest = value;
    if (value > highest && !isPadding(film, value)) highest = value;
  }
  return lowest <= highest ? { lowest, highest } : { lowest: 0, highest: 1 };
}

function ordered(one, other) {
  return between(Math.min(one, other), Math.max(one, other));
}

/** The window under which `low` is at one end and `high` at the other. */
function between(low, high) {
  const width = Math.max(2, high - low + 1);
  return Object.freeze({ centre: (low + high) / 2 + 0.5, width });
}
