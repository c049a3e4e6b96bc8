// A file that was dropped: asked about if it is a picture, sent, and what became of it.

import { Trouble } from "../api.js";
import { say } from "../words.js";
import { PictureForm } from "./picture_form.js";
import { sendPatiently } from "./send.js";
import { keepSent } from "./sent.js";

const TO_BE_SEEN_TO = ["asked", "waiting", "sending"];

/** state: new, asked (a picture whose row is not sent), waiting, sending, done, failed, skipped. */
export class Item {
  /** queue: told of every change, see `Queue`. */
  constructor(file, queue) {
    this.file = file;
    this.queue = queue;
    this.state = "new";
    this.form = null;
    this.fields = {};
    this.row = document.getElementById("item").content.cloneNode(true).firstElementChild;
    this.row.querySelector("bdi").textContent = file.name;
    this._button("retry").addEventListener("click", () => this.wait());
    this._button("change").addEventListener("click", () => { this.ask(); this.form.focus(); });
    this._say(say("upload.waiting"));
  }

  /** Will something still become of it? */
  get isOpen() {
    return this.state === "new" || TO_BE_SEEN_TO.includes(this.state);
  }

  get isMendable() {
    return this.state === "failed" && !this.file.closed;
  }

  become(state) {
    this.state = state;
    this.row.className = state;
    this.row.querySelector("progress").hidden = state !== "sending";
    this._button("retry").hidden = !this.isMendable;
    this._button("change").hidden = !this.isMendable || !this.form;
    this.queue.changed(this);
  }

  /** Whom does the picture show? What was typed before stands there still. */
  ask(trouble = null) {
    this.form ??= new PictureForm(this.file, {
      send: () => this.queue.sendAsked([this]),
      copy: () => this.queue.copyFrom(this),
      enlarge: () => this.queue.enlarge(this.file),
      leave: () => this.queue.leaveOut(this),
    });
    if (trouble) this.form.refuse(trouble);
    this.become("asked");
  }

  /** The row was filled in, or it was said that there is no name. */
  answer() {
    this.fields = this.form.fields;
    this._whom(this.fields.patient_name ?? say("viewer.no_name"));
    this.wait();
  }

  wait() {
    this._say(say(this.queue.held ? "upload.held" : "upload.waiting"));
    this.become("waiting");
  }

  /** It was sent before this page was opened; whom: as it was sent. */
  restore(assessment) {
    this._whom(spoken(assessment.filed.patient.name) || say("viewer.no_name"));
    this._finish({ status: 201, assessment, warnings: [] });
  }

  async send() {
    this.become("sending");
    try {
      this._finish(await sendPatiently(this.file, this.fields, {
        onProgress: (share) => this._progress(share),
        onWait: (trouble, seconds) => this._say(say("upload.again_in", { problem: trouble.sentence, seconds })),
      }));
    } catch (error) {
      if (!(error instanceof Trouble)) throw error;
      this.fail(error);
    }
  }

  fail(trouble) {
    if (trouble.endsSession) {
      this.queue.hold(trouble);
      this.wait();
    } else if (trouble.code === "not_an_image") {
      this._say(say("report.skipped"));
      this.become("skipped");
    } else if (this.form && trouble.places.length) {
      this.ask(trouble);
    } else {
      this._say(trouble.sentence);
      this.become("failed");
    }
  }

  _progress(share) {
    this.row.querySelector("progress").value = share;
    this._say(share < 1 ? say("upload.sending", { percent: Math.floor(share * 100) }) : say("upload.reading"));
  }

  _finish({ status, assessment, warnings }) {
    this.result = assessment;
    const mark = document.getElementById(`mark-${assessment.priority}`).content.cloneNode(true);
    this.row.querySelector(".which").replaceChildren(mark);
    const reason = assessment.reasons[0]?.sentence ?? assessment.priority_reason;
    const step = document.createElement("b");
    step.textContent = assessment.next_step;
    const open = link(assessment, say("upload.open"));
    this.row.querySelector(".what").replaceChildren(step, " ", reason, status === 200 ? ` · ${say("upload.known")}` : "", " ", open);
    const notes = [...warnings, ...assessment.warnings].map((one) => this._sentence(one));
    this._note([...new Set(notes)], assessment);
    keepSent(assessment.id);
    this.become("done");
  }

  /** What should be looked at: doubts about the film, and that nobody can tell whose it is. */
  _note(sentences, assessment) {
    const list = this.row.querySelector(".notes");
    list.replaceChildren(...sentences.map((sentence) => entry(sentence)));
    if (this.form && !this.fields.patient_name) {
      list.append(entry(`${say("upload.without_name")} `, link(assessment, say("upload.say_whom"), "#c-patient_name")));
    }
    list.hidden = !list.children.length;
  }

  /** A picture says nothing of itself: what came with it is what was typed here. */
  _sentence(warning) {
    return this.form && warning.code === "identity_corrected" ? say("upload.name_added") : warning.sentence;
  }

  _whom(name) {
    const place = this.row.querySelector(".whom");
    place.textContent = name;
    place.hidden = false;
  }

  _say(sentence) {
    this.row.querySelector(".what").textContent = sentence;
  }

  _button(action) {
    return this.row.querySelector(`[data-action="${action}"]`);
  }
}

/** A name of DICOM (PS3.5 6.2) as people write it. */
function spoken(name) {
  return (name ?? "").split("=")[0].replaceAll("^", " ").trim();
}

function entry(...content) {
  const line = document.createElement("li");
  line.append(...content);
  return line;
}

function link(assessment, text, place = "") {
  const made = document.createElement("a");
  made.href = `/studies/${assessment.study_id}?image=${assessment.id}${place}`;
  made.textContent = text;
  return made;
}
