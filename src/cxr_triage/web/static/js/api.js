// Requests to the service: the session's token, answers as values, trouble as sentences.
// A page that stays open outlives its session: whoever signs in again goes on where they were.

import { say } from "./words.js";

const page = document.querySelector('meta[name="csrf"]');
let csrf = page.content;
const WAITS_S = [1, 2, 4, 8, 15, 30];
const LONGEST_WAIT_S = 300; // who is told to come back later than this does so by hand

/** What went wrong, in a sentence of the page's language.
 *  status 0: no answer came. places: [{where, problem}] in the request. retryAfterS: when the
 *  service says to come again. */
export class Trouble extends Error {
  constructor(sentence, { status = 0, code = "network", places = [], retryAfterS = null } = {}) {
    super(sentence);
    Object.assign(this, { sentence, status, code, places, retryAfterS });
  }

  /** Must the person sign in (again) before anything else? */
  get endsSession() {
    return this.status === 401 || this.code === "other_person";
  }

  /** Would the same request succeed soon, untouched? */
  get passes() {
    return !(this.retryAfterS > LONGEST_WAIT_S) && [0, 408, 429, 502, 503, 504].includes(this.status);
  }
}

/** What every request brings. */
export function headers(more = {}) {
  return { "Accept-Language": document.documentElement.lang, "X-CSRF-Token": csrf, ...more };
}

/** Take the token of the session that there is now. Throws Trouble: 401 if there is none,
 *  `other_person` if it is not that of whom this page was made for. */
export async function renewToken() {
  resume(await ask("/v1/session"));
}

/** Go on in a session that began after the page did. Throws Trouble `other_person`. */
export function resume(session) {
  if (session.person_id !== page.dataset.person) {
    throw new Trouble(say("web.script.other_person", { name: session.name }), { status: 403, code: "other_person" });
  }
  csrf = session.csrf;
  for (const input of document.querySelectorAll("input[name=csrf]")) input.value = csrf; // signing out must work
}

/** The answer of the service as a value (null if empty). A token of an earlier session of the
 *  same person is renewed. Throws Trouble. */
export async function ask(address, options = {}) {
  try {
    return await asked(address, options);
  } catch (error) {
    if (error.code !== "csrf") throw error;
    await renewToken();
    return asked(address, options);
  }
}

async function asked(address, { method = "GET", json, body, signal } = {}) {
  const more = json === undefined ? {} : { "Content-Type": "application/json" };
  const content = json === undefined ? body : JSON.stringify(json);
  let answer;
  try {
    answer = await fetch(address, { method, body: content, headers: headers(more), signal, cache: "no-store" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Trouble(say("web.script.network"));
  }
  const text = await answer.text().catch(() => "");
  if (!answer.ok) throw troubleOf(answer.status, text, answer.headers.get("Retry-After"));
  return valueOf(text);
}

/** The same, tried again with growing pauses while no answer comes or the service is busy.
 *  waiting(trouble, seconds) is called before each pause. */
export async function askPatiently(address, options = {}, waiting = () => {}) {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await ask(address, options);
    } catch (error) {
      if (!(error instanceof Trouble) || !error.passes || attempt === WAITS_S.length) throw error;
      const seconds = error.retryAfterS ?? WAITS_S[attempt];
      waiting(error, seconds);
      await pause(seconds, options.signal);
    }
  }
}

/** The sentence of a refused request: problem+json, or our own words where there is none. */
export function troubleOf(status, text, retryAfter = null) {
  const problem = valueOf(text) ?? {};
  const seconds = Number.parseInt(retryAfter ?? "", 10);
  return new Trouble(problem.detail ?? say("web.script.unexpected"), {
    status,
    code: problem.code ?? "unexpected",
    places: problem.places ?? [],
    retryAfterS: Number.isFinite(seconds) ? seconds : null,
  });
}

/** Resolves after so many seconds; rejects when `signal` is aborted. */
export function pause(seconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, seconds * 1000);
    signal?.addEventListener("abort", () => { clearTimeout(timer); reject(signal.reason); }, { once: true });
  });
}

function valueOf(text) {
  try {
    return text ? JSON.parse(text) : null;
  } catch {
    return null;
  }
}
