// The form of a reading and its values, both ways.

import { say } from "../words.js";

const VERDICT = "verdict:";

/** {verdicts, missed, overall, agrees, note, impression, priority, others}; of an addendum the texts
 *  alone. */
export function read(form) {
  const data = new FormData(form);
  const texts = { note: data.get("note"), impression: data.get("impression") };
  if (form.dataset.kind === "addendum") return texts;
  const given = [...data].filter(([name]) => name.startsWith(VERDICT));
  return {
    verdicts: Object.fromEntries(given.map(([name, value]) => [name.slice(VERDICT.length), value])),
    missed: data.getAll("missed"),
    overall: data.get("overall") || null,
    agrees: data.has("agrees"),
    priority: data.get("priority"),
    others: (data.get("others") ?? "").split("\n").map((line) => line.trim()).filter(Boolean),
    ...texts,
  };
}

export function fill(form, values) {
  for (const field of form.elements) {
    if (field.type === "radio") field.checked = wanted(field.name, values) === field.value;
    else if (field.name === "agrees") field.checked = Boolean(values.agrees);
    else if (field.name === "others") field.value = (values.others ?? []).join("\n");
    else if (field.name === "missed") field.checked = (values.missed ?? []).includes(field.value);
    else if (field.name && field.type !== "checkbox") field.value = values[field.name] ?? "";
  }
  for (const fold of form.querySelectorAll("details")) {
    if (fold.querySelector("input:checked")) fold.open = true;
  }
}

/** Do both say the same? Order and what only one of them has (a version) do not count. */
export function same(one, other) {
  return ["verdicts", "missed", "overall", "agrees", "note", "impression", "priority", "others"].every(
    (name) => ordered(one[name]) === ordered(other[name]),
  );
}

/** Is there anything that a signature could stand for? */
export function saysEnough(values) {
  return Boolean(values.impression.trim() || values.agrees);
}

/** Term and text of everything that is said, for who is about to sign it. */
export function summary(form) {
  const values = read(form);
  const verdicts = Object.entries(values.verdicts).map(([label, verdict]) => [
    legend(form, VERDICT + label), say(`viewer.verdict.${verdict}`),
  ]);
  const missed = [...form.querySelectorAll('[name="missed"]:checked')].map((box) => box.labels[0].textContent.trim());
  const rows = [
    [say("paper.own_priority"), form.querySelector("[name=priority]:checked")?.labels[0].textContent.trim()],
    ...verdicts,
    [say("viewer.missed"), missed.join(", ")],
    ...(values.others.length ? [[say("paper.others"), values.others.join("; ")]] : []),
    [say("viewer.impression"), values.impression],
    ...(values.agrees ? [[say("paper.ai_result"), say("viewer.agreed")]] : []),
    [say("viewer.note"), values.note],
  ];
  return rows.map(([term, text]) => [term, text || say("viewer.nothing_said")]);
}

function legend(form, name) {
  return form.querySelector(`[name="${CSS.escape(name)}"]`).closest("fieldset").querySelector("legend").textContent;
}

function wanted(name, values) {
  return name === "priority" ? values.priority : values.verdicts?.[name.slice(VERDICT.length)];
}

function ordered(value) {
  if (Array.isArray(value)) return JSON.stringify([...value].sort());
  if (value && typeof value === "object") return JSON.stringify(Object.entries(value).sort());
  return JSON.stringify(value || null);
}
