// Keys of the worklist, and word of studies that came meanwhile. What is urgent comes into the list by
// itself, and takes nobody from their place.

import { ask } from "./api.js";
import { renew } from "./bell.js";
import { forget, remember, searched } from "./searched.js";
import { showGiven } from "./viewer/signature.js";
import { listenForRinging } from "./ringing.js";
import { say } from "./words.js";

const POLL_MS = 60_000;
const links = () => [...document.querySelectorAll("#list .open")];
const newer = document.getElementById("newer");
const filters = document.getElementById("filters");
const text = document.getElementById("text");
const found = document.getElementById("found");
const again = document.getElementById("again");
const person = newer.dataset.person;

function step(by) {
  const all = links();
  const at = all.indexOf(document.activeElement);
  const to = at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, at + by));
  all[to]?.focus();
  all[to]?.scrollIntoView({ block: "nearest" });
}

const keys = {
  ArrowDown: () => step(1),
  ArrowUp: () => step(-1),
  f: openFilters,
  r: refresh,
  "/": () => text?.select(),
};

function openFilters() {
  filters.open = true;
  filters.querySelector("input").focus();
}

/** The same page again, at the same place. */
function refresh() {
  const at = document.activeElement?.closest?.("tr")?.id;
  sessionStorage.setItem("worklist-place", JSON.stringify({ y: scrollY, at, address: location.search }));
  location.reload();
}

/** The page that a search answers becomes one whose address says nothing of it, and which can be
 *  gone back to: it asks the same again. */
function settle() {
  if (found) {
    const studies = links().map((link) => link.closest("tr").id.slice("s-".length));
    remember(person, text.value, studies, { further: Boolean(found.dataset.further) });
    history.replaceState(null, "", found.dataset.address + location.hash);
  } else if (again) {
    const kept = searched(person);
    if (!kept) return text.focus();
    again.elements.text.value = kept.text;
    again.action += location.hash;
    again.submit();
  } else {
    forget();
  }
}

function restorePlace() {
  if (again) return; // the page that comes has it
  const kept = JSON.parse(sessionStorage.getItem("worklist-place") ?? "null");
  sessionStorage.removeItem("worklist-place");
  if (kept && kept.address === location.search) {
    scrollTo(0, kept.y);
    document.getElementById(kept.at)?.querySelector(".open")?.focus({ preventScroll: true });
  } else if (location.hash) {
    document.getElementById(location.hash.slice(1))?.querySelector(".open")?.focus();
  }
}

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input:not([type=checkbox]), select, textarea");
  if (typing || event.ctrlKey || event.altKey || event.metaKey) return;
  const act = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!act) return;
  event.preventDefault();
  act();
});

document.getElementById("refresh").addEventListener("click", (event) => {
  event.preventDefault();
  refresh();
});

async function lookForNewer() {
  if (document.hidden || found || again) return;
  const query = new URLSearchParams(location.search);
  query.set("since", newer.dataset.since);
  const came = await ask(`/worklist/newer?${query}`).catch(() => null);
  if (!came?.count) return;
  const key = came.more ? "list.newer_many" : came.count === 1 ? "list.newer_one" : "list.newer";
  newer.textContent = say(key, { count: came.count });
}

/** What is urgent stands in the list as soon as it is there; what is focused, and where one looks,
 *  stay. What was searched for is not asked again by itself. */
document.addEventListener("calls", async ({ detail }) => {
  if (detail.first || found || again) return;
  const whole = await renew("#rows", `/worklist/again${location.search}`);
  if (!whole) return;
  newer.dataset.since = whole.getElementById("newer").dataset.since;
  newer.textContent = "";
});

settle();
showGiven(person);
listenForRinging(document.getElementById("ringing"));
addEventListener("pageshow", () => setTimeout(restorePlace)); // after the browser's own going to a place
setInterval(lookForNewer, POLL_MS);
document.addEventListener("visibilitychange", lookForNewer);
