// The buttons under the film, and the keys that do the same.

import { decimal, say } from "../words.js";
import { listenToKeys, singleKeys } from "./keys.js";
import { PRESETS } from "./windows.js";

const ZOOM = 1.25;
const STEP = 24; // pixels of the page that a key drags
const PAN = 60;

export class Tools {
  /** findings: what H, J and K act on. tell(sentence): for who cannot see the film. */
  constructor(root, stage, findings, tell) {
    this.root = root;
    this.stage = stage;
    this.findings = findings;
    this.tell = tell;
    this.preset = "header";
    this._bind();
    listenToKeys(this._keys());
  }

  /** What the film looks like now, in words and numbers. */
  update() {
    const { film, view, tool, overlay } = this.stage;
    const { centre, width } = film.effectiveWindow;
    this.root.querySelector("#preset").value = this.preset;
    this._press("invert", film.inverted);
    this._press("hand", tool === "move");
    this._press("box", overlay.showBox);
    const zoom = say("viewer.zoom", { percent: Math.round(view.scale * 100) });
    document.getElementById("reading-values").textContent = `C ${decimal(centre, 0)} · W ${decimal(width, 0)} · ${zoom}`;
    const { quarters, mirrored } = this.stage.turn;
    const turned = [quarters && say("turn.by", { count: 90 * quarters }), mirrored && say("turn.mirrored")].filter(Boolean);
    document.getElementById("turned").textContent = turned.join(" · ");
    const outside = document.getElementById("outside");
    if (outside) outside.hidden = !overlay.showBox || !hasOutside(film, overlay.crop);
  }

  choose(preset) {
    this.preset = preset;
    this._zeroSliders();
    this.stage.look({ window: this.stage.film.presets[preset] });
    this.tell(say(`viewer.preset.${preset}`));
  }

  /** The window was changed by hand. */
  byHand() {
    this.preset = "hand";
  }

  _bind() {
    const actions = this._actions();
    for (const button of this.root.querySelectorAll("[data-do]")) {
      button.addEventListener("click", () => actions[button.dataset.do]?.());
    }
    this.root.querySelector("#preset").addEventListener("change", (event) => this.choose(event.target.value));
    for (const slider of this.root.querySelectorAll("#brightness, #contrast")) {
      slider.addEventListener("input", () => this._slide());
    }
    this._closes(this.root.querySelector(".adjust"));
    const single = document.getElementById("single-keys");
    single.checked = singleKeys.on;
    single.addEventListener("change", () => { singleKeys.on = single.checked; });
  }

  /** Escape and whatever is pressed elsewhere close it; Escape leaves one where one was. */
  _closes(adjust) {
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !adjust.open) return;
      adjust.open = false;
      adjust.querySelector("summary").focus();
    });
    document.addEventListener("pointerdown", (event) => {
      if (!adjust.contains(event.target) && !event.target.closest("#screen")) adjust.open = false;
    });
  }

  _actions() {
    const { stage } = this;
    return {
      invert: () => this._invert(),
      "zoom-in": () => stage.zoom(ZOOM),
      "zoom-out": () => stage.zoom(1 / ZOOM),
      fit: () => stage.fit(),
      actual: () => stage.actual(),
      reset: () => this._reset(),
      hand: () => this._hand(),
      box: () => stage.setOverlay({ showBox: !stage.overlay.showBox }),
      heatmap: () => this.findings.toggleHeatmap(),
      turn: () => this._turn({ quarters: 1 }),
      mirror: () => this._turn({ mirror: true }),
      all: () => this.findings.toggleAll(),
      keys: () => document.getElementById("keys").showModal(),
      "move-left": () => stage.move(PAN, 0),
      "move-right": () => stage.move(-PAN, 0),
      "move-up": () => stage.move(0, PAN),
      "move-down": () => stage.move(0, -PAN),
    };
  }

  _keys() {
    const act = this._actions();
    const drag = (dx, dy) => () => { this.byHand(); this.stage.drag(dx, dy); };
    return {
      ...Object.fromEntries(PRESETS.map((preset, index) => [String(index + 1), () => this.choose(preset)])),
      i: act.invert, r: act.turn, v: act.mirror, f: act.fit, z: act.actual, 0: act.reset, m: act.hand, b: act.box, h: act.heatmap, l: act.all,
      "+": act["zoom-in"], "=": act["zoom-in"], "-": act["zoom-out"], "?": act.keys,
      w: drag(STEP, 0), s: drag(-STEP, 0), a: drag(0, STEP), d: drag(0, -STEP),
      "shift+arrowleft": act["move-left"], "shift+arrowright": act["move-right"],
      "shift+arrowup": act["move-up"], "shift+arrowdown": act["move-down"],
      j: () => this.findings.step(1), k: () => this.findings.step(-1),
      arrowleft: () => this._travel("before"), arrowright: () => this._travel("after"), u: () => this._travel("back"),
    };
  }

  _travel(way) {
    const link = document.querySelector(`[data-go="${way}"][href]`);
    if (link) link.click();
    else this.tell(say("viewer.end_of_list"));
  }

  _invert() {
    this.stage.look({ inverted: !this.stage.film.inverted });
    this.tell(say("viewer.inverted"));
  }

  _turn(how) {
    this.stage.turnBy(how);
    this.tell(document.getElementById("turned").textContent);
  }

  _hand() {
    this.stage.tool = this.stage.tool === "move" ? "window" : "move";
    this.stage.element.dataset.tool = this.stage.tool;
    this.update();
  }

  _reset() {
    this.stage.turnBack();
    this.stage.look({ inverted: false });
    this.choose("header");
    this.stage.fit();
  }

  /** Sliders move the window that was there when they stood in the middle. */
  _slide() {
    const { film } = this.stage;
    this._base ??= film.effectiveWindow;
    const [bright, contrast] = ["#brightness", "#contrast"].map((id) => Number(this.root.querySelector(id).value) / 100);
    const sign = film.isFalling !== film.inverted ? 1 : -1;
    this.byHand();
    this.stage.look({
      window: {
        centre: this._base.centre + sign * bright * this._base.width,
        width: Math.max(2, this._base.width * 4 ** -contrast),
      },
    });
  }

  _zeroSliders() {
    this._base = null;
    for (const slider of this.root.querySelectorAll("#brightness, #contrast")) slider.value = 0;
  }

  _press(action, pressed) {
    for (const button of this.root.querySelectorAll(`[data-do="${action}"]`)) button.setAttribute("aria-pressed", String(pressed));
  }
}

function hasOutside(film, crop) {
  return Boolean(crop) && (crop.side < film.size.width || crop.side < film.size.height);
}
