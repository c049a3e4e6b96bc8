// Files that were dropped or picked, folders with all that lies in them.

/** Is it files that are dragged? Text and links of the page can be, too. */
export function bringsFiles(transfer) {
  return transfer.types.includes("Files");
}

/** Every file of a drop, folders opened. What the browser may not open stands among them as
 *  {name, closed: true}. */
export async function dropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return visible([...transfer.files]);
  const found = [];
  for (const entry of entries) found.push(...(await under(entry)));
  return visible(found);
}

/** Without what operating systems hide in folders. */
export function visible(files) {
  return files.filter((file) => !file.name.startsWith(".") && !["Thumbs.db", "desktop.ini"].includes(file.name));
}

async function under(entry) {
  try {
    if (entry.isFile) return [await new Promise((resolve, reject) => entry.file(resolve, reject))];
    const reader = entry.createReader();
    const found = [];
    for (;;) { // a reader gives a hundred at a time
      const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
      if (!some.length) return found;
      for (const one of some) found.push(...(await under(one)));
    }
  } catch {
    return [{ name: entry.name, closed: true }];
  }
}
