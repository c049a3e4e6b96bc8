// The file of stored values and their table, as report/viewer.py writes it.

const MAGIC = "CXRPIX01";
const TYPES = { uint16: Uint16Array, int16: Int16Array };

/**
 * What the file holds, without a copy: `stored` [rows, columns], `table` (what stored value
 * `first + index` looks like, −1024 black to 1024 white), and how the image is shown.
 * Throws RangeError if it is not such a file, or cut off.
 */
export function parsePixels(buffer) {
  const { head, body } = readHead(buffer);
  const { rows, columns, table_first: first, table_length: length } = head;
  const Kind = TYPES[head.type];
  if (!Kind) throw new RangeError("unknown type of pixels");
  return Object.freeze({
    rows,
    columns,
    shownRows: head.shown_rows,
    shownColumns: head.shown_columns,
    stored: new Kind(buffer, body, rows * columns),
    table: new Float32Array(buffer, body + head.table_offset, length),
    first,
    window: head.window && Object.freeze({ centre: head.window[0], width: head.window[1] }),
    padding: head.padding,
    crop: head.crop,
  });
}

function readHead(buffer) {
  const view = new DataView(buffer);
  const magic = String.fromCharCode(...new Uint8Array(buffer, 0, MAGIC.length));
  if (magic !== MAGIC) throw new RangeError("not a file of pixels");
  const length = view.getUint32(MAGIC.length, true);
  const start = MAGIC.length + 4;
  const text = new TextDecoder().decode(new Uint8Array(buffer, start, length));
  return { head: JSON.parse(text), body: start + length };
}

/** Is this stored value padding? */
export function isPadding(film, value) {
  return film.padding !== null && value >= film.padding[0] && value <= film.padding[1];
}

/** Does a higher stored value look darker? Seen in the table, whatever made it so. */
export function isFalling(film) {
  let [low, high] = [0, film.table.length - 1];
  while (low < high && isPadding(film, film.first + low)) low += 1;
  while (high > low && isPadding(film, film.first + high)) high -= 1;
  return film.table[low] > film.table[high];
}
