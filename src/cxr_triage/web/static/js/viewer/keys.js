// Single keys for the viewer, never while somebody types; they can be turned off (WCAG 2.1.4).

const SETTING = "cxr-triage.single-keys";
const ARROWS = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"];

/** keys: what to do by `event.key` in lower case, with "shift+" before it where Shift counts. */
export function listenToKeys(keys) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    if (!singleKeys.on || isTyping(event.target, event.key) || document.querySelector("dialog[open]")) return;
    const name = event.key.length > 1 && event.shiftKey ? `shift+${event.key}` : event.key;
    const act = keys[name.toLowerCase()];
    if (!act) return;
    event.preventDefault();
    act();
  });
}

/** Remembered in this browser: it says nothing about a patient. */
export const singleKeys = {
  get on() {
    return localStorage.getItem(SETTING) !== "off";
  },
  set on(wanted) {
    localStorage.setItem(SETTING, wanted ? "on" : "off");
  },
};

function isTyping(element, key) {
  if (element.matches("textarea, select, input:not([type=radio], [type=checkbox], [type=range])")) return true;
  const choosing = element.matches("input[type=radio], input[type=range]");
  return choosing && ARROWS.includes(key);
}
