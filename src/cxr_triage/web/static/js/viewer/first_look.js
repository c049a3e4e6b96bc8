// Who reads says normal or abnormal before the page has anything of what the AI says.

import { ask, Trouble } from "../api.js";
import { say } from "../words.js";
import { listenToKeys } from "./keys.js";

export function lookFirst(root) {
  const send = async (opinion, asked) => {
    try {
      await ask(`/v1/studies/${root.dataset.study}/first-opinion`, { method: "POST", json: { opinion, asked } });
      sessionStorage.setItem("cxr-triage.looked", say("look.kept"));
      location.reload();
    } catch (error) {
      if (!(error instanceof Trouble)) throw error;
      root.querySelector("#look-notice").textContent = error.sentence;
    }
  };
  const opinions = new Map([...root.querySelectorAll("[data-opinion]")].map((button) => [button.dataset.opinion, button]));
  for (const [opinion, button] of opinions) button.addEventListener("click", () => send(opinion, false));
  const wanted = root.querySelector("[data-ask]");
  wanted?.addEventListener("click", () => send("", true));
  listenToKeys({ o: () => opinions.get("normal")?.click(), x: () => opinions.get("abnormal")?.click(), y: () => wanted?.click() });
}

/** Says once, after the page has come again, that the opinion is kept. */
export function tellLooked(tell) {
  const said = sessionStorage.getItem("cxr-triage.looked");
  sessionStorage.removeItem("cxr-triage.looked");
  if (said) tell(said);
}
