// The film turned by quarters and mirrored, for looking at it alone: values are put elsewhere, none
// is changed.

/** turn: {quarters: 0..3 clockwise, mirrored: left and right exchanged first}. */
export function turned(film, { quarters, mirrored }) {
  if (!quarters && !mirrored) return film;
  const across = quarters % 2 === 1;
  const [rows, columns] = across ? [film.columns, film.rows] : [film.rows, film.columns];
  const stored = new film.stored.constructor(rows * columns);
  const { start, down, right } = steps(film, quarters, mirrored);
  for (let row = 0, to = 0; row < rows; row += 1) {
    for (let column = 0, at = start + row * down; column < columns; column += 1, at += right, to += 1) stored[to] = film.stored[at];
  }
  return Object.freeze({
    ...film,
    rows,
    columns,
    stored,
    shownRows: across ? film.shownColumns : film.shownRows,
    shownColumns: across ? film.shownRows : film.shownColumns,
  });
}

/** Where the first value comes from, and how far the next row's and column's are. */
function steps({ rows, columns }, quarters, mirrored) {
  const place = (row, column) => row * columns + (mirrored ? columns - 1 - column : column);
  const from = [
    (row, column) => place(row, column),
    (row, column) => place(rows - 1 - column, row),
    (row, column) => place(rows - 1 - row, columns - 1 - column),
    (row, column) => place(column, columns - 1 - row),
  ][quarters];
  const start = from(0, 0);
  return { start, down: from(1, 0) - start, right: from(0, 1) - start };
}

/** The square {top, left, side} of a film of that size, on the film as it is turned. */
export function turnedSquare(crop, { width, height }, { quarters, mirrored }) {
  if (!crop) return crop;
  let { left, top } = crop;
  const { side } = crop;
  let [across, down] = [width, height];
  if (mirrored) left = across - left - side;
  for (let quarter = 0; quarter < quarters; quarter += 1) {
    [left, top] = [down - top - side, left];
    [across, down] = [down, across];
  }
  return { left, top, side };
}

/** A mark {x, y} in shares of the film's sides. */
export function turnedMark(mark, turn) {
  const { left, top } = turnedSquare({ left: mark.x, top: mark.y, side: 0 }, { width: 1, height: 1 }, turn);
  return { ...mark, x: left, y: top };
}

/** A picture of the whole film, turned likewise. */
export function turnedPicture(picture, { quarters, mirrored }) {
  if (!picture || (!quarters && !mirrored)) return picture;
  const [width, height] = [picture.naturalWidth ?? picture.width, picture.naturalHeight ?? picture.height];
  const canvas = document.createElement("canvas");
  const across = quarters % 2 === 1;
  Object.assign(canvas, { width: across ? height : width, height: across ? width : height });
  const context = canvas.getContext("2d");
  context.translate(canvas.width / 2, canvas.height / 2);
  context.rotate((quarters * Math.PI) / 2);
  if (mirrored) context.scale(-1, 1);
  context.drawImage(picture, -width / 2, -height / 2);
  return canvas;
}
