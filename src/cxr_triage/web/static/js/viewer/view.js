// Where the film lies on the screen: frozen values, no drawing.
//
// `scale` is pixels of the screen for one pixel of the film shown; `x`, `y` are where the
// film's top left corner lies, in pixels of the screen. `size` is {width, height} of either.

const MOST = 16;
const KEPT = 48; // pixels of the film that always stay on the screen

/** The whole film, in the middle. */
export function fitted(film, screen) {
  const scale = Math.min(screen.width / film.width, screen.height / film.height);
  return centred(scale, film, screen);
}

/** One pixel of the film for one of the screen, with the film's middle in the middle. */
export function actualSize(view, film, screen) {
  return scaled(view, film, screen, 1, { x: screen.width / 2, y: screen.height / 2 });
}

/** Zoomed by `factor` so that what lies under the point `at` stays there. */
export function zoomed(view, film, screen, factor, at) {
  return scaled(view, film, screen, view.scale * factor, at);
}

function scaled(view, film, screen, wanted, at) {
  const least = Math.min(1, fitted(film, screen).scale) / 2;
  const scale = Math.min(MOST, Math.max(least, wanted));
  const ratio = scale / view.scale;
  return kept({ scale, x: at.x - (at.x - view.x) * ratio, y: at.y - (at.y - view.y) * ratio }, film, screen);
}

export function moved(view, film, screen, dx, dy) {
  return kept({ scale: view.scale, x: view.x + dx, y: view.y + dy }, film, screen);
}

/** The same part of the film after the screen changed its size. */
export function resized(view, film, before, after) {
  const [dx, dy] = [(after.width - before.width) / 2, (after.height - before.height) / 2];
  return moved(view, film, after, dx, dy);
}

/** A rectangle of the film {left, top, width, height} on the screen. */
export function onScreen(view, box) {
  const { x, y } = corner(view);
  return {
    left: x + box.left * view.scale,
    top: y + box.top * view.scale,
    width: box.width * view.scale,
    height: box.height * view.scale,
  };
}

function centred(scale, film, screen) {
  return Object.freeze({
    scale,
    x: (screen.width - film.width * scale) / 2,
    y: (screen.height - film.height * scale) / 2,
  });
}

/** Never so far away that nobody finds the film again. */
function kept(view, film, screen) {
  const limit = (at, length, room) => Math.min(room - KEPT, Math.max(KEPT - length, at));
  return Object.freeze({
    scale: view.scale,
    x: limit(view.x, film.width * view.scale, screen.width),
    y: limit(view.y, film.height * view.scale, screen.height),
  });
}

/** The film's corner as it is drawn: on whole pixels, so that at 1:1 each pixel of the film is
 *  one of the screen. The view itself stays exact: small steps must not add up to errors. */
export function corner(view) {
  return { x: Math.round(view.x), y: Math.round(view.y) };
}
