// What a person takes along: pictures, films of a path, and rows of a selection.

import { applyPalette, GIFEncoder, quantize } from "gifenc";
import type { Lab } from "./lab";

/** Hand a file over, as a click on a link would. */
export function offer(name: string, blob: Blob): void {
  const address = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

export function savePicture(name: string, canvas: HTMLCanvasElement): void {
  canvas.toBlob((blob) => blob && offer(name, blob), "image/png");
}

/** Codes along a path, evenly spaced by where they are drawn. */
export function along(lab: Lab, n: number): Float64Array[] {
  const { path, plane } = lab;
  if (path.length < 2) return path;
  const places = path.map((code) => plane.place(code));
  const lengths = [0];
  for (let i = 1; i < path.length; i++) {
    const [[a, b], [c, d]] = [places[i - 1], places[i]];
    lengths.push(lengths[i - 1] + Math.hypot(c - a, d - b));
  }
  const whole = lengths[lengths.length - 1] || 1;
  let i = 1;
  return Array.from({ length: n }, (_, step) => {
    const wanted = (step / (n - 1)) * whole;
    while (i < path.length - 1 && lengths[i] < wanted) i++;
    const share = (wanted - lengths[i - 1]) / (lengths[i] - lengths[i - 1] || 1);
    return path[i - 1].map((v, j) => v + Math.min(1, Math.max(0, share)) * (path[i][j] - v));
  });
}

/** A film of the decoded path, there and back. */
export async function saveFilm(lab: Lab): Promise<void> {
  const { decoder, pictures, theme } = lab;
  if (!decoder || !pictures) return;
  const rows = await decoder.decode(along(lab, 40));
  const scale = Math.max(1, Math.round(168 / pictures.width));
  const [width, height] = [pictures.width * scale, pictures.height * scale];
  const encoder = GIFEncoder();
  const frames = rows.map((row) => {
    const large = document.createElement("canvas");
    [large.width, large.height] = [width, height];
    const context = large.getContext("2d")!;
    pictures.stamp(context, pictures.pixels(row, theme), 0, 0, width);
    return context.getImageData(0, 0, width, height).data;
  });
  for (const frame of [...frames, ...frames.slice(1, -1).reverse()]) {
    const palette = quantize(frame, 64);
    encoder.writeFrame(applyPalette(frame, palette), width, height, { palette, delay: 70 });
  }
  encoder.finish();
  offer("path.gif", new Blob([encoder.bytes()], { type: "image/gif" }));
}

/** Rows as a table: what they are, their codes and their errors. */
export function saveRows(lab: Lab, rows: number[]): void {
  const { document } = lab;
  const { model, data, errors } = document.told;
  const head = [...(data.parts ? ["part"] : []), "row", ...(document.told.classes ? ["label"] : []), ...model.component_names, "error"];
  const all = document.get(errors.blob);
  const lines = rows.map((i) => {
    const test = document.isTest(i);
    const label = document.className(i);
    return [
      ...(data.parts ? [test ? "test" : "training"] : []),
      test ? i : i - data.n_test,
      ...(document.told.classes ? [quoted(label ?? "")] : []),
      ...document.code(i),
      all[i],
    ].join(",");
  });
  offer("selection.csv", new Blob([[head.join(","), ...lines, ""].join("\n")], { type: "text/csv" }));
}

/** A cell of a table: quoted where it must be, and never a formula. */
function quoted(cell: string): string {
  const text = /^[=+\-@\t\r]/.test(cell) && !Number.isFinite(Number(cell)) ? `'${cell}` : cell;
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Rows as Python reads them: places in the test part, and in the training part. */
export function indices(lab: Lab, rows: number[]): string {
  const { n_test, parts: two } = lab.document.told.data;
  if (!two) return `X[[${rows.join(", ")}]]`;
  const test = rows.filter((i) => i < n_test);
  const train = rows.filter((i) => i >= n_test).map((i) => i - n_test);
  const parts = [`data.test.X[[${test.join(", ")}]]`];
  if (train.length) parts.push(`data.train.X[[${train.join(", ")}]]`);
  return parts.join("\n");
}
