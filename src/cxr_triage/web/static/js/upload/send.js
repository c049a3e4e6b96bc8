// One file on its way to the service, with progress; tried again while the trouble may pass.

import { Trouble, headers, pause, renewToken, troubleOf } from "../api.js";
import { say } from "../words.js";

const WAITS_S = [2, 4, 8, 15, 30, 60];

/** What became of the file: {status, assessment, warnings}. Throws Trouble.
 *  onProgress(share): of the bytes that have left. onWait(trouble, seconds): before each pause. */
export async function sendPatiently(file, fields, { onProgress, onWait }) {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await sendRenewed(file, fields, onProgress);
    } catch (error) {
      if (!(error instanceof Trouble) || !error.passes || attempt === WAITS_S.length) throw error;
      const seconds = error.retryAfterS ?? WAITS_S[attempt];
      onWait(error, seconds);
      await pause(seconds);
      if (error.status === 0) await looksSignedIn();
    }
  }
}

/** Whoever signed in again meanwhile has another token. */
async function sendRenewed(file, fields, onProgress) {
  try {
    return await send(file, fields, onProgress);
  } catch (error) {
    if (error.code !== "csrf") throw error;
    await renewToken();
    return send(file, fields, onProgress);
  }
}

/** A refusal that comes while a large file leaves can look like a lost network. Throws Trouble if
 *  nobody is signed in any more; a network that is still lost is found out by sending. */
async function looksSignedIn() {
  try {
    await renewToken();
  } catch (error) {
    if (!(error instanceof Trouble) || error.endsSession) throw error;
  }
}

function send(file, fields, onProgress) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append("file", file, file.name);
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", "/v1/images");
    for (const [name, value] of Object.entries(headers({ Accept: "application/json" }))) {
      request.setRequestHeader(name, value);
    }
    request.upload.addEventListener("progress", (event) => onProgress(event.total ? event.loaded / event.total : 0));
    request.addEventListener("error", () => reject(new Trouble(say("web.script.network"))));
    request.addEventListener("load", () => {
      const { status, responseText } = request;
      if (status !== 200 && status !== 201) {
        reject(troubleOf(status, responseText, request.getResponseHeader("Retry-After")));
        return;
      }
      const [{ assessment, warnings = [] }] = JSON.parse(responseText).images;
      resolve({ status, assessment, warnings });
    });
    request.send(form);
  });
}
