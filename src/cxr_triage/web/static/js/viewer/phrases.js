// Texts put into an impression: "/" opens the list, letters narrow it, Enter puts one in.

import { ask, Trouble } from "../api.js";
import { say } from "../words.js";

const MOST_SHOWN = 8;
const SLASH = /(^|\s)\/([^\s/]*)$/; // what stands before the cursor
let known = null;

/** Binds a field; list: an element for what fits. Again after the form has come anew. */
export function offerPhrases(field, list, keep, changed) {
  let chosen = 0;
  let fitting = [];
  const before = () => field.value.slice(0, field.selectionStart);
  const close = () => { list.hidden = true; fitting = []; field.removeAttribute("aria-activedescendant"); };

  async function look() {
    const typed = SLASH.exec(before());
    if (!typed) return close();
    known ??= await ask("/v1/phrases").then((found) => found.phrases, () => null);
    if (!known || !SLASH.exec(before())) return close();
    const wanted = plain(SLASH.exec(before())[2]);
    fitting = known.filter((one) => plain(one.name).includes(wanted)).slice(0, MOST_SHOWN);
    chosen = 0;
    show();
  }

  function show() {
    list.replaceChildren(...fitting.map((one, at) => row(one, at)));
    list.hidden = !fitting.length;
    if (fitting.length) field.setAttribute("aria-activedescendant", `phrase-${chosen}`);
  }

  function row(one, at) {
    const item = document.createElement("li");
    const name = Object.assign(document.createElement("b"), { textContent: one.name });
    item.id = `phrase-${at}`;
    item.role = "option";
    item.ariaSelected = String(at === chosen);
    item.append(name, " ", one.text);
    item.addEventListener("pointerdown", (event) => { event.preventDefault(); put(one); });
    return item;
  }

  function put(one) {
    const typed = SLASH.exec(before());
    if (!typed) return;
    const from = field.selectionStart - typed[2].length - 1;
    field.setRangeText(one.text, from, field.selectionStart, "end");
    close();
    changed();
  }

  field.addEventListener("input", look);
  field.addEventListener("blur", close);
  field.addEventListener("keydown", (event) => {
    if (list.hidden) return;
    const way = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (way) chosen = (chosen + way + fitting.length) % fitting.length;
    else if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) put(fitting[chosen]);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
    event.stopPropagation();
    if (!list.hidden) show();
  });
  keep?.addEventListener("click", () => favour(field, keep));
}

/** What is typed becomes a favourite, named by its first words. */
async function favour(field, button) {
  const text = field.value.trim();
  if (!text) return field.focus();
  const name = text.split(/\s+/).slice(0, 5).join(" ").slice(0, 40);
  const body = { name, text, language: document.documentElement.lang, mine: true };
  button.disabled = true;
  try {
    await ask("/v1/phrases", { method: "POST", json: body });
    known = null;
    button.textContent = say("phrase.kept", { name });
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    button.textContent = error.sentence;
  }
}

/** Without diacritics and case, as people type in a hurry. */
function plain(text) {
  return text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").replace(/đ/gi, "d").toLowerCase();
}
