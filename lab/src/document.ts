// The document as Python writes it (src/inscape/lab/document.py): a description and blobs of numbers.

export const FORMAT = 1;

export type Numbers = Uint8Array | Int32Array | Float32Array | Float64Array;

export type Step =
  // With `scales` weights are bytes: 128 is 0, and a tone of each row is worth its scale.
  | { type: "linear"; n_in: number; n_out: number; weight: string; bias: string | null; scales?: string }
  | { type: "linear_path"; linear: Step; beside: Step[] | null; limit: number | null }
  | { type: "affine"; shift: string; scale: string }
  | { type: "leaky_relu"; slope: number }
  | { type: "relu" | "elu" | "gelu" | "silu" | "softplus" | "sigmoid" | "tanh" }
  | { type: "continuous_bernoulli" }
  | { type: "affine_forward"; shift: string; scale: string }
  | { type: "take"; n: number };

export type DecoderDescription =
  | { type: "steps"; steps: Step[] }
  | { type: "server" }
  | { type: "none" }
  | {
      type: "grid";
      blob: string;
      centre: number[];
      unit: number;
      low: number[];
      high: number[];
      size: number;
    };

export interface Moment {
  step: number;
  epoch: number;
  error: number;
  blob: string;
}

/** Which units of a layer are shown: rows of a blob of weights for `reads`, columns for `writes`. */
export interface TilesDescription {
  weight: string;
  n_units: number;
  units: number[];
}

/** What is kept of the moments before the end; the blobs in `stacked` have a place for each. */
export interface Earlier {
  reads: { blob: string; scales: string } | null;
  writes: { blob: string; scales: string } | null;
  /** Decoders, and how far 8 bits move a value (root mean square); null where they are too large. */
  decoders: { steps: Step[]; off: number }[] | null;
  stacked: string[];
}

export interface Description {
  format: number;
  title: string;
  noun: string;
  provenance: Record<string, unknown>;
  data: {
    name: string;
    n_test: number;
    /** Whether there are two parts, test rows and those that were learned from. */
    parts: boolean;
    n_train: number;
    n_features: number;
    image_shape: number[] | null;
    /** Values of paper and of full ink, where rows are pictures. */
    shown: [number, number] | null;
    feature_names: string[] | null;
    rows: { blob: string; high: number | null };
  };
  classes: { names: string[] | null; places: number[] | null; blob: string } | null;
  model: {
    name: string;
    widths: number[] | null;
    n_components: number;
    component_names: string[];
    space: string;
  };
  axes: { centre: string; directions: string } | null;
  errors: {
    unit: string;
    blob: string;
    test: number;
    baseline: { name: string; blob: string; test: number } | null;
  };
  curve: Moment[];
  posterior: { blob: string; prior: string | null } | null;
  decoder: DecoderDescription;
  encoder?: { type: "steps"; steps: Step[] } | { type: "server" } | { type: "none" };
  tiles?: { reads: TilesDescription | null; writes: TilesDescription | null };
  earlier?: Earlier | null;
  capabilities?: string[];
  blobs: Record<string, { type: string; shape: number[] }>;
}

const ARRAYS: Record<string, new (buffer: ArrayBuffer) => Numbers> = {
  uint8: Uint8Array,
  int32: Int32Array,
  float32: Float32Array,
  float64: Float64Array,
};

/** A description with the blobs that have come; rows come last, and somebody may wait for them. */
export class Document {
  private readonly blobs = new Map<string, Numbers>();
  private waiting: (() => void)[] = [];
  readonly n: number;
  readonly k: number;

  constructor(readonly told: Description) {
    if (told.format !== FORMAT) {
      throw new Error(
        `This page reads documents of format ${FORMAT}; this one has format ${told.format}: ` +
          "open it with the version of inscape that made it.",
      );
    }
    this.n = told.data.n_test + told.data.n_train;
    this.k = told.model.n_components;
  }

  add(name: string, buffer: ArrayBuffer): void {
    const { type, shape } = this.told.blobs[name];
    const array = new ARRAYS[type](buffer);
    const size = shape.reduce((product, width) => product * width, 1);
    if (array.length !== size) {
      throw new Error(`The document is damaged: ${name} must hold ${size} numbers; it has ${array.length}.`);
    }
    this.blobs.set(name, array);
    if (name === this.told.data.rows.blob) this.waiting.splice(0).forEach((call) => call());
  }

  get(name: string): Numbers {
    const found = this.blobs.get(name);
    if (!found) throw new Error(`${name} has not come yet`);
    return found;
  }

  /** A blob as it was at a moment, where it has a place for each. */
  getThen(name: string, moment: number): Numbers {
    const whole = this.get(name);
    const { earlier, blobs } = this.told;
    if (!earlier?.stacked.includes(name)) return whole;
    const size = whole.length / blobs[name].shape[0];
    return whole.subarray(moment * size, (moment + 1) * size);
  }

  get hasRows(): boolean {
    return this.blobs.has(this.told.data.rows.blob);
  }

  whenRows(call: () => void): void {
    if (this.hasRows) call();
    else this.waiting.push(call);
  }

  /** One row in the units of the data, or null where the rows are still coming. */
  row(index: number): Float64Array | null {
    if (!this.hasRows) return null;
    const { n_features, rows } = this.told.data;
    const all = this.get(rows.blob);
    const found = Float64Array.from(all.subarray(index * n_features, (index + 1) * n_features));
    if (rows.high !== null) for (let j = 0; j < n_features; j++) found[j] *= rows.high / 255;
    return found;
  }

  code(index: number): Float64Array {
    return Float64Array.from(this.get("codes").subarray(index * this.k, (index + 1) * this.k));
  }

  isTest(index: number): boolean {
    return index < this.told.data.n_test;
  }

  /** A class of a row by its place in the names, or -1. */
  classOf(index: number): number {
    const { classes } = this.told;
    return classes?.names ? this.get(classes.blob)[index] : -1;
  }

  className(index: number): string | null {
    const { classes } = this.told;
    if (!classes) return null;
    const value = this.get(classes.blob)[index];
    return classes.names ? classes.names[value] : tell(value);
  }

  /** What the rows that errors are told of are called, such as "test digits", or "digits" where all are alike. */
  get tested(): string {
    return `${this.told.data.parts ? "test " : ""}${this.told.noun}s`;
  }

  /** What a row is called, such as "Test digit 9,007". */
  rowName(index: number): string {
    const { n_test, parts } = this.told.data;
    if (!parts) return `${this.told.noun[0].toUpperCase()}${this.told.noun.slice(1)} ${count(index)}`;
    const number = this.isTest(index) ? index : index - n_test;
    return `${this.isTest(index) ? "Test" : "Training"} ${this.told.noun} ${count(number)}`;
  }
}

export function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let j = 0; j < a.length; j++) sum += (a[j] - b[j]) ** 2;
  return Math.sqrt(sum);
}

/** A number with four significant digits and a real minus sign. */
export function tell(value: number, digits = 4): string {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  const text =
    size !== 0 && (size >= 1e6 || size < 1e-4)
      ? value.toExponential(Math.max(0, digits - 2))
      : size >= 1000
        ? Math.round(value).toLocaleString("en-US")
        : String(Number(value.toPrecision(digits)));
  return text.replace("-", "−");
}

/** A number with a fixed number of decimals and a real minus sign. */
export function fixed(value: number, decimals: number): string {
  return value.toFixed(decimals).replace("-", "−");
}

/** A number with the digits that tell the rows of a column apart, whose spread this is. */
export function tellBy(value: number, spread: number): string {
  if (!(spread > 0)) return tell(value);
  const decimals = Math.min(12, Math.max(0, 2 - Math.floor(Math.log10(spread))));
  if (Math.abs(value) >= 1e15 || decimals > 8) return tell(value, 6);
  const options = { minimumFractionDigits: 0, maximumFractionDigits: decimals };
  return value.toLocaleString("en-US", options).replace("-", "−");
}

// To ask a number itself makes a new one of these each time.
const WHOLE = new Intl.NumberFormat("en-US");

export function count(value: number): string {
  return WHOLE.format(value);
}

export function plural(noun: string, n: number): string {
  return `${count(n)} ${noun}${n === 1 ? "" : "s"}`;
}
