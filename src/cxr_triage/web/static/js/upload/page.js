// The upload page: where files come from, and what is said before and after.

import { say } from "../words.js";
import { bringsFiles, dropped, visible } from "./picking.js";
import { Queue } from "./queue.js";
import { signedInAgain } from "./signing_in.js";
import { forgetSent, sentBefore } from "./sent.js";
import { dismiss, left, strike } from "./unsent.js";

let signingIn = null;
const queue = new Queue(async (trouble) => {
  signingIn ??= signedInAgain(trouble);
  await signingIn;
  signingIn = null;
  queue.goOn();
});

function take(files) {
  strike(files);
  showLeft();
  queue.take(files);
}

for (const input of [document.getElementById("files"), document.getElementById("folder")]) {
  input.addEventListener("change", () => {
    take(visible([...input.files]));
    input.value = "";
  });
}

const drop = document.getElementById("drop");
document.addEventListener("dragover", (event) => {
  if (!bringsFiles(event.dataTransfer)) return;
  event.preventDefault();
  drop.classList.add("over");
});
document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) drop.classList.remove("over"); });
document.addEventListener("drop", async (event) => {
  if (!bringsFiles(event.dataTransfer)) return;
  event.preventDefault();
  drop.classList.remove("over");
  take(await dropped(event.dataTransfer));
});

document.getElementById("retry-all").addEventListener("click", () => queue.retryAll());
document.getElementById("send-all").addEventListener("click", () => queue.sendAsked());

document.getElementById("clear").addEventListener("click", () => { forgetSent(); queue.clear(); document.getElementById("files").focus(); });
sentBefore().then((sent) => queue.restore(sent), () => {}); // without them the page is as good as new

addEventListener("beforeunload", (event) => {
  if (queue.isOpen) event.preventDefault();
});

// What the page before this one had not sent: the browser cannot open those files by itself.
const MOST_NAMED = 30;
const unsent = document.getElementById("unsent");
showLeft();
unsent.querySelector("button").addEventListener("click", () => { dismiss(); showLeft(); });

function showLeft() {
  const names = left();
  const rows = names.slice(0, MOST_NAMED).map((name) => {
    const [row, text] = ["li", "bdi"].map((tag) => document.createElement(tag));
    text.textContent = name;
    row.append(text);
    return row;
  });
  if (names.length > MOST_NAMED) {
    const rest = document.createElement("li");
    rest.textContent = say("upload.unsent_more", { count: names.length - MOST_NAMED });
    rows.push(rest);
  }
  unsent.querySelector("ul").replaceChildren(...rows);
  unsent.hidden = !names.length;
}
