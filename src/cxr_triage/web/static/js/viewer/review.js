// A doctor's reading: typed, kept, saved, signed, added to. Nothing that was typed is lost.

import { ask, headers, Trouble } from "../api.js";
import { minuteText, say } from "../words.js";
import { draftOf, dropDraft, keepDraft } from "./drafts.js";
import { listenToKeys } from "./keys.js";
import { fill, read, same, saysEnough, summary } from "./reading_form.js";
import { offerPhrases } from "./phrases.js";
import { remember, takeBack } from "./signature.js";

export class Review {
  /** root: the section; person: whose drafts are whose. */
  constructor(root, person) {
    this.person = person;
    this.dirty = false;
    this._take(root);
    window.addEventListener("beforeunload", (event) => { if (this.dirty && !this.leaving) event.preventDefault(); });
    listenToKeys({
      g: () => this._agree(),
      p: () => (this.form?.querySelector("[name=priority]:checked") ?? this.form?.querySelector("[name=priority]"))?.focus(),
      t: () => this.form?.querySelector("#impression").focus(),
      n: () => this.signAndGoOn(),
    });
    document.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !document.querySelector("dialog[open]")) {
        event.preventDefault();
        this.signAndGoOn();
      } else if (event.key === "Escape" && this.form?.contains(event.target)) event.target.blur();
    });
  }

  _take(root) {
    this.root = root;
    this.saved = JSON.parse(root.dataset.reading);
    this.version = this.saved.version;
    this.form = root.querySelector("#review-form");
    this.mine = null;
    this._takeSigned();
    if (!this.form) return;
    offerPhrases(root.querySelector("#impression"), root.querySelector("#phrases"), root.querySelector("[data-favour]"), () => this._typed());
    this.isAddendum = this.form.dataset.kind === "addendum";
    if (this.isAddendum) this.saved = { ...this.saved, note: "", impression: "" };
    this.form.addEventListener("input", () => this._typed());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send(this.isAddendum ? "addendum" : "save");
    });
    root.querySelector('[data-action="sign-next"]')?.addEventListener("click", () => this.signAndGoOn());
    root.querySelector('[name="agrees"]')?.addEventListener("change", (event) => { if (event.target.checked) this._asTheAi(); });
    root.querySelector('[data-action="sign"]')?.addEventListener("click", () => this._lookAndSign());
    this._restore();
  }

  /** What can be done with a signature: while it does not count, and when it does. */
  _takeSigned() {
    const back = this.root.querySelector('[data-action="take-back"]');
    const given = { assessment: this.root.dataset.image, address: location.pathname + location.search };
    back?.addEventListener("click", () => takeBack(given, this.root.querySelector("#review-notice")));
    if (this.root.dataset.pending) setTimeout(() => this._whenItCounts(), 3000);
    const withdraw = this.root.querySelector("#withdraw-form");
    withdraw?.addEventListener("submit", (event) => {
      event.preventDefault();
      this._withdraw(withdraw);
    });
  }

  async _whenItCounts() {
    const fresh = await this._fetch().catch(() => null);
    if (!this.root.dataset.pending) return;
    if (fresh && !fresh.dataset.pending) this._replace(fresh);
    else setTimeout(() => this._whenItCounts(), 3000);
  }

  async _withdraw(form) {
    const reason = new FormData(form).get("reason");
    const button = form.querySelector("button");
    button.disabled = true;
    try {
      const address = `/v1/assessments/${this.root.dataset.image}/withdrawal`;
      await ask(address, { method: "POST", json: { version: this.version, reason } });
      location.reload();
    } catch (error) {
      if (!(error instanceof Trouble)) throw error;
      button.disabled = false;
      this._notice(error.sentence);
    }
  }

  /** Everything that is shown, in one key; again: not. */
  _agree() {
    const box = this.form?.querySelector("[name=agrees]");
    if (!box) return;
    box.checked = !box.checked;
    if (box.checked) this._asTheAi();
    this._typed();
  }

  /** Who agrees gives the AI's priority, unless they have chosen another. */
  _asTheAi() {
    const wanted = this.form.dataset.aiPriority;
    if (!wanted || this.form.querySelector("[name=priority]:checked")) return;
    this.form.querySelector(`[name=priority][value=${wanted}]`).checked = true;
    this._typed();
  }

  /** Sign and go to the next film or study that is to be read; for some seconds it can be undone. */
  async signAndGoOn() {
    if (!this.root.querySelector('[data-action="sign-next"]') || this.busy) return;
    if (!saysEnough(read(this.form))) {
      this._say("");
      this._notice(say("error.reading_empty"));
      return;
    }
    this.busy = true;
    await this.send("sign_soon");
    this.busy = false;
  }

  _goOn() {
    const until = Date.now() + 1000 * Number(this.root.dataset.seconds);
    remember(this.person, { assessment: this.root.dataset.image, address: location.pathname + location.search, until });
    this.leaving = true;
    location.assign(this.root.dataset.next);
  }

  _restore() {
    const draft = draftOf(this.person, this.root.dataset.image);
    if (!draft || same(draft, this._known())) return;
    fill(this.form, draft);
    if (this.isAddendum) this.root.querySelector("#addendum").open = true;
    this._typed();
    this._say(say("viewer.restored"));
    if (draft.version !== this.version && !this.isAddendum) this._showTheirs(this.saved, say("viewer.conflict", { name: this.saved.reader }));
  }

  _known() {
    const { verdicts, missed, overall, agrees, note, impression, priority, others } = this.saved;
    return this.isAddendum ? { note: "", impression: "" } : { verdicts, missed, overall, agrees, note, impression, priority, others };
  }

  _typed() {
    const values = read(this.form);
    this.dirty = !same(values, this._known());
    if (this.dirty) keepDraft(this.person, this.root.dataset.image, { ...values, version: this.version });
    else dropDraft(this.root.dataset.image);
    this.root.dataset.state = this.dirty ? "unsaved" : "same";
    this._say(this.dirty ? say("viewer.unsaved") : "");
  }

  async send(action) {
    this._busy(true, say(action === "save" ? "viewer.saving" : "viewer.signing"));
    const values = read(this.form);
    try {
      if (action === "addendum" && !values.note.trim() && !values.impression.trim()) throw new Trouble(say("error.addendum_empty"), { status: 422 });
      const address = `/v1/assessments/${this.root.dataset.image}/reviews`;
      const review = await ask(address, { method: "POST", json: { action, version: this.version, ...values, ...this._whole(action) } });
      dropDraft(this.root.dataset.image);
      this.dirty = false;
      this._notice("");
      if (action === "save") await this._wasSaved(review, values);
      else if (action === "sign_soon") this._goOn();
      else await this._renew();
    } catch (error) {
      if (!(error instanceof Trouble)) throw error;
      this._say(say("viewer.not_saved"));
      if (error.code === "study_changed") await this._studyChanged(error.sentence);
      else if (error.status === 409) await this._conflict();
      else if (error.status === 401) this._offerSignIn(error.sentence);
      else this._notice(error.sentence);
    } finally {
      this._busy(false);
    }
  }

  async _wasSaved(review, values) {
    this.version = review.version;
    this.saved = { ...values, version: review.version, reader: review.reader_name, signed: false };
    this._hideTheirs();
    this.root.dataset.state = "saved";
    this._say(say("viewer.saved", { done: minuteText(review.saved_at) }));
    const fresh = await this._fetch();
    for (const part of ["#known", "#study-signing"]) this.root.querySelector(part).replaceWith(fresh.querySelector(part));
  }

  /** What stands for the whole study where the box says so: every film that is on this page. */
  _whole(action) {
    const wanted = action !== "save" && this.root.querySelector("[name=whole_study]:checked");
    return wanted ? { whole_study: JSON.parse(this.root.dataset.films) } : {};
  }

  /** The reading itself is saved by then, unless it is an addendum, whose words stay. */
  async _studyChanged(sentence) {
    if (!this.isAddendum) {
      dropDraft(this.root.dataset.image);
      this._replace(await this._fetch());
    }
    this._notice(sentence);
  }

  _lookAndSign() {
    if (!saysEnough(read(this.form))) {
      this._say("");
      this._notice(say("error.reading_empty"));
      return;
    }
    this._notice("");
    const dialog = this.root.querySelector("#signing");
    const list = dialog.querySelector("#signing-list");
    list.replaceChildren(...summary(this.form).map(row));
    dialog.querySelector("form").reset();
    dialog.returnValue = "";
    dialog.addEventListener("close", () => { if (dialog.returnValue === "sign") this.send("sign"); }, { once: true });
    dialog.showModal();
  }

  /** Somebody else saved or signed meanwhile: theirs beside mine, and I go on from it. */
  async _conflict() {
    const fresh = await this._fetch();
    const theirs = JSON.parse(fresh.dataset.reading);
    if (theirs.signed) {
      const { note, impression } = read(this.form);
      keepDraft(this.person, this.root.dataset.image, { note, impression, version: theirs.version });
      this._replace(fresh);
      this._notice(say("viewer.conflict_signed", { name: theirs.reader }));
      return;
    }
    this.version = theirs.version;
    this.saved = theirs;
    this._typed();
    this._showTheirs(theirs, say("viewer.conflict", { name: theirs.reader }), fresh.querySelector("#known"));
  }

  _showTheirs(theirs, sentence, card = this.root.querySelector("#known")?.cloneNode(true)) {
    const box = this.root.querySelector("#theirs");
    const take = document.createElement("button");
    take.type = "button";
    take.textContent = say("viewer.take_theirs");
    take.addEventListener("click", () => this._swap(theirs, take));
    card?.removeAttribute("id");
    box.replaceChildren(...(card ? [card] : []), take);
    box.hidden = false;
    this._notice(sentence);
  }

  /** Theirs into the form, and mine back again: neither is lost. */
  _swap(theirs, button) {
    if (this.mine) {
      fill(this.form, this.mine);
      this.mine = null;
    } else {
      this.mine = read(this.form);
      fill(this.form, theirs);
    }
    button.textContent = say(this.mine ? "viewer.back_to_mine" : "viewer.take_theirs");
    this._typed();
  }

  _hideTheirs() {
    this.mine = null;
    this.root.querySelector("#theirs").hidden = true;
  }

  _offerSignIn(sentence) {
    const here = location.pathname + location.search;
    const link = document.createElement("a");
    link.href = `/sign-in?${new URLSearchParams({ next: here, ended: "1" })}`;
    link.textContent = sentence;
    link.addEventListener("click", () => { this.leaving = true; });
    this._notice(link);
  }

  async _renew() {
    this._replace(await this._fetch());
    this.root.querySelector("h2").scrollIntoView({ block: "nearest" });
  }

  async _fetch() {
    const query = new URLSearchParams({ image: this.root.dataset.image, from: this.root.dataset.from });
    const answer = await fetch(`/studies/${this.root.dataset.study}/reading?${query}`, { headers: headers(), cache: "no-store" }).catch(() => null);
    const page = new DOMParser().parseFromString(answer?.ok ? await answer.text() : "", "text/html");
    const section = page.querySelector("#review");
    if (!section) throw new Trouble(say("web.script.unexpected"));
    return document.importNode(section, true);
  }

  _replace(section) {
    this.root.replaceWith(section);
    this.dirty = false;
    this._take(section);
  }

  _notice(content) {
    const place = this.root.querySelector("#review-notice");
    place.replaceChildren(content);
    place.className = content ? "notice warning" : "";
    if (content) place.scrollIntoView({ block: "center" });
  }

  _say(sentence) {
    const state = this.root.querySelector("#review-state");
    if (state) state.textContent = sentence;
  }

  _busy(busy, sentence) {
    for (const button of this.root.querySelectorAll(".actions button")) button.disabled = busy;
    if (sentence) this._say(sentence);
  }
}

function row([term, text]) {
  const [line, name, value] = ["div", "dt", "dd"].map((tag) => document.createElement(tag));
  name.textContent = term;
  value.textContent = text;
  line.append(name, value);
  return line;
}
