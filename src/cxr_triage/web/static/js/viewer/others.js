// Other films of the patient: a strip that comes once the film is there, and one of them beside it.

import { headers } from "../api.js";
import { say } from "../words.js";
import { listenToKeys } from "./keys.js";
import { parsePixels } from "./pixels.js";
import { Stage } from "./stage.js";
import { fitted } from "./view.js";

/** place: where the strip goes. stage: of the film that is shown. */
export async function offerOthers(place, stage, study, tell) {
  const answer = await fetch(`/studies/${study}/others`, { headers: headers(), cache: "no-store" }).catch(() => null);
  const page = new DOMParser().parseFromString(answer?.ok ? await answer.text() : "", "text/html");
  const section = page.querySelector("#other-films");
  if (!section?.querySelector("[data-beside]")) return;
  place.replaceWith(document.importNode(section, true));
  const buttons = [...document.querySelectorAll("[data-beside]")];
  const pair = new Pair(stage, tell);
  const choose = async (button) => {
    const shown = await pair.toggle(button.dataset.beside);
    for (const one of buttons) one.setAttribute("aria-pressed", String(one === button && shown));
  };
  for (const button of buttons) button.addEventListener("click", () => choose(button));
  listenToKeys({ c: () => choose(buttons.find((one) => one.getAttribute("aria-pressed") === "true") ?? buttons[0]) });
}

/** Two films next to each other, whose place, zoom and window go along with each other. */
class Pair {
  constructor(stage, tell) {
    this.stage = stage;
    this.tell = tell;
    this.shown = null;
    this.other = null;
    stage.followers = [];
  }

  /** Is it shown now? */
  async toggle(assessment) {
    const again = this.shown === assessment;
    this.close();
    if (again) return false;
    this.shown = assessment;
    const answer = await fetch(`/v1/assessments/${assessment}/pixels`, { headers: headers() }).catch(() => null);
    if (this.shown !== assessment) return false;
    if (!answer?.ok) {
      this.tell(say("viewer.pixels_failed"), { seen: true });
      this.shown = null;
      return false;
    }
    this._open(parsePixels(await answer.arrayBuffer()));
    return true;
  }

  close() {
    this.shown = null;
    this.stage.followers = [];
    if (this.other) this.other.followers = [];
    this.other?.element.remove();
    this.other = null;
    this.stage.element.parentElement.classList.remove("two");
  }

  _open(pixels) {
    const screen = document.createElement("div");
    screen.className = "screen other";
    screen.dataset.ready = "full";
    screen.append(...["film", "over"].map((name) => Object.assign(document.createElement("canvas"), { className: name })));
    screen.firstChild.setAttribute("role", "img");
    screen.firstChild.setAttribute("aria-label", say("others.film"));
    this.stage.element.after(screen);
    this.stage.element.parentElement.classList.add("two");
    const [stage, other] = [this.stage, new Stage(screen, pixels, null, () => {})];
    this.other = other;
    stage.followers = [() => follow(stage, other)];
    other.followers = [() => follow(other, stage)];
    follow(stage, other);
    this.tell(say("others.shown"));
  }
}

/** `to` shows the same part of its film as `from`, as large beside what fits, as light. */
function follow(from, to) {
  const here = fitted(from.film.size, from.canvas);
  const there = fitted(to.film.size, to.canvas);
  const scale = (from.view.scale / here.scale) * there.scale;
  const middle = (axis, length, side) => (from.canvas[side] / 2 - from.view[axis]) / (from.film.size[length] * from.view.scale);
  const at = { x: middle("x", "width", "width"), y: middle("y", "height", "height") };
  to.lookLike({
    view: Object.freeze({
      scale,
      x: to.canvas.width / 2 - at.x * to.film.size.width * scale,
      y: to.canvas.height / 2 - at.y * to.film.size.height * scale,
    }),
    window: windowOf(from.film, to.film),
    inverted: from.film.inverted,
  });
}

/** The same window in the other film's values: where it lies in its full range. */
function windowOf(from, to) {
  if (!from.window) return null;
  const [here, there] = [from.presets.full, to.presets.full];
  const ratio = there.width / here.width;
  const sign = from.isFalling === to.isFalling ? 1 : -1;
  return { centre: there.centre + sign * (from.window.centre - here.centre) * ratio, width: Math.max(2, from.window.width * ratio) };
}
