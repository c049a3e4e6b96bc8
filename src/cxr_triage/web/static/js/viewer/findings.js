// The findings in the panel: which one is chosen, and whether its heatmap lies over the film.

import { say } from "../words.js";
import { allMaps } from "./all_maps.js";

export class Findings {
  constructor(root, values, tell) {
    this.root = root;
    this.values = values;
    this.tell = tell;
    this.stage = null;
    this.shown = false;
    this.rows = [...root.querySelectorAll(".finding")];
    this.chosen = this.rows[0]?.dataset.label ?? null;
    this._maps = new Map();
    this._bind();
    this._mark();
  }

  /** The film is there: heatmaps can be laid over it. */
  on(stage) {
    this.stage = stage;
    if (this.values.showHeatmap && this.chosen) this.show(this.chosen);
  }

  toggleHeatmap(label = this.chosen) {
    if (!label || !this.values.heatmaps[label]) return;
    if (this.shown && label === this.chosen) this.hide();
    else this.show(label);
  }

  /** Every flagged finding's map at once; what the numbers mean stands below the film. */
  async toggleAll() {
    const list = document.getElementById("all-maps");
    const rows = this.rows.filter((row) => row.matches(".possible, .likely") && this.values.heatmaps[row.dataset.label]);
    if (!list || !rows.length) return;
    if (!list.hidden) return this.hide();
    try {
      const maps = await Promise.all(rows.map(async ({ dataset: { label } }) => ({ label, map: await this._map(label) })));
      const { picture, marks } = allMaps(maps);
      this.shown = false;
      this._mark();
      list.replaceChildren(...maps.map(({ label }, at) => Object.assign(document.createElement("li"), { textContent: `${at + 1} ${this._name(label)}` })));
      list.hidden = false;
      this.stage?.setOverlay({ map: picture, marks });
      this.tell(say("all.shown", { count: maps.length }));
    } catch {
      this.hide();
      this.tell(say("viewer.heatmap_failed"), { seen: true });
    }
  }

  _hideAll() {
    const list = document.getElementById("all-maps");
    if (list) list.hidden = true;
  }

  async show(label) {
    this._hideAll();
    this.choose(label);
    this.shown = true;
    this._mark();
    try {
      const map = await this._map(label);
      if (!this.shown || this.chosen !== label) return;
      this.stage?.setOverlay({ map, marks: [] });
      this.tell(say("viewer.heatmap_shown", { name: this._name(label) }));
    } catch {
      this.hide();
      this.tell(say("viewer.heatmap_failed"), { seen: true });
    }
  }

  hide() {
    this.shown = false;
    this._hideAll();
    this._mark();
    this.stage?.setOverlay({ map: null, marks: [] });
    this.tell(say("viewer.heatmap_hidden"));
  }

  /** The finding below (1) or above (−1) becomes the chosen one. */
  step(way) {
    const visible = this.rows.filter((row) => row.checkVisibility());
    const at = visible.findIndex((row) => row.dataset.label === this.chosen);
    const next = visible[Math.min(visible.length - 1, Math.max(0, at + way))];
    if (!next) return;
    next.querySelector("summary").focus();
    if (this.shown) this.show(next.dataset.label);
    else this.choose(next.dataset.label);
  }

  choose(label) {
    this.chosen = label;
    this._mark();
  }

  /** One stop of the Tab key for all findings; arrows go from one to the next. */
  _rove(event) {
    const way = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!way || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    this.step(way);
  }

  _bind() {
    for (const row of this.rows) {
      row.querySelector("summary").addEventListener("keydown", (event) => this._rove(event));
      row.addEventListener("click", () => {
        if (this.shown && this.chosen !== row.dataset.label) this.show(row.dataset.label);
        else this.choose(row.dataset.label);
      });
      row.querySelector("[data-heatmap]")?.addEventListener("click", (event) => {
        event.stopPropagation();
        this.toggleHeatmap(row.dataset.label);
      });
    }
    document.getElementById("opacity")?.addEventListener("input", (event) => {
      this.stage?.setOverlay({ opacity: Number(event.target.value) / 100 });
    });
  }

  _map(label) {
    if (!this._maps.has(label)) {
      const map = new Image();
      map.src = this.values.heatmaps[label];
      const ready = map.decode().then(() => map);
      ready.catch(() => this._maps.delete(label));
      this._maps.set(label, ready);
    }
    return this._maps.get(label);
  }

  _name(label) {
    return this.rows.find((row) => row.dataset.label === label).querySelector(".name").textContent;
  }

  _mark() {
    for (const row of this.rows) {
      const chosen = row.dataset.label === this.chosen;
      row.classList.toggle("chosen", chosen);
      row.querySelector("summary").tabIndex = chosen ? 0 : -1;
      row.querySelector("[data-heatmap]")?.setAttribute("aria-pressed", String(chosen && this.shown));
    }
    document.querySelector('[data-do="heatmap"]')?.setAttribute("aria-pressed", String(this.shown));
    const legend = document.getElementById("legend");
    if (!legend) return;
    legend.hidden = !this.shown;
    for (const part of legend.querySelectorAll("[data-map]")) part.hidden = part.dataset.map !== this.chosen;
  }
}
