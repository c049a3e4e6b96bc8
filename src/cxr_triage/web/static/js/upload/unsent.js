// Names of files that were not sent yet, so that a page that is loaded again can say which. They
// may name patients: kept in this tab alone and for one person alone; signing out clears them.

const KEY = "cxr-triage.unsent";
const OFTEN_MS = 300;
const person = document.querySelector('meta[name="csrf"]').dataset.person;
let names = [];
let missing = before();
let timer = null;
let signingOut = false;

/** What the page before this one had not sent and nobody has added again. */
export function left() {
  return missing;
}

/** These are there again. */
export function strike(files) {
  const there = new Set(files.map((file) => file.name));
  missing = missing.filter((name) => !there.has(name));
  soon();
}

/** Whoever read it needs no more word of it. */
export function dismiss() {
  missing = [];
  soon();
}

/** From now on these are what is not sent. */
export function keep(files) {
  names = files;
  signingOut = false; // who asked for it stayed after all
  soon();
}

function before() {
  let known = null;
  try {
    known = JSON.parse(sessionStorage.getItem(KEY));
  } catch { /* as if there were none */ }
  if (known?.person === person) return known.names;
  sessionStorage.removeItem(KEY);
  return [];
}

function soon() {
  timer ??= setTimeout(write, OFTEN_MS);
}

function write() {
  clearTimeout(timer);
  timer = null;
  if (signingOut) return;
  const all = [...missing, ...names];
  if (all.length) sessionStorage.setItem(KEY, JSON.stringify({ person, names: all }));
  else sessionStorage.removeItem(KEY);
}

document.querySelector("form[action='/sign-out']")?.addEventListener("submit", () => { signingOut = true; });

// A page may go after the answer to signing out has cleared what it kept: then it writes nothing.
addEventListener("pagehide", () => {
  if (signingOut) sessionStorage.removeItem(KEY);
  else if (timer !== null) write();
});
