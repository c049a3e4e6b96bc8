// The upload page: a queue of files, two on their way at once, results most urgent first.

import { Trouble } from "../api.js";
import { say } from "../words.js";
import { bringsFiles, dropped, visible } from "./picking.js";
import { sendPatiently } from "./send.js";

const AT_ONCE = 2;
const queue = document.getElementById("queue");
const order = queue.dataset.order.split(" ");
const items = [];
let running = 0;

/** What becomes of a file. rank: its place in the list, results first. */
class Item {
  constructor(file, fields) {
    this.file = file;
    this.fields = fields;
    this.state = "waiting";
    this.row = document.getElementById("item").content.cloneNode(true).firstElementChild;
    this.row.querySelector("bdi").textContent = file.name;
    this.row.querySelector("button").addEventListener("click", () => this.retry());
    this.say(say("upload.waiting"));
  }

  get rank() {
    if (this.state === "done") return order.indexOf(this.result.priority);
    return order.length + ["failed", "sending", "waiting", "skipped"].indexOf(this.state);
  }

  get isOpen() {
    return this.state === "waiting" || this.state === "sending";
  }

  become(state) {
    this.state = state;
    this.row.className = state;
    this.row.querySelector("progress").hidden = state !== "sending";
    this.row.querySelector("button").hidden = state !== "failed" || this.file.closed;
    place(this);
    summarise();
  }

  say(sentence) {
    this.row.querySelector(".what").textContent = sentence;
  }

  async send() {
    this.become("sending");
    try {
      const { status, assessment } = await sendPatiently(this.file, this.fields, {
        onProgress: (share) => this.progress(share),
        onWait: (trouble, seconds) => this.say(say("upload.again_in", { problem: trouble.sentence, seconds })),
      });
      this.finish(assessment, status === 200);
    } catch (error) {
      if (!(error instanceof Trouble)) throw error;
      this.fail(error);
    }
  }

  progress(share) {
    this.row.querySelector("progress").value = share;
    this.say(share < 1 ? say("upload.sending", { percent: Math.floor(share * 100) }) : say("upload.reading"));
  }

  finish(assessment, known) {
    this.result = assessment;
    const mark = document.getElementById(`mark-${assessment.priority}`).content.cloneNode(true);
    this.row.querySelector(".which").replaceChildren(mark);
    const link = document.createElement("a");
    link.href = `/studies/${assessment.study_id}?image=${assessment.id}`;
    link.textContent = say("upload.open");
    const reason = assessment.reasons[0]?.sentence ?? assessment.priority_reason;
    this.row.querySelector(".what").replaceChildren(reason, known ? ` · ${say("upload.known")}` : "", " ", link);
    this.become("done");
  }

  fail(trouble) {
    const skipped = trouble.code === "not_an_image";
    this.say(skipped ? say("report.skipped") : trouble.status === 401 ? say("upload.signed_out") : trouble.sentence);
    this.become(skipped ? "skipped" : "failed");
  }

  retry() {
    this.say(say("upload.waiting"));
    this.become("waiting");
    pump();
  }
}

/** Into the list, behind what is as urgent; nothing else moves. */
function place(item) {
  const focused = item.row.contains(document.activeElement) ? document.activeElement : null;
  const later = items.filter((one) => one !== item && one.row.isConnected && one.rank > item.rank).map((one) => one.row);
  const before = [...queue.children].find((row) => later.includes(row)) ?? null;
  if (item.row.nextElementSibling !== before || !item.row.isConnected) queue.insertBefore(item.row, before);
  focused?.focus();
}

function summarise() {
  const count = items.length;
  const failed = items.filter((one) => one.state === "failed").length;
  const mendable = items.some((one) => one.state === "failed" && !one.file.closed);
  const done = items.filter((one) => !one.isOpen).length - failed;
  const finished = done + failed === count;
  const key = finished ? "upload.finished" : "upload.progress";
  document.getElementById("summary").textContent = say(failed ? `${key}_failed` : key, { count, done, failed });
  document.getElementById("whole").value = count ? (done + failed) / count : 0;
  document.getElementById("retry-all").hidden = !mendable;
}

function pump() {
  while (running < AT_ONCE) {
    const next = items.find((one) => one.state === "waiting");
    if (!next) return;
    running += 1;
    next.send().finally(() => { running -= 1; pump(); });
  }
}

function declared() {
  const given = new FormData(document.getElementById("declared"));
  return Object.fromEntries([...given].filter(([, value]) => value !== ""));
}

function take(files) {
  document.getElementById("results").hidden = false;
  if (!files.length && !items.length) {
    document.getElementById("summary").textContent = say("upload.empty_folder");
    return;
  }
  const fields = declared();
  for (const file of files) {
    const item = new Item(file, fields);
    items.push(item);
    if (file.closed) item.fail(new Trouble(say("upload.closed")));
    else item.become("waiting");
  }
  pump();
}

for (const input of [document.getElementById("files"), document.getElementById("folder")]) {
  input.addEventListener("change", () => {
    take(visible([...input.files]));
    input.value = "";
  });
}

const drop = document.getElementById("drop");
document.addEventListener("dragover", (event) => {
  if (!bringsFiles(event.dataTransfer)) return;
  event.preventDefault();
  drop.classList.add("over");
});
document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) drop.classList.remove("over"); });
document.addEventListener("drop", async (event) => {
  if (!bringsFiles(event.dataTransfer)) return;
  event.preventDefault();
  drop.classList.remove("over");
  take(await dropped(event.dataTransfer));
});

document.getElementById("retry-all").addEventListener("click", () => {
  for (const one of items.filter((item) => item.state === "failed" && !item.file.closed)) one.retry();
});

addEventListener("beforeunload", (event) => {
  if (items.some((one) => one.isOpen)) event.preventDefault();
});
