// Small pictures of pictures, made in the browser one after the other: a phone's are large.

const SIDE = 192; // pixels: two for each that is shown
let last = Promise.resolve();

/** Draws `file` on `canvas` when its turn has come; false if the browser cannot read it. */
export function drawSmall(file, canvas) {
  last = last.then(() => draw(file, canvas, SIDE));
  return last;
}

/** The same at once, so many pixels wide. */
export async function draw(file, canvas, width) {
  const options = { resizeWidth: width, resizeQuality: "medium" };
  const bitmap = await createImageBitmap(file, options).catch(() => null);
  if (!bitmap) return false;
  canvas.width = bitmap.width;
  canvas.height = bitmap.height;
  canvas.getContext("2d").drawImage(bitmap, 0, 0);
  bitmap.close();
  return true;
}
