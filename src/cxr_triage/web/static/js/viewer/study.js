// The page of a study: brings the film, its findings and its readings together.

import { headers } from "../api.js";
import { listenForRinging } from "../ringing.js";
import { say } from "../words.js";
import { leadToFound } from "./beside.js";
import { claim } from "./claim.js";
import { Correct } from "./correct.js";
import { Findings } from "./findings.js";
import { offerOthers } from "./others.js";
import { lookFirst, tellLooked } from "./first_look.js";
import { parsePixels } from "./pixels.js";
import { Review } from "./review.js";
import { showGiven } from "./signature.js";
import { Stage } from "./stage.js";
import { Tools } from "./tools.js";
import { sayWrong } from "./wrong.js";

const values = JSON.parse(document.getElementById("film-values").textContent);
const loading = document.getElementById("loading");
const screen = document.getElementById("screen");

/** For who cannot see the film; `seen`: for everybody. */
function tell(sentence, { seen = false } = {}) {
  document.getElementById("said").textContent = sentence;
  if (seen) loading.textContent = sentence;
}

/** The file as it comes, with how much has come. Throws if it does not come whole. */
async function fetchPixels() {
  const answer = await fetch(values.pixels, { headers: headers() });
  if (!answer.ok) throw new Error(String(answer.status));
  const whole = Number(answer.headers.get("Content-Length"));
  if (!whole) return answer.arrayBuffer(); // something on the way compressed it
  const bytes = new Uint8Array(whole);
  let at = 0;
  for (const reader = answer.body.getReader(); ;) {
    const { done, value } = await reader.read();
    if (done) break;
    bytes.set(value, at);
    at += value.length;
    loading.textContent = say("viewer.loading", { percent: Math.round((100 * at) / whole) });
  }
  return bytes.buffer;
}

/** The quick picture first: on a slow line it must not wait for the large file. */
async function pictureSettled() {
  const picture = document.getElementById("picture");
  if (!picture.complete) {
    await new Promise((resolve) => { for (const kind of ["load", "error"]) picture.addEventListener(kind, resolve, { once: true }); });
  }
}

async function openFilm(findings) {
  await pictureSettled();
  const pixels = parsePixels(await fetchPixels());
  let tools = null;
  const stage = new Stage(screen, pixels, values.crop, () => tools?.update());
  tools = new Tools(document.querySelector(".stage"), stage, findings, tell);
  screen.addEventListener("pointermove", (event) => { if (event.buttons && stage.tool === "window") tools.byHand(); });
  tools.update();
  findings.on(stage);
  loading.textContent = "";
  screen.dataset.ready = "full";
  performance.mark("film-on-screen");
  return stage;
}

leadToFound(document.querySelector(".viewer").dataset.person);
showGiven(document.querySelector(".viewer").dataset.person);
const findings = new Findings(document.querySelector(".panel"), values, tell);
const review = document.getElementById("review");
if (review) new Review(review, document.querySelector(".viewer").dataset.person);
listenForRinging(document.getElementById("ringing"), values.study);
const wrong = document.getElementById("wrong");
if (wrong) sayWrong(wrong, findings, tell);
const claimed = document.getElementById("claimed");
if (claimed) claim(claimed);
const look = document.getElementById("look");
if (look) lookFirst(look);
tellLooked(tell);
const correct = document.getElementById("correct");
if (correct) new Correct(correct);
if (values.withheld) screen.dataset.ready = "withheld";
else openFilm(findings).then(
  (stage) => {
    screen.stage = stage;
    const place = document.getElementById("other-films");
    if (place) offerOthers(place, stage, values.study, tell);
  },
  (error) => {
    tell(say("viewer.pixels_failed"), { seen: true });
    screen.dataset.ready = "failed";
    console.warn(error.message);
  },
);
