// Signing in again while films wait: here, or in another tab.

import { ask, renewToken, resume, Trouble } from "../api.js";
import { say } from "../words.js";

const place = document.getElementById("signed-out");
const form = place.querySelector("form");
const notice = place.querySelector(".trouble");

/** Shows that nobody is signed in; resolves once the same person is again. */
export function signedInAgain(trouble) {
  place.hidden = false;
  tell(trouble.code === "other_person" ? trouble.sentence : "");
  if (!document.activeElement?.matches("input, select")) form?.elements.name.focus();
  place.scrollIntoView({ block: "nearest" });
  return new Promise((resolve) => {
    const done = () => {
      place.hidden = true;
      form?.reset();
      document.removeEventListener("visibilitychange", look);
      resolve();
    };
    const look = () => { if (!document.hidden) attempt(renewToken, done, { quiet: true }); };
    document.addEventListener("visibilitychange", look);
    if (form) form.onsubmit = (event) => { event.preventDefault(); attempt(signIn, done); };
    place.querySelector("[data-action=look]").onclick = () => attempt(renewToken, done);
  });
}

async function attempt(way, done, { quiet = false } = {}) {
  try {
    await way();
    done();
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    if (!quiet || error.code === "other_person") tell(error.sentence);
  }
}

async function signIn() {
  const { name, password } = Object.fromEntries(new FormData(form));
  form.elements.password.value = "";
  resume(await ask("/v1/session", { method: "POST", json: { name, password } }));
}

function tell(sentence) {
  notice.textContent = sentence || say("upload.signed_out");
}
