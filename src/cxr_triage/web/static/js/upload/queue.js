// All files that were dropped: pictures to ask about, then the rest, two on their way at once,
// results most urgent first.

import { Trouble } from "../api.js";
import { say } from "../words.js";
import { choose } from "./copying.js";
import { Item } from "./item.js";
import { isPicture } from "./kind.js";
import { draw } from "./thumbnail.js";
import { keep } from "./unsent.js";

const AT_ONCE = 2;
const LOOKED_AT = 50; // files whose first bytes are read together: the page is laid out once for all
const LARGE = 1200; // pixels of a picture that is looked at
const list = document.getElementById("queue");
const asked = document.getElementById("asked");
const order = list.dataset.order.split(" ");

export class Queue {
  /** onHeld(trouble): nothing leaves until `goOn`, since nobody is signed in. */
  constructor(onHeld) {
    this.items = [];
    this.running = 0;
    this.held = false;
    this.onHeld = onHeld;
  }

  get isOpen() {
    return this.items.some((one) => one.isOpen);
  }

  /** Takes files in: DICOM speaks for itself and is sent, pictures are asked about. */
  async take(files) {
    const added = files.map((file) => new Item(file, this));
    this.items.push(...added);
    if (!this.items.length) this._sayEmpty();
    for (const item of added) item.become("new");
    for (let from = 0; from < added.length; from += LOOKED_AT) {
      const some = added.slice(from, from + LOOKED_AT);
      const kinds = await Promise.all(some.map(({ file }) => (file.closed ? null : isPicture(file).catch(() => null))));
      some.forEach((item, at) => this._begin(item, kinds[at]));
    }
  }

  /** Shows what was sent before: [{file_name, assessment}]. */
  restore(sent) {
    for (const { file_name: name, assessment } of sent) {
      const item = new Item({ name }, this);
      this.items.push(item);
      item.restore(assessment);
    }
  }

  /** Takes away the rows of what is done or will never be; nothing else changes. */
  clear() {
    for (const one of this.items.filter((item) => ["done", "skipped"].includes(item.state))) one.row.remove();
    this.items = this.items.filter((one) => !["done", "skipped"].includes(one.state));
    this._summarise();
  }

  /** picture: is it one; null if the browser may not read it. */
  _begin(item, picture) {
    if (picture === null) {
      item.file.closed = true;
      item.fail(new Trouble(say("upload.closed")));
    } else if (picture) {
      item.ask();
    } else {
      item.wait();
    }
  }

  /** Those whose rows are well filled in; the first of the others is shown what it lacks. */
  sendAsked(items = this._asked()) {
    const wrong = items.filter((one) => !one.form.check());
    const next = this._after(items.at(-1));
    for (const one of items.filter((item) => !wrong.includes(item))) one.answer();
    (wrong[0] ?? next)?.form.focus();
    if (!wrong.length && !next) document.getElementById("sent").focus();
  }

  _asked() {
    return this.items.filter((one) => one.state === "asked");
  }

  /** The row to go on with after that of `item`. */
  _after(item) {
    const rows = this._asked();
    const at = rows.indexOf(item);
    return rows[at + 1] ?? rows.slice(0, Math.max(0, at)).find((one) => !one.form.isTouched) ?? null;
  }

  async copyFrom(item) {
    const others = this._asked().filter((one) => one !== item);
    const chosen = await choose(item.form, others.map((one) => one.form));
    for (const form of chosen) form.patient = item.form.patient;
  }

  async enlarge(file) {
    const dialog = document.getElementById("enlarged");
    dialog.querySelector("h2 bdi").textContent = file.name;
    dialog.querySelector("canvas").width = 0;
    dialog.showModal();
    await draw(file, dialog.querySelector("canvas"), LARGE);
  }

  /** It was dropped by mistake. */
  leaveOut(item) {
    const next = this._after(item);
    this.items.splice(this.items.indexOf(item), 1);
    item.form.row.remove();
    this._summarise();
    (next?.form ?? document.getElementById("files")).focus();
  }

  retryAll() {
    for (const one of this.items.filter((item) => item.isMendable)) one.wait();
  }

  /** Nothing more leaves, nothing fails: somebody must sign in first. */
  hold(trouble) {
    this.held = true;
    this.onHeld(trouble);
  }

  goOn() {
    this.held = false;
    for (const one of this.items.filter((item) => item.state === "waiting")) one.wait();
    this.pump();
  }

  pump() {
    while (!this.held && this.running < AT_ONCE) {
      const next = this.items.find((one) => one.state === "waiting");
      if (!next) return;
      this.running += 1;
      next.send().finally(() => { this.running -= 1; this.pump(); });
    }
  }

  changed(item) {
    this._place(item);
    this._summarise();
    if (item.state === "waiting") queueMicrotask(() => this.pump());
  }

  /** Into its list, behind what is as urgent; nothing else moves. */
  _place(item) {
    if (item.state === "asked") {
      item.row.remove();
      const later = this.items.slice(this.items.indexOf(item) + 1);
      const next = later.find((one) => one.state === "asked" && one.form.row.isConnected);
      asked.insertBefore(item.form.row, next?.form.row ?? null);
      return;
    }
    item.form?.row.remove();
    const focused = item.row.contains(document.activeElement) ? document.activeElement : null;
    const mine = rank(item);
    const later = new Set(this.items.filter((one) => one !== item && rank(one) > mine).map((one) => one.row));
    const before = [...list.children].find((row) => later.has(row)) ?? null;
    if (item.row.nextElementSibling !== before || !item.row.isConnected) list.insertBefore(item.row, before);
    focused?.focus();
  }

  _summarise() {
    const sent = this.items.filter((one) => one.state !== "asked");
    const waiting = this.items.length - sent.length;
    const count = sent.length;
    const failed = sent.filter((one) => one.state === "failed").length;
    const skipped = sent.filter((one) => one.state === "skipped").length;
    const done = sent.filter((one) => one.state === "done").length;
    const over = done + failed + skipped === count;
    document.getElementById("whom").hidden = !waiting;
    document.getElementById("asked-count").textContent = waiting ? say("upload.asked_count", { count: waiting }) : "";
    document.getElementById("results").hidden = !count;
    document.getElementById("summary").textContent = count ? summary({ count, done, failed, skipped, over }) : "";
    document.getElementById("whole").value = count ? (done + failed + skipped) / count : 0;
    document.getElementById("clear").hidden = !(over && done + skipped);
    document.getElementById("retry-all").hidden = !sent.some((one) => one.isMendable);
    keep(this.items.filter((one) => one.isOpen || one.state === "failed").map((one) => one.file.name));
  }

  _sayEmpty() {
    document.getElementById("results").hidden = false;
    document.getElementById("summary").textContent = say("upload.empty_folder");
  }
}

/** What became of how many: nothing that was left out counts as done. */
function summary({ count, done, failed, skipped, over }) {
  const whole = over && done === count;
  const parts = [say(whole ? "upload.finished" : "upload.progress", { count, done })];
  if (skipped) parts.push(say("upload.some_skipped", { count: skipped }));
  if (failed) parts.push(say(over ? "upload.some_failed" : "upload.failing", { failed }));
  return parts.join(" · ");
}

/** The place in the list: results first, most urgent first. */
function rank(item) {
  if (item.state === "done") return order.indexOf(item.result.priority);
  return order.length + ["failed", "sending", "waiting", "new", "asked", "skipped"].indexOf(item.state);
}
