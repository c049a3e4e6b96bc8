// A canvas that shows the film: what part of it, and how light.

import { isFalling } from "./pixels.js";
import { pyramid } from "./pyramid.js";
import { sample } from "./sampler.js";
import { headerGreys, headerWindow, presets, windowGreys } from "./windows.js";

const OPAQUE = 0xff000000; // alpha is the highest byte of a little-endian pixel
const GREY = 0x00010101;
const SETTLED_MS = 120;

export class Film {
  /** film: as pixels.js parses it. */
  constructor(canvas, film) {
    this.film = film;
    this.size = Object.freeze({ width: film.shownColumns, height: film.shownRows });
    this.inverted = false;
    this.window = null;
    this.presets = presets(film);
    this.isFalling = isFalling(film);
    this._canvas = canvas;
    // Painted pixel by pixel, never by a GPU: it stays in ordinary memory.
    this._context = canvas.getContext("2d", { alpha: false, willReadFrequently: true });
    this._levels = pyramid(film);
    this._palette = new Uint32Array(film.table.length);
    this._part = null;
    this._look();
  }

  /** window: {centre, width} in stored values; null for the header's own look. */
  setLook({ window = this.window, inverted = this.inverted }) {
    this.window = window;
    this.inverted = inverted;
    this._look();
    this._draw();
  }

  /** The window that is in force, or that the header's look comes nearest to. */
  get effectiveWindow() {
    return this.window ?? headerWindow(this.film);
  }

  /** How far the values of this film reach: a drag is measured by it. */
  get reach() {
    return this.presets.full.width;
  }

  /** While the view still moves it is drawn at once, and finely when it rests. */
  show(view, { moving = false } = {}) {
    clearTimeout(this._settling);
    this._sampled(view, moving);
    if (moving) this._settling = setTimeout(() => this._sampled(view, false), SETTLED_MS);
  }

  _sampled(view, rough) {
    this._part = sample(this.film, this._levels, view, this._canvas, { rough });
    this._image = this._part && this._context.createImageData(this._part.width, this._part.height);
    this._words = this._image && new Uint32Array(this._image.data.buffer);
    this._cleared = false;
    this._draw();
  }

  _look() {
    const greys = this.window
      ? windowGreys(this.film, this.window, this.inverted)
      : headerGreys(this.film, this.inverted);
    for (let index = 0; index < greys.length; index += 1) {
      this._palette[index] = (OPAQUE | (greys[index] * GREY)) >>> 0;
    }
  }

  _draw() {
    if (!this._cleared) {
      this._context.fillStyle = "#000";
      this._context.fillRect(0, 0, this._canvas.width, this._canvas.height);
      this._cleared = true;
    }
    if (!this._part) return;
    const { values, left, top } = this._part;
    const { _palette: palette, _words: words } = this;
    const { first } = this.film;
    for (let index = 0; index < values.length; index += 1) words[index] = palette[values[index] - first];
    this._context.putImageData(this._image, left, top);
  }
}
