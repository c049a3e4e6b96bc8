// The page of what needs one now: it keeps itself current, and asks what may be heard and shown.

import { renew, ring, wishes } from "./bell.js";

const sound = document.getElementById("sound");
const notify = document.getElementById("notify");
const refused = document.getElementById("notify-note");

document.addEventListener("calls", ({ detail }) => { if (!detail.first) renew("#rows", "/now/again"); });

sound.checked = wishes.get("sound");
sound.addEventListener("change", () => {
  wishes.set("sound", sound.checked);
  if (sound.checked) ring();
});

notify.checked = wishes.get("notify") && globalThis.Notification?.permission === "granted";
notify.addEventListener("change", async () => {
  const granted = notify.checked && (await globalThis.Notification?.requestPermission()) === "granted";
  refused.hidden = !notify.checked || granted;
  notify.checked = granted;
  wishes.set("notify", granted);
});
