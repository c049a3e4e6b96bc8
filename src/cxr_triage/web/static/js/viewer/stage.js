// The film and what lies over it, on a screen that people drag, pinch and resize.

import { Film } from "./film.js";
import { listen } from "./gestures.js";
import { drawOverlay } from "./overlay.js";
import { turned, turnedMark, turnedPicture, turnedSquare } from "./turned.js";
import { actualSize, fitted, moved, resized, zoomed } from "./view.js";

const FULL_DRAG = 600; // pixels of the page over which a drag crosses the film's whole range

export class Stage {
  /** screen: the element; told(stage): called after anything changed that people read. */
  constructor(screen, pixels, crop, told) {
    this.element = screen;
    this.canvas = screen.querySelector("canvas.film");
    this.over = screen.querySelector("canvas.over");
    this.followers = [];
    this.tool = "window";
    this.overlay = { crop, showBox: true, map: null, marks: [], opacity: 1 };
    this.turn = Object.freeze({ quarters: 0, mirrored: false });
    this._pixels = pixels;
    this._told = told;
    this._measure();
    this.film = new Film(this.canvas, pixels);
    this.view = fitted(this.film.size, this.canvas);
    this._fits = true;
    this.draw();
    listen(screen, () => this.tool, {
      window: (dx, dy) => this.drag(dx, dy),
      move: (dx, dy) => this.move(dx, dy),
      zoom: (factor, at) => this.zoom(factor, at),
      rest: () => this.film.show(this.view),
    });
    new ResizeObserver(() => this._resize()).observe(screen);
  }

  get ratio() {
    return window.devicePixelRatio || 1;
  }

  /** changes: {window, inverted}; at most one drawing a frame, of the newest state. */
  look(changes) {
    this._wanted = { ...this._wanted, ...changes };
    this._looking ??= requestAnimationFrame(() => {
      const wanted = this._wanted;
      this._looking = this._wanted = null;
      this.film.setLook(wanted);
      this._changed();
    });
  }

  /** To the right: more contrast. Down: darker. Both as a share of the film's own range. */
  drag(dx, dy) {
    const { centre, width } = this._wanted?.window ?? this.film.effectiveWindow;
    const unit = this.film.reach / FULL_DRAG;
    const darker = this.film.isFalling !== this.film.inverted ? -1 : 1;
    this.look({
      window: {
        centre: centre + darker * dy * unit,
        width: Math.min(4 * this.film.reach, Math.max(2, width - dx * unit)),
      },
    });
  }

  /** quarters: how many more, clockwise; mirror: left and right exchanged as they are seen now. */
  turnBy({ quarters = 0, mirror = false }) {
    const before = this.turn;
    const sideways = mirror && before.quarters % 2 === 1 ? 2 : 0; // as it is seen, not as it lay
    this._turnTo({
      quarters: (before.quarters + quarters + sideways + 4) % 4,
      mirrored: before.mirrored !== mirror,
    });
  }

  turnBack() {
    if (this.turn.quarters || this.turn.mirrored) this._turnTo({ quarters: 0, mirrored: false });
  }

  _turnTo(turn) {
    const { window, inverted } = this.film;
    this.turn = Object.freeze(turn);
    this.film = new Film(this.canvas, turned(this._pixels, turn));
    this.film.setLook({ window, inverted });
    this.fit();
  }

  move(dx, dy) {
    this._go((view) => moved(view, this.film.size, this.canvas, dx * this.ratio, dy * this.ratio), true);
  }

  /** at: place from the element's corner; the middle if nobody points. */
  zoom(factor, at = { x: this.element.clientWidth / 2, y: this.element.clientHeight / 2 }) {
    const place = { x: at.x * this.ratio, y: at.y * this.ratio };
    this._go((view) => zoomed(view, this.film.size, this.canvas, factor, place), true);
  }

  fit() {
    this._go(() => fitted(this.film.size, this.canvas), false);
    this._fits = true;
  }

  actual() {
    this._go((view) => actualSize(view, this.film.size, this.canvas), false);
  }

  /** What another film shows beside this one; nobody follows it in turn. */
  lookLike({ view, window, inverted }) {
    this.view = view;
    this._fits = false;
    this.film.setLook({ window, inverted });
    this.film.show(view, { moving: true });
    this._drawOver();
    this._told(this);
  }

  _changed() {
    this._told(this);
    for (const follow of this.followers) follow();
  }

  setOverlay(changes) {
    Object.assign(this.overlay, changes);
    this._drawOver();
    this._told(this);
  }

  draw() {
    this.film.show(this.view);
    this._drawOver();
    this._changed();
  }

  _go(change, moving) {
    this.view = change(this.view);
    this._fits = false;
    this._moving = moving;
    this._frame(() => {
      this.film.show(this.view, { moving: this._moving });
      this._drawOver();
      this._changed();
    });
  }

  _frame(draw) {
    this._waiting ??= requestAnimationFrame(() => {
      this._waiting = null;
      draw();
    });
  }

  _drawOver() {
    const { crop, map } = this.overlay;
    const size = { width: this._pixels.shownColumns, height: this._pixels.shownRows };
    if (this._turnedOf !== map || this._turnedBy !== this.turn) {
      [this._turnedOf, this._turnedBy] = [map, this.turn];
      this._turnedMap = turnedPicture(map, this.turn);
    }
    drawOverlay(this.over, {
      view: this.view,
      size: this.film.size,
      ...this.overlay,
      crop: turnedSquare(crop, size, this.turn),
      map: this._turnedMap,
      marks: this.overlay.marks.map((mark) => turnedMark(mark, this.turn)),
    });
  }

  _measure() {
    const box = this.element.getBoundingClientRect();
    const size = { width: Math.max(1, Math.round(box.width * this.ratio)), height: Math.max(1, Math.round(box.height * this.ratio)) };
    for (const canvas of [this.canvas, this.over]) Object.assign(canvas, size);
  }

  _resize() {
    const before = { width: this.canvas.width, height: this.canvas.height };
    const box = this.element.getBoundingClientRect();
    if (Math.round(box.width * this.ratio) === before.width && Math.round(box.height * this.ratio) === before.height) return;
    this._measure();
    this.view = this._fits ? fitted(this.film.size, this.canvas) : resized(this.view, this.film.size, before, this.canvas);
    this.draw();
  }
}
