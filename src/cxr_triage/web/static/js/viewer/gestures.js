// Mouse, pen and fingers on the film, told as what they mean.

const WHEEL_STEP = 1.0015;

/**
 * on: {window(dx, dy), move(dx, dy), zoom(factor, at), rest()}; distances in pixels of the
 * page, places from the element's corner. tool(): what a plain drag does, "window" or "move".
 * Two fingers always move and zoom; so do the other buttons and a drag with Shift.
 */
export function listen(element, tool, on) {
  const fingers = new Map();
  const place = (event) => {
    const box = element.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };

  element.addEventListener("pointerdown", (event) => {
    element.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, { ...place(event), moves: event.button > 0 || event.shiftKey });
    event.preventDefault();
  });
  element.addEventListener("pointermove", (event) => {
    const before = fingers.get(event.pointerId);
    if (!before) return;
    const now = { ...place(event), moves: before.moves };
    fingers.set(event.pointerId, now);
    if (fingers.size === 2) pinch([...fingers].find(([id]) => id !== event.pointerId)[1], before, now, on);
    else drag(before.moves ? "move" : tool(), now.x - before.x, now.y - before.y, on);
  });
  for (const kind of ["pointerup", "pointercancel"]) {
    element.addEventListener(kind, (event) => {
      if (fingers.delete(event.pointerId)) on.rest();
    });
  }
  element.addEventListener("wheel", (event) => {
    event.preventDefault();
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 30 : 1;
    on.zoom(WHEEL_STEP ** (-event.deltaY * lines), place(event));
  }, { passive: false });
  element.addEventListener("contextmenu", (event) => event.preventDefault());
}

function drag(tool, dx, dy, on) {
  if (tool === "move") on.move(dx, dy);
  else on.window(dx, dy);
}

function pinch(still, before, now, on) {
  const distance = (one) => Math.max(8, Math.hypot(one.x - still.x, one.y - still.y));
  on.move((now.x - before.x) / 2, (now.y - before.y) / 2);
  on.zoom(distance(now) / distance(before), { x: (now.x + still.x) / 2, y: (now.y + still.y) / 2 });
}
