// The film at full, half, quarter … size: what is shown small is averaged, not skipped.

import { isPadding } from "./pixels.js";

const SMALLEST = 256;

/** Levels {values, rows, columns}, the whole film first, each half of the one before. */
export function pyramid(film) {
  const levels = [{ values: film.stored, rows: film.rows, columns: film.columns }];
  const half = film.padding === null ? halved : (level) => halvedBesidePadding(film, level);
  while (Math.max(levels.at(-1).rows, levels.at(-1).columns) > 2 * SMALLEST) {
    levels.push(half(levels.at(-1)));
  }
  return levels;
}

/** The smallest level that still has at least one value for each pixel of the screen. */
export function levelFor(levels, film, scale) {
  const fits = (level) => level.columns / film.shownColumns >= scale - 1e-9;
  return levels.findLast(fits) ?? levels[0];
}

function halved({ values, rows, columns }) {
  const [height, width] = [Math.max(1, rows >> 1), Math.max(1, columns >> 1)];
  const half = new values.constructor(height * width);
  const [right, below] = [columns > 1 ? 1 : 0, rows > 1 ? columns : 0];
  for (let row = 0, to = 0; row < height; row += 1) {
    for (let column = 0, at = 2 * row * columns; column < width; column += 1, at += 2, to += 1) {
      const sum = values[at] + values[at + right] + values[at + below] + values[at + below + right];
      half[to] = (sum + 2) >> 2;
    }
  }
  return { values: half, rows: height, columns: width };
}

/** Padding is no measurement: it is left out of each mean, and stays where all is padding. */
function halvedBesidePadding(film, { values, rows, columns }) {
  const [height, width] = [Math.max(1, rows >> 1), Math.max(1, columns >> 1)];
  const half = new values.constructor(height * width);
  const [right, below] = [columns > 1 ? 1 : 0, rows > 1 ? columns : 0];
  for (let row = 0, to = 0; row < height; row += 1) {
    for (let column = 0, at = 2 * row * columns; column < width; column += 1, at += 2, to += 1) {
      half[to] = meanOfFour(film, values, [at, at + right, at + below, at + below + right]);
    }
  }
  return { values: half, rows: height, columns: width };
}

function meanOfFour(film, values, places) {
  let [sum, count] = [0, 0];
  for (const place of places) {
    if (isPadding(film, values[place])) continue;
    sum += values[place];
    count += 1;
  }
  return count ? awayFromPadding(film, Math.round(sum / count)) : values[places[0]];
}

/** A mean may by chance be the value that means padding. */
function awayFromPadding(film, value) {
  if (!isPadding(film, value)) return value;
  const above = film.padding[1] + 1;
  return above < film.first + film.table.length ? above : film.padding[0] - 1;
}
