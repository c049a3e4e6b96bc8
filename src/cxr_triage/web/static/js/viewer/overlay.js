// What lies over the film: the square that the model saw, and a finding's heatmap.

import { onScreen } from "./view.js";

const LINE = "rgba(150, 180, 215, 0.75)";
const HATCH = "rgba(150, 180, 215, 0.30)";
const HATCH_STEP = 14;

/** overlay: {view, size, crop, showBox, map, opacity, marks}; `map` is a picture of the whole film,
 *  marks {x, y, text} in shares of its sides. */
export function drawOverlay(canvas, { view, size, crop, showBox, map, opacity, marks = [] }) {
  const context = canvas.getContext("2d");
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, canvas.width, canvas.height);
  if (!crop || !view) return;
  const film = onScreen(view, { left: 0, top: 0, ...size });
  const box = onScreen(view, { left: crop.left, top: crop.top, width: crop.side, height: crop.side });
  if (map) drawMap(context, map, film, box, opacity);
  if (showBox) {
    hatchOutside(context, film, box, canvas);
    outline(context, box);
  }
  for (const mark of marks) number(context, film, mark, canvas);
}

/** A number in a circle, as large on every screen. */
function number(context, film, { x, y, text }, canvas) {
  const radius = 10 * (canvas.width / (canvas.clientWidth || canvas.width));
  const [left, top] = [film.left + x * film.width, film.top + y * film.height];
  context.fillStyle = "rgba(11, 13, 16, 0.85)";
  context.strokeStyle = "#fff";
  context.lineWidth = radius / 8;
  context.beginPath();
  context.arc(left, top, radius, 0, 2 * Math.PI);
  context.fill();
  context.stroke();
  context.fillStyle = "#fff";
  context.font = `700 ${1.2 * radius}px sans-serif`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(text, left, top);
}

/** The map ends where the square ends, to the pixel. */
function drawMap(context, map, film, box, opacity) {
  context.save();
  context.beginPath();
  context.rect(box.left, box.top, box.width, box.height);
  context.clip();
  context.globalAlpha = opacity;
  context.imageSmoothingEnabled = true;
  context.imageSmoothingQuality = "high";
  context.drawImage(map, film.left, film.top, film.width, film.height);
  context.restore();
}

function hatchOutside(context, film, box, canvas) {
  context.save();
  context.beginPath();
  context.rect(film.left, film.top, film.width, film.height);
  context.rect(box.left, box.top, box.width, box.height);
  context.clip("evenodd");
  context.strokeStyle = HATCH;
  context.lineWidth = 1;
  context.beginPath();
  for (let x = -canvas.height; x < canvas.width; x += HATCH_STEP) {
    context.moveTo(x, canvas.height);
    context.lineTo(x + canvas.height, 0);
  }
  context.stroke();
  context.restore();
}

function outline(context, box) {
  context.strokeStyle = LINE;
  context.lineWidth = 1;
  context.strokeRect(Math.round(box.left) + 0.5, Math.round(box.top) + 0.5, Math.round(box.width) - 1, Math.round(box.height) - 1);
}
