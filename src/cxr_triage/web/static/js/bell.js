// What wants whoever is signed in, wherever they are: in the navigation, the title, the icon, and,
// where they wished it, as a sound and a notification that names no patient.
//
// One tab of a browser listens to the service's events and tells the others; where that cannot be,
// each asks from time to time. `document` gets an event "calls" when the numbers changed.

import { ask, headers } from "./api.js";
import { say } from "./words.js";

const POLL_MS = 8_000;
const STREAM_AGAIN_MS = 60_000;
const LEADER = "cxr-triage.bell";
const badge = document.getElementById("calls");
const icon = document.querySelector("link[rel=icon]");
const plainIcon = icon.href;
const plainTitle = document.title;
let known = null;
let polling = null;
let sounding = null;

/** What was wished in this browser: it says nothing about a patient. */
export const wishes = {
  get: (name) => localStorage.getItem(`cxr-triage.bell.${name}`) === "on",
  set: (name, on) => localStorage.setItem(`cxr-triage.bell.${name}`, on ? "on" : "off"),
};

/** A short sound; browsers let one only after somebody has touched the page. */
export function ring() {
  sounding ??= new AudioContext();
  sounding.resume();
  for (const [at, frequency] of [[0, 880], [0.22, 660]]) {
    const [tone, volume] = [sounding.createOscillator(), sounding.createGain()];
    tone.frequency.value = frequency;
    volume.gain.setValueAtTime(0.2, sounding.currentTime + at);
    volume.gain.exponentialRampToValueAtTime(0.001, sounding.currentTime + at + 0.2);
    tone.connect(volume).connect(sounding.destination);
    tone.start(sounding.currentTime + at);
    tone.stop(sounding.currentTime + at + 0.2);
  }
}

const channel = "BroadcastChannel" in window ? new BroadcastChannel(LEADER) : null;
channel?.addEventListener("message", ({ data }) => take(data, { told: true }));

/** told: by the tab that listens, which rings for all. */
function take(calls, { told = false } = {}) {
  live("");
  const before = known;
  if (before && Object.keys(calls).every((name) => calls[name] === before[name])) return;
  known = calls;
  show(calls);
  if (before && !told) announce(before, calls);
  if (!told) channel?.postMessage(calls);
  document.dispatchEvent(new CustomEvent("calls", { detail: { calls, first: !before } }));
}

function show({ critical, urgent, answers }) {
  const count = critical + urgent + answers;
  document.title = count ? `(${count}) ${plainTitle}` : plainTitle;
  icon.href = count ? counted(count, critical ? "#b3141d" : "#0b5cad") : plainIcon;
  if (!badge) return;
  badge.textContent = count || "";
  badge.hidden = !count;
  badge.classList.toggle("critical", critical > 0);
}

function counted(count, colour) {
  const text = count > 99 ? "99" : count;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><circle cx="16" cy="16" r="16" fill="${colour}"/><text x="16" y="23" text-anchor="middle" font-family="sans-serif" font-weight="700" font-size="20" fill="#fff">${text}</text></svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}

function announce(before, now) {
  const key = now.critical > before.critical ? "bell.critical" : now.answers > before.answers ? "bell.answer" : null;
  if (!key) return;
  if (wishes.get("sound")) ring();
  if (wishes.get("notify") && "Notification" in window && Notification.permission === "granted") {
    const shown = new Notification(say(key), { tag: key, icon: plainIcon });
    shown.onclick = () => { focus(); location.href = "/now"; };
  }
}

function live(sentence) {
  const place = document.getElementById("live");
  if (place) place.textContent = sentence || say("bell.live");
}

async function look() {
  try {
    take(await ask("/now/calls"));
  } catch (error) {
    live(error.sentence ?? "");
    if (error.endsSession) stop();
  }
}

function poll() {
  polling ??= setInterval(look, POLL_MS);
}

function stop() {
  clearInterval(polling);
  polling = null;
}

/** Resolves when the stream is over, for whatever reason. */
function stream() {
  return new Promise((over) => {
    const source = new EventSource("/now/events");
    source.onmessage = ({ data }) => { stop(); take(JSON.parse(data)); };
    source.onerror = () => {
      if (source.readyState !== EventSource.CLOSED) { live(say("bell.lost")); poll(); return; }
      source.close();
      over();
    };
    addEventListener("pagehide", () => source.close(), { once: true });
  });
}

async function listen() {
  for (;;) {
    await stream();
    poll();
    await new Promise((resume) => { setTimeout(resume, STREAM_AGAIN_MS); });
  }
}

/** Keeps what is shown of the page at `place` current: what is focused, and where one looks, stay.
 *  address: answers with the whole page, which is given back; null: it did not. */
export async function renew(place, address) {
  const answer = await fetch(address, { headers: headers(), cache: "no-store" }).catch(() => null);
  if (!answer?.ok) return null;
  const whole = new DOMParser().parseFromString(await answer.text(), "text/html");
  const [fresh, old] = [whole.querySelector(place), document.querySelector(place)];
  if (!fresh || !old) return null;
  const focused = old.contains(document.activeElement) ? document.activeElement.closest("[id]") : null;
  const rows = [...old.querySelectorAll("[id^='s-'], [id^='a-']")];
  const seen = focused ?? rows.find((row) => row.getBoundingClientRect().bottom > 0);
  const at = seen?.getBoundingClientRect().top;
  old.replaceWith(document.adoptNode(fresh));
  const again = seen && document.getElementById(seen.id);
  if (again) {
    scrollBy(0, again.getBoundingClientRect().top - at);
    if (focused) (again.querySelector(".open") ?? again).focus({ preventScroll: true });
  }
  return whole;
}

if (badge) start(); // others import what renews a page, and are called by nobody

function start() {
  look();
  if ("locks" in navigator && channel) {
    navigator.locks.request(LEADER, listen);
    setInterval(() => { if (document.visibilityState === "visible" && !polling) look(); }, STREAM_AGAIN_MS); // the tab that listens may have frozen
  } else {
    poll();
  }
  addEventListener("pageshow", ({ persisted }) => { if (persisted) look(); });
}
