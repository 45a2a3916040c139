// Nearest rows: in code space, and in the data itself.

import type { Lab } from "./lab";

/** The rows whose data are nearest to those of a row; columns of a table count by their spread. */
export function nearestRows(lab: Lab, row: number, n: number, most: number): number[] {
  const { n_features, rows } = lab.document.told.data;
  const own = lab.document.get(rows.blob).subarray(row * n_features, (row + 1) * n_features);
  return nearestTo(lab, own, row, n, most);
}

/** The rows nearest to a picture of somebody's, in the units of the data. */
export function nearestToPicture(lab: Lab, picture: Float64Array, n: number, most: number): number[] {
  const { high } = lab.document.told.data.rows;
  const own = high === null ? picture : picture.map((v) => (v * 255) / high);
  return nearestTo(lab, own, -1, n, most);
}

function nearestTo(lab: Lab, own: ArrayLike<number>, row: number, n: number, most: number): number[] {
  const { n_features, rows } = lab.document.told.data;
  const all = lab.document.get(rows.blob);
  const weights = lab.pictures ? null : lab.columns().spreads.map((s) => (s > 0 ? 1 / s ** 2 : 0));
  return smallest(n, row, most, (i) => {
    let sum = 0;
    for (let j = 0, at = i * n_features; j < n_features; j++, at++) {
      const away = all[at] - own[j];
      sum += weights ? away * away * weights[j] : away * away;
    }
    return sum;
  });
}

/** The rows whose codes are nearest to a code, at a moment; `row` is its own, or -1. */
export function nearestCodes(
  lab: Lab, code: ArrayLike<number>, row: number, n: number, most: number, moment: number | null = null,
): number[] {
  const { k } = lab.document;
  const codes = lab.codesAt(moment);
  return smallest(n, row, most, (i) => {
    let sum = 0;
    for (let j = 0; j < k; j++) sum += (codes[i * k + j] - code[j]) ** 2;
    return sum;
  });
}

function smallest(n: number, except: number, most: number, far: (i: number) => number): number[] {
  const best: [number, number][] = [];
  for (let i = 0; i < n; i++) {
    if (i === except) continue;
    const away = far(i);
    if (best.length === most && away >= best[most - 1][0]) continue;
    const at = best.findIndex(([other]) => away < other);
    best.splice(at < 0 ? best.length : at, 0, [away, i]);
    if (best.length > most) best.pop();
  }
  return best.map(([, i]) => i);
}
