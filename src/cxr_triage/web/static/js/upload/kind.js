// Which files say for themselves whom they show, and which must be asked.

const SIGNATURES = [
  [0x89, 0x50, 0x4e, 0x47], // PNG
  [0xff, 0xd8, 0xff], // JPEG
  [0x49, 0x49, 0x2a, 0x00], [0x4d, 0x4d, 0x00, 0x2a], [0x49, 0x49, 0x2b, 0x00], [0x4d, 0x4d, 0x00, 0x2b], // TIFF
  [0x47, 0x49, 0x46, 0x38], // GIF
  [0x00, 0x00, 0x00, 0x0c, 0x6a, 0x50, 0x20, 0x20], [0xff, 0x4f, 0xff, 0x51], // JPEG 2000
];
const DICM_AT = 128;

/** Is it a picture, which has no patient in it? Rejects if the browser may not read the file. */
export async function isPicture(file) {
  const bytes = new Uint8Array(await file.slice(0, DICM_AT + 4).arrayBuffer());
  const text = (from, to) => String.fromCharCode(...bytes.slice(from, to));
  if (text(DICM_AT, DICM_AT + 4) === "DICM") return false; // whatever stands before it
  if (text(0, 4) === "RIFF" && text(8, 12) === "WEBP") return true;
  if (text(0, 2) === "BM" && bytes.slice(6, 10).every((byte) => byte === 0)) return true;
  return SIGNATURES.some((signature) => signature.every((byte, at) => bytes[at] === byte));
}
