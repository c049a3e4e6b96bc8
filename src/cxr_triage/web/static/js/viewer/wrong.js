// The AI was wrong: one key, then how.

import { ask, Trouble } from "../api.js";
import { say } from "../words.js";
import { listenToKeys } from "./keys.js";

/** findings: the one that is chosen stands in the dialog already. */
export function sayWrong(dialog, findings, tell) {
  const label = dialog.querySelector("#wrong-label");
  const buttons = [...dialog.querySelectorAll("[data-kind]")];
  const open = () => {
    label.value = findings.rows.find((row) => row.dataset.label === findings.chosen)?.matches(".possible, .likely") ? findings.chosen : "";
    dialog.querySelector("#wrong-notice").textContent = "";
    dialog.showModal();
  };
  const send = async (kind) => {
    try {
      const address = `/v1/assessments/${dialog.dataset.image}/incidents`;
      if (aboutFilm(kind)) label.value = "";
      await ask(address, { method: "POST", json: { kind, label: label.value } });
      note(kind, label);
      dialog.close();
      tell(say("incident.done"));
    } catch (error) {
      if (!(error instanceof Trouble)) throw error;
      dialog.querySelector("#wrong-notice").textContent = error.sentence;
    }
  };
  for (const button of buttons) button.addEventListener("click", () => send(button.dataset.kind));
  dialog.addEventListener("keydown", (event) => {
    const button = buttons[Number(event.key) - 1];
    if (button && !event.ctrlKey && !event.altKey && !event.metaKey) { event.preventDefault(); button.click(); }
  });
  document.querySelector("[data-wrong]")?.addEventListener("click", open);
  listenToKeys({ e: open });

  /** What was flagged was not missed, and a film that should have been refused has no one finding. */
  function aboutFilm(kind) {
    const flagged = label.selectedOptions[0].parentElement === label.querySelector("optgroup");
    return kind === "not_refused" || (kind === "missed" && flagged);
  }

  function note(kind, finding) {
    const place = document.getElementById("incidents");
    const words = dialog.querySelector(`[data-kind="${kind}"]`).lastChild.textContent.trim();
    const chosen = finding.value ? ` (${finding.selectedOptions[0].textContent})` : "";
    place.append(`${place.hidden ? "" : "; "}${words}${chosen}`);
    place.hidden = false;
  }
}
