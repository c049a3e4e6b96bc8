// Which films were sent from this tab, so that a page that is gone back to shows their results
// again. Our own ids alone are kept, for one person; the service says the rest.

import { ask } from "../api.js";

const KEY = "cxr-triage.sent";
const person = document.querySelector('meta[name="csrf"]').dataset.person;
const most = Number(document.getElementById("queue").dataset.mostKept);

/** [{file_name, assessment}] of what was sent before. */
export async function sentBefore() {
  const known = ids();
  if (!known.length) return [];
  const query = new URLSearchParams(known.map((id) => ["ids", id]));
  return ask(`/upload/results?${query}`);
}

export function keepSent(id) {
  const all = [...new Set([...ids(), id])].slice(-most);
  sessionStorage.setItem(KEY, JSON.stringify({ person, ids: all }));
}

export function forgetSent() {
  sessionStorage.removeItem(KEY);
}

function ids() {
  try {
    const known = JSON.parse(sessionStorage.getItem(KEY));
    if (known?.person === person) return known.ids;
  } catch { /* as if there were none */ }
  forgetSent();
  return [];
}
