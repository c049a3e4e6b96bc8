// The row of a picture that waits: whom it shows is asked, checked, and put right if it was
// refused. Nothing is filled in but what somebody typed or copied.

import { say } from "../words.js";
import { birthDate } from "./birth_date.js";
import { drawSmall } from "./thumbnail.js";

const PATIENT = ["patient_name", "patient_id", "birth_date", "age", "sex"]; // what is copied
let made = 0;

export class PictureForm {
  /** does: what its buttons lead to: {send, copy, enlarge, leave}. */
  constructor(file, does) {
    this.file = file;
    this.row = document.getElementById("picture").content.cloneNode(true).firstElementChild;
    this.form = this.row.querySelector("form");
    this.row.querySelector("bdi").textContent = file.name;
    this._number();
    this.form.addEventListener("submit", (event) => { event.preventDefault(); does.send(); });
    for (const action of ["copy", "enlarge", "leave"]) {
      this.row.querySelector(`[data-action="${action}"]`).addEventListener("click", () => does[action]());
    }
    this.form.addEventListener("input", (event) => this._typed(event.target));
    this._draw();
  }

  /** What was said of the picture, as the service's form calls it. */
  get fields() {
    const said = [...new FormData(this.form)].map(([name, value]) => [name, value.trim()]);
    const fields = Object.fromEntries(said.filter(([name, value]) => name !== "nameless" && value !== ""));
    return fields.birth_date ? { ...fields, birth_date: birthDate(fields.birth_date)?.iso ?? "" } : fields;
  }

  /** Whom it shows: what is copied from row to row. */
  get patient() {
    const typed = PATIENT.map((name) => [name, this._input(name).disabled ? "" : this._input(name).value]);
    return { ...Object.fromEntries(typed), adult: this._input("adult").checked };
  }

  set patient(values) {
    this._input("nameless").checked = false;
    this._input("adult").checked = values.adult;
    for (const name of PATIENT) this._input(name).value = values[name];
    this._follow();
    for (const name of PATIENT) this.mark(name, "");
    this.trouble("");
  }

  get isTouched() {
    return Object.keys(this.fields).length > 0 || this._input("nameless").checked;
  }

  /** Beside each field what is wrong with it; true if nothing is. */
  check() {
    const name = this._input("patient_name");
    this.mark("patient_name", name.disabled || name.value.trim() ? "" : say("upload.name_needed"));
    const born = this._input("birth_date").value.trim();
    this.mark("birth_date", !born || birthDate(born) ? "" : say("upload.wrong.birth_date"));
    this.mark("age", this._input("age").validity.valid ? "" : say("upload.wrong.age"));
    return !this.firstWrong;
  }

  get firstWrong() {
    return this.form.querySelector("[aria-invalid]");
  }

  /** What the service refused, beside its field; else over the row. */
  refuse(trouble) {
    const fields = trouble.places.map((place) => place.where.replace("body.", "")).filter((name) => this._input(name));
    for (const name of fields) this.mark(name, say(`upload.wrong.${name}`));
    this.trouble(fields.length ? "" : trouble.sentence);
  }

  trouble(sentence) {
    const place = this.row.querySelector(".trouble");
    place.textContent = sentence;
    place.hidden = !sentence;
  }

  mark(name, sentence) {
    const input = this._input(name);
    const note = input.closest(".field").querySelector(".wrong-note");
    note.textContent = sentence;
    note.hidden = !sentence;
    input.closest(".field").classList.toggle("wrong", Boolean(sentence));
    if (sentence) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
  }

  focus() {
    (this.firstWrong ?? this._input("patient_name")).focus();
  }

  _input(name) {
    return this.form.elements.namedItem(name);
  }

  /** Notes are tied to their fields by ids, of which a page has each once. */
  _number() {
    made += 1;
    this.form.setAttribute("aria-label", this.file.name);
    this.row.querySelector("[data-action=enlarge]").setAttribute("aria-label", say("upload.enlarge", { name: this.file.name }));
    for (const note of this.form.querySelectorAll(".wrong-note")) {
      const input = note.closest(".field").querySelector("input, select");
      note.id = `picture-${made}-${input.name}`;
      input.setAttribute("aria-describedby", note.id);
    }
  }

  _typed(input) {
    if (input.closest(".field") && input.hasAttribute("aria-invalid")) this.mark(input.name, "");
    this._follow();
  }

  /** A birth date says the age, and an age that somebody is grown up; a name that is not known
   *  cannot be typed. */
  _follow() {
    const [name, age] = ["patient_name", "age"].map((one) => this._input(one));
    const born = birthDate(this._input("birth_date").value);
    name.disabled = this._input("nameless").checked;
    if (name.disabled) this.mark("patient_name", "");
    this.row.querySelector(".born").textContent = born?.words ?? "";
    age.disabled = born !== null;
    age.placeholder = born ? String(born.years) : "";
    if (age.disabled) this.mark("age", "");
    const known = born !== null || age.value.trim() !== "";
    this._input("adult").disabled = known;
    this.row.querySelector(".hint.adult").hidden = known || this._input("adult").checked;
  }

  async _draw() {
    const button = this.row.querySelector("[data-action=enlarge]");
    if (await drawSmall(this.file, button.querySelector("canvas"))) return;
    button.disabled = true;
    button.querySelector("canvas").replaceWith(say("upload.no_preview"));
  }
}
