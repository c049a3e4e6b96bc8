// What was typed and not yet saved, kept in this tab alone and for its writer alone: it outlives
// a lost session, not a change of person, and signing out clears it.

const PREFIX = "cxr-triage.draft.";

/** The draft of `person` for a result, or null; drafts of anybody else are removed. */
export function draftOf(person, assessment) {
  for (const key of Object.keys(sessionStorage).filter((name) => name.startsWith(PREFIX))) {
    if (read(key)?.person !== person) sessionStorage.removeItem(key);
  }
  return read(PREFIX + assessment)?.values ?? null;
}

export function keepDraft(person, assessment, values) {
  sessionStorage.setItem(PREFIX + assessment, JSON.stringify({ person, values }));
}

export function dropDraft(assessment) {
  sessionStorage.removeItem(PREFIX + assessment);
}

function read(key) {
  try {
    return JSON.parse(sessionStorage.getItem(key));
  } catch {
    return null;
  }
}
