// Who reads this study: told to whoever opens it too, and let go of when the page is left.

import { ask, headers, Trouble } from "../api.js";
import { say } from "../words.js";

const EVERY_MS = 60_000;

export function claim(box) {
  const address = `/v1/studies/${box.dataset.study}/claim`;
  let yours = false;
  const renew = async (takeOver = false) => {
    try {
      const found = await ask(address, { method: "POST", json: { take_over: takeOver } });
      yours = found.yours;
      show(box, found, () => renew(true));
    } catch (error) {
      if (!(error instanceof Trouble)) throw error; // the next time tells
    }
  };
  renew();
  setInterval(() => { if (!document.hidden) renew(); }, EVERY_MS);
  addEventListener("pagehide", () => {
    if (yours) fetch(address, { method: "DELETE", headers: headers(), keepalive: true });
  });
  addEventListener("pageshow", (event) => { if (event.persisted) renew(); });
}

function show(box, { yours, name, since }, takeOver) {
  box.hidden = yours;
  if (yours) return;
  const { lang, dataset } = document.documentElement;
  const time = new Intl.DateTimeFormat(lang, { timeStyle: "short", timeZone: dataset.zone }).format(new Date(since));
  const words = document.createElement("span");
  const button = document.createElement("button");
  words.textContent = say("claim.read_by", { name, done: time });
  button.type = "button";
  button.className = "small";
  button.textContent = say("claim.take_over");
  button.addEventListener("click", takeOver);
  box.replaceChildren(words, " ", button);
}
