// Lets the browser keep the page for when the service does not answer, and keep it current.

const EVERY_MS = 3_600_000;
const KEY = "cxr-triage.down-kept";

async function keepDown() {
  if (!("serviceWorker" in navigator)) return; // it wants HTTPS, or this machine
  const registration = await navigator.serviceWorker.register("/worker.js", { updateViaCache: "none" });
  const before = Number(localStorage.getItem(KEY));
  if (!registration?.active || Date.now() - before < EVERY_MS) return;
  registration.active.postMessage("keep");
  localStorage.setItem(KEY, String(Date.now()));
}

keepDown().catch(() => {}); // without it there is the browser's own page
