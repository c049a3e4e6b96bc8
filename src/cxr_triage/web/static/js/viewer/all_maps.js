// The maps of all flagged findings at once: where any of them lies, and a number at each peak.

const LOOKED_AT = 96; // pixels of the side on which a peak is looked for

/** maps: [{label, map}], pictures of the whole film. One picture of all, and marks {x, y, text} in
 *  shares of its sides. */
export function allMaps(maps) {
  const [{ map: first }] = maps;
  const canvas = Object.assign(document.createElement("canvas"), { width: first.naturalWidth, height: first.naturalHeight });
  const context = canvas.getContext("2d");
  for (const { map } of maps) {
    context.drawImage(map, 0, 0);
    context.globalCompositeOperation = "lighten";
  }
  return { picture: canvas, marks: maps.map(({ map }, at) => ({ ...peak(map), text: String(at + 1) })) };
}

/** The place where a map is strongest: the least transparent, and of those the lightest. */
function peak(map) {
  const canvas = Object.assign(document.createElement("canvas"), { width: LOOKED_AT, height: LOOKED_AT });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(map, 0, 0, LOOKED_AT, LOOKED_AT);
  const { data } = context.getImageData(0, 0, LOOKED_AT, LOOKED_AT);
  let [best, place] = [-1, 0];
  for (let at = 0; at < data.length; at += 4) {
    const strength = data[at + 3] * (data[at] + data[at + 1] + 1);
    if (strength > best) [best, place] = [strength, at / 4];
  }
  return { x: ((place % LOOKED_AT) + 0.5) / LOOKED_AT, y: (Math.floor(place / LOOKED_AT) + 0.5) / LOOKED_AT };
}
