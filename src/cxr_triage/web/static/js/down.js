// The page that stands where the service does not answer: since when, and back as soon as it does.

import { say, timeText } from "./words.js";

const EVERY_MS = 5_000;
const since = document.getElementById("since");

document.getElementById("print").addEventListener("click", () => print());

/** When the service answered last, as the worker noted it; null: nobody knows. */
async function lastAnswer() {
  const noted = await globalThis.caches?.match("/down/last").catch(() => null);
  return noted ? Number(await noted.text()) : null;
}

async function look() {
  const answers = await fetch("/healthz", { cache: "no-store" }).then((answer) => answer.ok, () => false);
  if (answers && location.pathname !== "/down") location.reload(); // to where one wanted to go
  if (answers) {
    since.hidden = true;
  } else if (since.hidden) {
    const last = await lastAnswer();
    since.textContent = last ? say("down.since", { name: timeText(last) }) : say("down.since_unknown");
    since.hidden = false;
  }
}

look();
setInterval(look, EVERY_MS);
