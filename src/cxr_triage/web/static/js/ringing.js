// What nobody has read in its time rings here: a line with the way to it, and a sound for who wants it.

import { ask } from "./api.js";
import { ring, wishes } from "./bell.js";
import { say } from "./words.js";

const EVERY_MS = 20_000;
let rung = new Set();

/** box: where the line goes; shown: the study of this page, which rings no more here. */
export function listenForRinging(box, shown = "") {
  const look = async () => {
    const found = await ask("/worklist/ringing").catch(() => null);
    if (found) show(box, found, shown);
  };
  look();
  setInterval(look, EVERY_MS);
}

function show(box, { on_duty: onDuty, on_duty_from: from, contact, studies }, shown) {
  const waiting = studies.filter(({ study }) => study !== shown);
  box.hidden = onDuty && !waiting.length;
  box.classList.toggle("off-duty", !onDuty);
  if (!onDuty) {
    box.textContent = [say("ring.off_duty", { done: moment(from) }), contact && say("ring.call", { name: contact })].filter(Boolean).join(" ");
    return;
  }
  if (!waiting.length) return;
  const link = document.createElement("a");
  link.href = `/studies/${waiting[0].study}`;
  link.textContent = say(waiting.length === 1 ? "ring.one" : "ring.several", { count: waiting.length });
  box.replaceChildren(link, " ", aloud());
  const fresh = waiting.map(({ study, level }) => `${study} ${level}`).filter((one) => !rung.has(one));
  rung = new Set(waiting.map(({ study, level }) => `${study} ${level}`));
  if (fresh.length && wishes.get("sound")) ring();
}

function aloud() {
  const button = document.createElement("button");
  const name = () => { button.textContent = say(wishes.get("sound") ? "ring.silent" : "ring.aloud"); };
  button.type = "button";
  button.className = "small";
  button.addEventListener("click", () => {
    wishes.set("sound", !wishes.get("sound"));
    name();
    if (wishes.get("sound")) ring();
  });
  name();
  return button;
}

function moment(text) {
  const { lang, dataset } = document.documentElement;
  const how = { weekday: "long", hour: "2-digit", minute: "2-digit", hour12: false, timeZone: dataset.zone };
  return new Intl.DateTimeFormat(lang, how).format(new Date(text));
}
