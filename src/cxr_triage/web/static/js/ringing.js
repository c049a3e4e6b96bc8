// What nobody has read in its time rings here: a line with the way to it, and a sound for who wants it.

import { ask } from "./api.js";
import { say } from "./words.js";

const EVERY_MS = 20_000;
const SOUND = "cxr-triage.ring-aloud";
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
  if (fresh.length && localStorage.getItem(SOUND) === "on") ring();
}

function aloud() {
  const button = document.createElement("button");
  const name = () => { button.textContent = say(localStorage.getItem(SOUND) === "on" ? "ring.silent" : "ring.aloud"); };
  button.type = "button";
  button.className = "small";
  button.addEventListener("click", () => {
    localStorage.setItem(SOUND, localStorage.getItem(SOUND) === "on" ? "off" : "on");
    name();
    if (localStorage.getItem(SOUND) === "on") ring();
  });
  name();
  return button;
}

/** Two short tones, made here: no file to load. */
function ring() {
  const audio = new AudioContext();
  for (const [at, pitch] of [[0, 880], [0.25, 660]]) {
    const tone = audio.createOscillator();
    const loud = audio.createGain();
    tone.frequency.value = pitch;
    loud.gain.value = 0.15;
    tone.connect(loud).connect(audio.destination);
    tone.start(audio.currentTime + at);
    tone.stop(audio.currentTime + at + 0.2);
  }
  setTimeout(() => audio.close(), 1000);
}

function moment(text) {
  const { lang, dataset } = document.documentElement;
  const how = { weekday: "long", hour: "2-digit", minute: "2-digit", hour12: false, timeZone: dataset.zone };
  return new Intl.DateTimeFormat(lang, how).format(new Date(text));
}
