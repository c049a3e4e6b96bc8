// The part of the film that is on the screen, as stored values: windowing then needs only a
// table, however large the film is.

import { levelFor } from "./pyramid.js";
import { corner, onScreen } from "./view.js";

/**
 * {values, left, top, width, height}: stored values for each pixel of the screen that shows
 * the film; null if none does. Smaller than 1:1 neighbours are blended; from 1:1 on each
 * pixel of the screen is one of the film: nothing is invented. `rough`: never blended, for
 * while the film moves.
 */
export function sample(film, levels, view, screen, { rough = false } = {}) {
  const area = visible(film, view, screen);
  if (area.width <= 0 || area.height <= 0) return null;
  const level = levelFor(levels, film, Math.min(1, view.scale));
  const { x, y } = corner(view);
  const across = places(area.left, area.width, x, view.scale * (film.shownColumns / level.columns), level.columns);
  const down = places(area.top, area.height, y, view.scale * (film.shownRows / level.rows), level.rows);
  const values = new film.stored.constructor(area.width * area.height);
  const exact = rough || film.padding !== null || view.scale >= 1;
  (exact ? nearest : blended)(level, across, down, values);
  return { values, ...area };
}

function visible(film, view, screen) {
  const box = onScreen(view, { left: 0, top: 0, width: film.shownColumns, height: film.shownRows });
  const left = Math.max(0, Math.round(box.left));
  const top = Math.max(0, Math.round(box.top));
  const right = Math.min(screen.width, Math.round(box.left + box.width));
  const bottom = Math.min(screen.height, Math.round(box.top + box.height));
  return { left, top, width: right - left, height: bottom - top };
}

/** For each of `count` pixels from `start` on: where its middle lies among the level's values. */
function places(start, count, origin, step, limit) {
  const at = new Float32Array(count);
  for (let index = 0; index < count; index += 1) {
    const place = (start + index + 0.5 - origin) / step - 0.5;
    at[index] = Math.min(limit - 1, Math.max(0, place));
  }
  return at;
}

function nearest({ values, columns }, across, down, out) {
  const lefts = Int32Array.from(across, Math.round);
  let to = 0;
  for (const place of down) {
    const line = Math.round(place) * columns;
    for (let index = 0; index < lefts.length; index += 1) out[to++] = values[line + lefts[index]];
  }
}

const ONE = 256;

function blended({ values, columns, rows }, across, down, out) {
  const lefts = Int32Array.from(across, Math.floor);
  const shares = Int32Array.from(across, (place, index) => Math.round((place - lefts[index]) * ONE));
  let to = 0;
  for (const place of down) {
    const top = Math.floor(place);
    const line = top * columns;
    const below = top + 1 < rows ? columns : 0;
    const share = Math.round((place - top) * ONE);
    for (let index = 0; index < lefts.length; index += 1) {
      const at = line + lefts[index];
      const right = lefts[index] + 1 < columns ? at + 1 : at;
      const upper = values[at] * (ONE - shares[index]) + values[right] * shares[index];
      const lower = values[at + below] * (ONE - shares[index]) + values[right + below] * shares[index];
      out[to++] = (upper * (ONE - share) + lower * share + ONE * ONE / 2) / (ONE * ONE);
    }
  }
}
