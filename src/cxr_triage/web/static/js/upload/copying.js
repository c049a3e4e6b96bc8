// One patient for several pictures, chosen by hand: nothing is copied by itself.

import { say } from "../words.js";

const dialog = document.getElementById("copying");

/** The forms that are to get the patient of `from`, of those in `others`; none if called off. */
export function choose(from, others) {
  dialog.querySelector(".from").textContent = say("upload.copy_from", { name: from.patient.patient_name || say("viewer.no_name") });
  const boxes = others.map((form) => box(form));
  dialog.querySelector("fieldset").replaceChildren(...(boxes.length ? boxes.map((one) => one.label) : [say("upload.copy_none")]));
  dialog.querySelector("[value=copy]").hidden = !boxes.length;
  dialog.querySelector("[data-action=all]").hidden = boxes.length < 2;
  dialog.querySelector("[data-action=all]").onclick = () => { for (const { input } of boxes) input.checked = true; };
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      const copied = dialog.returnValue === "copy";
      resolve(copied ? boxes.filter(({ input }) => input.checked).map(({ form }) => form) : []);
    }, { once: true });
  });
}

function box(form) {
  const [label, input, text, present] = ["label", "input", "bdi", "bdi"].map((tag) => document.createElement(tag));
  input.type = "checkbox";
  text.textContent = form.file.name;
  present.textContent = form.patient.patient_name;
  present.className = "quiet";
  label.className = "check";
  label.append(input, text, present);
  return { form, input, label };
}
