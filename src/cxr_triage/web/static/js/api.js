// Requests to the service: the session's token, answers as values, trouble as sentences.

import { say } from "./words.js";

const csrf = document.querySelector('meta[name="csrf"]').content;
const WAITS_S = [1, 2, 4, 8, 15, 30];
const LONGEST_WAIT_S = 300; // who is told to come back later than this does so by hand

/** What went wrong, in a sentence of the page's language.
 *  status 0: no answer came. retryAfterS: when the service says to come again. */
export class Trouble extends Error {
  constructor(sentence, { status = 0, code = "network", retryAfterS = null } = {}) {
    super(sentence);
    Object.assign(this, { sentence, status, code, retryAfterS });
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

/** The answer of the service as a value (null if empty). Throws Trouble. */
export async function ask(address, { method = "GET", json, body, signal } = {}) {
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
