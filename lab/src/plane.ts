// The way from a code to a place on the map, and back: which axes, which scale, turned how far.
//
// code (k) -> coordinates (2 or 3) about a centre -> spread or true -> turned -> drawn (2)

import type { Document, Numbers } from "./document";

export type ScaleName = "spread" | "true";

// As in the figures: of the median distance from the median code.
const UNIT = 0.22;
// The axes may stretch differently, so that a map fills its panel, but no further than this.
const MOST_STRETCH = 1.34;

export interface Turn {
  yaw: number;
  pitch: number;
}

export class Plane {
  /** Directions of the coordinates, each of k numbers. */
  private directions: Float64Array[] = [];
  private origin: Float64Array;
  /** The median of the coordinates, about which Spread pulls apart, and its unit. */
  centre: number[] = [];
  unit = 1;
  private trueFactor = 1;
  private strewn = 0;
  stretch: [number, number] = [1, 1];
  turn: Turn = { yaw: 0, pitch: 0 };
  scale: ScaleName = "spread";
  axes = "";

  constructor(private readonly document: Document) {
    this.origin = new Float64Array(document.k);
  }

  get dimensions(): number {
    return this.directions.length;
  }

  /** Take axes by their name: "1,2" two components, "pca" the widest plane, "3d" three to turn. */
  choose(axes: string): void {
    const { k } = this.document;
    const { axes: widest } = this.document.told;
    this.axes = axes;
    this.origin = new Float64Array(k);
    if ((axes === "pca" || axes === "3d") && widest) {
      const directions = this.document.get(widest.directions);
      const n = axes === "3d" ? 3 : 2;
      this.origin = Float64Array.from(this.document.get(widest.centre));
      this.directions = Array.from({ length: n }, (_, a) =>
        Float64Array.from(directions.subarray(a * k, (a + 1) * k)),
      );
    } else {
      const chosen = axes.split(",").map(Number);
      const valid = chosen.length === 2 && chosen.every((a) => a >= 1 && a <= k) && chosen[0] !== chosen[1];
      const pair = valid ? chosen : [1, 2];
      if (!valid) this.axes = "1,2";
      this.directions = pair.map((a) => {
        const direction = new Float64Array(k);
        if (a <= k) direction[a - 1] = 1;
        return direction;
      });
    }
    this.measure();
  }

  /** The coordinates of one code. */
  coordinates(code: ArrayLike<number>): number[] {
    return this.directions.map((direction) => {
      let sum = 0;
      for (let j = 0; j < direction.length; j++) sum += direction[j] * (code[j] - this.origin[j]);
      return sum;
    });
  }

  /** The coordinates of many codes, less the centre, three numbers each: what the screen draws. */
  centred(codes: Numbers, n: number): Float32Array {
    const { k } = this.document;
    const answer = new Float32Array(3 * n);
    for (let a = 0; a < this.directions.length; a++) {
      const direction = this.directions[a];
      const only = direction.findIndex((v) => v === 1);
      const plain = only >= 0 && direction.every((v, j) => v === (j === only ? 1 : 0));
      const shift = this.centre[a];
      for (let i = 0; i < n; i++) {
        let sum = 0;
        if (plain) sum = codes[i * k + only] - this.origin[only];
        else for (let j = 0; j < k; j++) sum += direction[j] * (codes[i * k + j] - this.origin[j]);
        answer[3 * i + a] = sum - shift;
      }
    }
    if (k === 1) {
      // One number has no second side: points are strewn, so that they do not hide each other.
      for (let i = 0; i < n; i++) {
        answer[3 * i + 1] = this.strewn * ((Math.imul(i + 1, 2654435761) >>> 0) / 2 ** 32 - 0.5);
      }
    }
    return answer;
  }

  private measure(): void {
    const n = this.document.told.data.n_test || this.document.n;
    this.centre = this.directions.map(() => 0);
    const seen = this.centred(this.document.get("codes"), n);
    const column = new Float64Array(n);
    this.centre = this.directions.map((_, a) => {
      for (let i = 0; i < n; i++) column[i] = seen[3 * i + a];
      return median(column);
    });
    const radii = new Float64Array(n);
    for (let i = 0; i < n; i++) {
      radii[i] = Math.hypot(...this.centre.map((middle, a) => seen[3 * i + a] - middle));
    }
    const mean = radii.reduce((sum, r) => sum + r, 0) / n;
    this.unit = UNIT * (median(radii) || mean || 1);
    this.strewn = 4 * this.unit;
    radii.sort();
    // On the true scale all but the farthest hundredth lies within a radius of 1 or so.
    this.trueFactor = 1 / (radii[Math.floor(0.995 * (n - 1))] || 1);
  }

  /** Fill a panel of this shape: the stretch of the axes. */
  fill(extent: [number, number], panel: [number, number]): void {
    const ratio = panel[0] / panel[1] / (extent[0] / extent[1] || 1);
    const s = Math.sqrt(Math.min(MOST_STRETCH, Math.max(1 / MOST_STRETCH, ratio)));
    this.stretch = this.dimensions === 3 || this.scale === "true" ? [1, 1] : [s, 1 / s];
  }

  /** What multiplies a radius r about the centre. */
  factor(r: number): number {
    if (this.scale === "true") return this.trueFactor;
    const u = r / this.unit;
    return u > 0 ? Math.asinh(u) / u / this.unit : 1 / this.unit;
  }

  get trueScaleFactor(): number {
    return this.trueFactor;
  }

  /** Where centred coordinates are drawn. */
  drawn(x: number, y: number, z = 0): [number, number] {
    const f = this.factor(Math.hypot(x, y, z));
    const [u, v] = this.turned(x * f, y * f, z * f);
    return [u * this.stretch[0], v * this.stretch[1]];
  }

  private turned(x: number, y: number, z: number): [number, number, number] {
    if (this.dimensions < 3) return [x, y, 0];
    const { yaw, pitch } = this.turn;
    const [c, s, d, t] = [Math.cos(yaw), Math.sin(yaw), Math.cos(pitch), Math.sin(pitch)];
    const [x1, z1] = [c * x + s * z, -s * x + c * z];
    return [x1, d * y - t * z1, t * y + d * z1];
  }

  private turnedBack(x: number, y: number, z: number): [number, number, number] {
    if (this.dimensions < 3) return [x, y, 0];
    const { yaw, pitch } = this.turn;
    const [c, s, d, t] = [Math.cos(yaw), Math.sin(yaw), Math.cos(pitch), Math.sin(pitch)];
    const [y1, z1] = [d * y + t * z, -t * y + d * z];
    return [c * x - s * z1, y1, s * x + c * z1];
  }

  place(code: ArrayLike<number>): [number, number] {
    const [x, y, z] = this.coordinates(code).map((v, a) => v - this.centre[a]);
    return this.drawn(x, y, z);
  }

  /**
   * The code that is drawn at a place. Whatever the map does not show (further components, and how
   * deep in a turned map) stays as it is in `base`.
   */
  code(u: number, v: number, base: ArrayLike<number>): Float64Array {
    const was = this.coordinates(base);
    const [a, b] = [u / this.stretch[0], v / this.stretch[1]];
    let depth = 0;
    if (this.dimensions === 3) {
      const centred = was.map((w, i) => w - this.centre[i]);
      const f = this.factor(Math.hypot(...centred));
      depth = this.turned(centred[0] * f, centred[1] * f, centred[2] * f)[2];
    }
    const [x, y, z] = this.turnedBack(a, b, depth);
    const r = Math.hypot(x, y, z);
    let back = 1 / this.trueFactor;
    if (this.scale === "spread") back = r > 0 ? (Math.sinh(Math.min(r, 300)) / r) * this.unit : this.unit;
    const wanted = [x * back, y * back, z * back].map((w, i) => w + (this.centre[i] ?? 0));
    const answer = Float64Array.from(base);
    this.directions.forEach((direction, i) => {
      const move = wanted[i] - was[i];
      for (let j = 0; j < answer.length; j++) answer[j] += direction[j] * move;
    });
    return answer;
  }

  /** A code whose coordinates are these, the rest of it as in `base`. */
  at(coordinates: number[], base: ArrayLike<number>): Float64Array {
    const was = this.coordinates(base);
    const answer = Float64Array.from(base);
    this.directions.forEach((direction, i) => {
      for (let j = 0; j < answer.length; j++) answer[j] += direction[j] * (coordinates[i] - was[i]);
    });
    return answer;
  }

  /** Round true radii that reach to a drawn radius, at most five, and where they are drawn. */
  rings(reach: number): { radius: number; drawn: number }[] {
    if (this.scale === "true") return [];
    const largest = this.unit * Math.sinh(Math.min(reach, 300));
    const first = Math.floor(Math.log10(this.unit));
    const last = Math.ceil(Math.log10(largest));
    const radii = (steps: number[]) => {
      const found: number[] = [];
      for (let e = first; e <= last; e++) for (const s of steps) found.push(s * 10 ** e);
      return found.filter((r) => r >= this.unit && r <= largest);
    };
    const fine = radii([1, 3]);
    const kept = fine.length <= 5 ? fine : radii([1]);
    const every = Math.max(1, Math.ceil(kept.length / 5));
    return kept
      .filter((_, i) => i % every === 0)
      .map((radius) => ({ radius, drawn: Math.asinh(radius / this.unit) }));
  }
}

export function median(values: ArrayLike<number>): number {
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
