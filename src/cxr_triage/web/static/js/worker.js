// The browser's worker: where the service does not answer, the page for that stands in its place. It
// keeps that page and what it is made of, and nothing else; KEPT stands before this text.

const LAST = "cxr-triage-last";
const DOWN = [502, 504]; // of a proxy whose service is gone

self.addEventListener("install", (event) => {
  event.waitUntil(keep().then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(Promise.all([dropOlder(), self.registration.navigationPreload?.enable(), self.clients.claim()]));
});

/** The page is kept anew from time to time: whom to call may have changed. */
self.addEventListener("message", (event) => {
  if (event.data === "keep") event.waitUntil(keep().catch(() => {}));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.mode === "navigate" && request.method === "GET") event.respondWith(went(event));
  else if (KEPT.files.includes(new URL(request.url).pathname)) event.respondWith(fetch(request).catch(() => kept(request)));
});

async function keep() {
  const cache = await caches.open(KEPT.name);
  await cache.addAll(["/down", ...KEPT.files]);
}

async function dropOlder() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith("cxr-triage-down-") && name !== KEPT.name).map((name) => caches.delete(name)));
}

async function went(event) {
  try {
    const answer = (await event.preloadResponse) ?? (await fetch(event.request));
    if (DOWN.includes(answer.status)) return kept("/down");
    event.waitUntil(caches.open(LAST).then((cache) => cache.put("/down/last", new Response(String(Date.now())))));
    return answer;
  } catch (error) {
    return (await kept("/down")) ?? Promise.reject(error);
  }
}

async function kept(request) {
  return (await caches.open(KEPT.name)).match(request, { ignoreVary: true });
}
