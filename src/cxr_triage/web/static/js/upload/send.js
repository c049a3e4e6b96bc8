// One file on its way to the service, with progress; tried again while the trouble may pass.

import { Trouble, headers, pause, troubleOf } from "../api.js";
import { say } from "../words.js";

const WAITS_S = [2, 4, 8, 15, 30, 60];

/** The answer for the file: {status, assessment}. Throws Trouble.
 *  onProgress(share): of the bytes that have left. onWait(trouble, seconds): before each pause. */
export async function sendPatiently(file, fields, { onProgress, onWait }) {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await send(file, fields, onProgress);
    } catch (error) {
      if (!(error instanceof Trouble) || !error.passes || attempt === WAITS_S.length) throw error;
      const seconds = error.retryAfterS ?? WAITS_S[attempt];
      onWait(error, seconds);
      await pause(seconds);
    }
  }
}

function send(file, fields, onProgress) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append("file", file, "film"); // names of files may name patients
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
      resolve({ status, assessment: JSON.parse(responseText).images[0].assessment });
    });
    request.send(form);
  });
}
