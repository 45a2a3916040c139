// From codes to rows: by the steps of a dense decoder here in the page, by a grid, or by a server.

import { count, type Document, type Numbers, type Step, tell } from "./document";

export interface Decoder {
  /** What a reader has to know of its answers, or "". */
  readonly note: string;
  /** Whether answers come at once. */
  readonly local: boolean;
  /** Rows of codes; those of a local decoder are ready when this returns. */
  decode(codes: Float64Array[]): Float64Array[] | Promise<Float64Array[]>;
}

export type Ask = (codes: number[][]) => Promise<number[][]>;

/** The decoder of a document, or null where nothing here can decode. */
export function makeDecoder(document: Document, ask: Ask | null): Decoder | null {
  const { decoder } = document.told;
  if (decoder.type === "steps") return new Stepwise(decoder.steps, (name) => document.get(name));
  if (decoder.type === "grid") return new Interpolated(document, decoder);
  if (decoder.type === "server" && ask) {
    return {
      note: "",
      local: false,
      decode: async (codes) => {
        const rows = await ask(codes.map((code) => Array.from(code)));
        return rows.map((row) => Float64Array.from(row));
      },
    };
  }
  return null;
}

/** The decoder of a document as it was at a moment before the end, or null where it was not kept. */
export function makeEarlierDecoder(document: Document, moment: number): Decoder | null {
  const kept = document.told.earlier?.decoders?.[moment];
  if (!kept) return null;
  const { step } = document.told.curve[moment];
  const unit = document.told.errors.unit.includes("variance") ? " standard deviations" : "";
  const off = kept.off > 0.0005 ? `, kept in 8 bits: off by ${tell(kept.off, 1)}${unit}` : "";
  const note = `The decoder is that of step ${count(step)}${off}.`;
  return new Stepwise(kept.steps, (name) => document.getThen(name, moment), note);
}

/** The encoder of a document as a function of one row, or null where the page cannot encode. */
export function makeEncoder(document: Document): ((row: Float64Array) => Float64Array) | null {
  const { encoder } = document.told;
  if (encoder?.type !== "steps") return null;
  const layers = encoder.steps.map((step) => layerOf(step, (name) => document.get(name)));
  return (row) => layers.reduce((values, layer) => layer(values), row);
}

type Layer = (values: Float64Array) => Float64Array;
type Get = (name: string) => Numbers;

class Stepwise implements Decoder {
  readonly local = true;
  private readonly layers: Layer[];

  constructor(
    steps: Step[],
    get: Get,
    readonly note = "",
  ) {
    this.layers = steps.map((step) => layerOf(step, get));
  }

  decode(codes: Float64Array[]): Float64Array[] {
    return codes.map((code) => this.layers.reduce((values, layer) => layer(values), code));
  }
}

function layerOf(step: Step, get: Get): Layer {
  switch (step.type) {
    case "linear":
      return product(
        step.scales ? fromBytes(get(step.weight), get(step.scales)) : get(step.weight),
        step.bias === null ? null : get(step.bias),
        step.n_in,
        step.n_out,
      );
    case "linear_path": {
      const linear = layerOf(step.linear, get);
      const beside = step.beside?.map((inner) => layerOf(inner, get)) ?? null;
      const { limit } = step;
      return (values) => {
        const answer = linear(values);
        if (!beside) return answer;
        let seen = values;
        if (limit !== null) {
          const mean = values.reduce((sum, v) => sum + v * v, 0) / values.length;
          const factor = 1 / Math.sqrt(1 + mean / limit ** 2);
          seen = values.map((v) => v * factor);
        }
        const more = beside.reduce((current, layer) => layer(current), seen);
        for (let j = 0; j < answer.length; j++) answer[j] += more[j];
        return answer;
      };
    }
    case "affine": {
      const [shift, scale] = [get(step.shift), get(step.scale)];
      const [a, b] = [shift.length > 1 ? 1 : 0, scale.length > 1 ? 1 : 0];
      return (values) => values.map((v, j) => v * scale[b * j] + shift[a * j]);
    }
    case "affine_forward": {
      const [shift, scale] = [get(step.shift), get(step.scale)];
      const [a, b] = [shift.length > 1 ? 1 : 0, scale.length > 1 ? 1 : 0];
      return (values) => values.map((v, j) => (v - shift[a * j]) / scale[b * j]);
    }
    case "take":
      return (values) => values.slice(0, step.n);
    case "leaky_relu":
      return each((v) => (v >= 0 ? v : step.slope * v));
    case "continuous_bernoulli":
      return each(continuousBernoulliMean);
    default:
      return each(FUNCTIONS[step.type]);
  }
}

/** Weights of 8 bits as numbers again, row by row. */
export function fromBytes(bytes: Numbers, scales: Numbers): Float32Array {
  const answer = new Float32Array(bytes.length);
  const width = bytes.length / scales.length;
  for (let i = 0, at = 0; i < scales.length; i++) {
    for (let j = 0; j < width; j++, at++) answer[at] = (bytes[at] - 128) * scales[i];
  }
  return answer;
}

const sigmoid = (v: number) => (v >= 0 ? 1 / (1 + Math.exp(-v)) : Math.exp(v) / (1 + Math.exp(v)));

const FUNCTIONS: Record<string, (v: number) => number> = {
  relu: (v) => (v > 0 ? v : 0),
  elu: (v) => (v > 0 ? v : Math.expm1(v)),
  gelu: (v) => 0.5 * v * (1 + erf(v / Math.SQRT2)),
  silu: (v) => v * sigmoid(v),
  softplus: (v) => (v > 20 ? v : Math.log1p(Math.exp(v))),
  sigmoid,
  tanh: Math.tanh,
};

function each(activate: (v: number) => number): Layer {
  return (values) => {
    const answer = new Float64Array(values.length);
    for (let j = 0; j < values.length; j++) answer[j] = activate(values[j]);
    return answer;
  };
}

function product(weight: Numbers, bias: Numbers | null, nIn: number, nOut: number): Layer {
  return (values) => {
    const answer = new Float64Array(nOut);
    for (let i = 0, at = 0; i < nOut; i++) {
      let sum = bias ? bias[i] : 0;
      for (let j = 0; j < nIn; j++, at++) sum += weight[at] * values[j];
      answer[i] = sum;
    }
    return answer;
  };
}

/** W. J. Cody's sense of erf by its series and continued fraction, to 1e-12. */
function erf(x: number): number {
  const size = Math.abs(x);
  if (size > 6) return Math.sign(x);
  if (size < 2.5) {
    let [term, sum] = [x, x];
    for (let n = 1; n < 80 && Math.abs(term) > 1e-17; n++) {
      term *= -(x * x) / n;
      sum += term / (2 * n + 1);
    }
    return (2 / Math.sqrt(Math.PI)) * sum;
  }
  let fraction = 0;
  for (let n = 60; n > 0; n--) fraction = n / 2 / (size + fraction);
  const tail = Math.exp(-size * size) / ((size + fraction) * Math.sqrt(Math.PI));
  return Math.sign(x) * (1 - tail);
}

function continuousBernoulliMean(v: number): number {
  if (Math.abs(v) < 0.05) return 0.5 + v / 12 - v ** 3 / 720 + v ** 5 / 30240;
  return -1 / Math.expm1(-v) - 1 / v;
}

/** A grid of rows that was decoded beforehand, and is interpolated between its places. */
class Interpolated implements Decoder {
  readonly note: string;
  readonly local = true;
  private readonly rows: Numbers;

  constructor(
    private readonly document: Document,
    private readonly told: {
      blob: string;
      centre: number[];
      unit: number;
      low: number[];
      high: number[];
      size: number;
    },
  ) {
    this.rows = document.get(told.blob);
    this.note = "Decoded beforehand at some places, and interpolated between them";
    this.note += document.k > 2 ? "; what leads out of the widest plane is not seen." : ".";
  }

  /** The two coordinates of a code in the plane that was decoded: its own, or the widest. */
  private coordinates(code: Float64Array): number[] {
    const { axes } = this.document.told;
    if (!axes) return [code[0], code[1] ?? 0];
    const [centre, directions] = [this.document.get(axes.centre), this.document.get(axes.directions)];
    const { k } = this.document;
    return [0, 1].map((a) => code.reduce((sum, v, j) => sum + directions[a * k + j] * (v - centre[j]), 0));
  }

  decode(codes: Float64Array[]): Float64Array[] {
    return codes.map((code) => this.one(code));
  }

  private one(code: Float64Array): Float64Array {
    const { centre, unit, low, high, size } = this.told;
    const { n_features, rows } = this.document.told.data;
    const away = this.coordinates(code).map((v, a) => (v - centre[a]) / unit);
    const radius = Math.hypot(away[0], away[1]);
    const ratio = radius > 0 ? Math.asinh(radius) / radius : 1;
    const place = away.map((v, a) => {
      const at = ((v * ratio - low[a]) / (high[a] - low[a])) * (size - 1);
      return Math.min(size - 1.000001, Math.max(0, at));
    });
    const [x, y] = place.map(Math.floor);
    const [fx, fy] = [place[0] - x, place[1] - y];
    const answer = new Float64Array(n_features);
    const factor = rows.high === null || !(this.rows instanceof Uint8Array) ? 1 : rows.high / 255;
    for (const [dx, dy, weight] of [
      [0, 0, (1 - fx) * (1 - fy)],
      [1, 0, fx * (1 - fy)],
      [0, 1, (1 - fx) * fy],
      [1, 1, fx * fy],
    ]) {
      const at = ((y + dy) * size + x + dx) * n_features;
      for (let j = 0; j < n_features; j++) answer[j] += weight * factor * this.rows[at + j];
    }
    return answer;
  }
}
