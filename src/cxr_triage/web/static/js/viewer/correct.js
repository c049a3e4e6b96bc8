// Putting right what is kept: only what was changed is sent, with the version that was seen.

import { ask, Trouble } from "../api.js";
import { birthDate } from "../upload/birth_date.js";
import { say } from "../words.js";

const OF_STUDY = ["patient_name", "patient_id", "issuer", "birth_date", "sex", "age_years", "station_id"];
const OF_FILM = ["view", "marker"];
const YEAR = /^\d{4}$/;

export class Correct {
  constructor(root) {
    this.root = root;
    this.form = root.querySelector("#correct-form");
    if (!this.form) return;
    this.before = this._values();
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this._save();
    });
    for (const button of document.querySelectorAll("[data-act]")) button.addEventListener("click", () => this._act(button));
  }

  _values() {
    const fields = [...OF_STUDY, ...OF_FILM].map((name) => this.form.elements[name]).filter(Boolean);
    return Object.fromEntries(fields.map((field) => [field.name, field.value.trim()]));
  }

  _save() {
    const changed = Object.entries(this._values()).filter(([name, value]) => value !== this.before[name]);
    if (!changed.length) return this._notice(say("correct.nothing_changed"));
    const study = {};
    const film = {};
    for (const [name, value] of changed) (OF_FILM.includes(name) ? film : study)[name] = value;
    if ("age_years" in study) study.age_years = study.age_years ? Number(study.age_years.replace(",", ".")) : null;
    if (Number.isNaN(study.age_years)) return this._mark("age_years");
    if (study.birth_date && !YEAR.test(study.birth_date)) {
      study.birth_date = birthDate(study.birth_date)?.iso;
      if (!study.birth_date) return this._wrong("birth_date", say("error.correction_birth_date"));
    }
    if (Object.keys(film).length) study.films = [{ assessment: this.root.dataset.image, ...film }];
    return this._send(`/v1/studies/${this.root.dataset.study}/corrections`, study);
  }

  _act(button) {
    const { act, other, settled } = button.dataset;
    const film = `/v1/assessments/${this.root.dataset.image}`;
    const study = `/v1/studies/${this.root.dataset.study}`;
    if (act === "move") {
      const target = this.form.elements.target;
      if (!target.value) return target.focus();
      return this._send(`${film}/move`, { study: target.value === "own" ? null : target.value });
    }
    if (act === "merge") return this._send(`${study}/merge`, { other });
    if (act === "settle") return this._send(`${study}/settle`, { settled: settled === "yes" });
    return this._send(act === "part" ? `${study}/part` : `${film}/${act}`, {});
  }

  async _send(address, values) {
    const reason = this.form.elements.reason.value.trim();
    const json = { version: Number(this.root.dataset.version), reason, ...values };
    this._busy(true);
    try {
      const { study } = await ask(address, { method: "POST", json });
      location.assign(`/studies/${study.id}`);
    } catch (error) {
      if (!(error instanceof Trouble)) throw error;
      this._busy(false);
      const wrong = { correction_reason_needed: "reason", correction_birth_date: "birth_date" }[error.code];
      if (wrong) this._wrong(wrong, error.sentence);
      else this._notice(error.sentence, error.status === 409);
    }
  }

  _wrong(name, sentence) {
    this._notice(sentence);
    this._mark(name);
  }

  _mark(name) {
    const field = this.form.elements[name];
    field.setAttribute("aria-invalid", "true");
    field.closest(".field").classList.add("wrong");
    field.focus();
  }

  _notice(sentence, reload = false) {
    const place = this.form.querySelector("#correct-notice");
    place.className = "notice warning";
    place.textContent = `${sentence} `;
    if (reload) {
      const link = document.createElement("a");
      link.href = `/studies/${this.root.dataset.study}`;
      link.textContent = say("correct.reload");
      place.append(link);
    }
    place.scrollIntoView({ block: "nearest" });
  }

  _busy(busy) {
    for (const button of document.querySelectorAll("#correct-form button, [data-act]")) button.disabled = busy;
    this.form.querySelector("#correct-state").textContent = busy ? say("correct.saving") : "";
  }
}
