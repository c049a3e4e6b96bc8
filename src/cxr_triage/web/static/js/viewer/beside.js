// The studies beside this one among those that a search found: the service knows no longer which.

import { searched } from "../searched.js";

/** Leads the arrows to them, and takes away the one that leads nowhere. */
export function leadToFound(person) {
  const links = [...document.querySelectorAll("[data-found]")];
  if (!links.length) return;
  const studies = searched(person)?.studies ?? [];
  const at = studies.indexOf(location.pathname.split("/").pop());
  for (const link of links) {
    const study = at < 0 ? undefined : studies[at + Number(link.dataset.found)];
    if (study) {
      link.href = `/studies/${study}${link.search}`;
      link.hidden = false;
      link.nextElementSibling.remove();
    } else {
      link.remove();
    }
  }
}
