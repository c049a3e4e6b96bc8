// The signature that was given last: told on the page that comes next, with the way to take it back
// for as long as it does not count.

import { ask, Trouble } from "../api.js";
import { say } from "../words.js";

const KEY = "cxr-triage.given";

/** Remember it for the next page; nothing in it names a patient. */
export function remember(person, given) {
  sessionStorage.setItem(KEY, JSON.stringify({ person, ...given }));
}

/** Shows the last signature of `person` on this page, while it can be taken back. */
export function showGiven(person) {
  const box = document.getElementById("given");
  const given = read();
  if (!box || !given || given.person !== person) return;
  const button = document.createElement("button");
  const words = document.createElement("span");
  button.type = "button";
  button.append(say("reading.take_back"), " ", Object.assign(document.createElement("kbd"), { textContent: "Ctrl Z" }));
  box.replaceChildren(words, " ", button);
  box.hidden = false;
  const undo = () => takeBack(given, box);
  const end = () => { clearInterval(counting); forget(); box.hidden = true; document.removeEventListener("keydown", onKey); };
  const count = () => {
    const left = Math.ceil((given.until - Date.now()) / 1000);
    if (left <= 0) end();
    else words.textContent = say("reading.given", { seconds: left });
  };
  const onKey = (event) => {
    const typing = event.target.matches("textarea, input:not([type=radio], [type=checkbox], [type=range])");
    if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "z" || (typing && event.target.value)) return;
    event.preventDefault();
    undo();
  };
  const counting = setInterval(count, 500);
  count();
  button.addEventListener("click", undo);
  document.addEventListener("keydown", onKey);
}

/** Take it back and show its study; a sentence where it is too late. */
export async function takeBack({ assessment, address }, box) {
  try {
    await ask(`/v1/assessments/${assessment}/signature`, { method: "DELETE" });
    forget();
    location.assign(address);
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    box.textContent = error.code === "signature_counts" ? say("reading.too_late") : error.sentence;
  }
}

function read() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY));
  } catch {
    return null;
  }
}

function forget() {
  sessionStorage.removeItem(KEY);
}
