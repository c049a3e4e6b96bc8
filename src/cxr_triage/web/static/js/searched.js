// What was searched for, and what was found, in this tab alone: it stands in no address, so the
// pages that come after remember it here until somebody else signs in or the list is shown whole.

const KEY = "worklist-searched";

/** {text, studies: ids in their order}, or null if this person searched for nothing. */
export function searched(person) {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEY));
    if (kept?.person === person) return kept;
  } catch {
    // not ours
  }
  forget();
  return null;
}

/** further: the page after the one that is known. */
export function remember(person, text, studies, { further }) {
  const before = further ? (searched(person)?.studies ?? []) : [];
  const all = [...new Set([...before, ...studies])];
  sessionStorage.setItem(KEY, JSON.stringify({ person, text, studies: all }));
}

export function forget() {
  sessionStorage.removeItem(KEY);
}
