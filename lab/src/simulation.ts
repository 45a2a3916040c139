// Deep linear networks, trained exactly in the few dimensions that their training never leaves.
//
// Items are one-hot, so that a network is a product of matrices W_L ... W_1 that maps each item to
// its features. With the targets' singular value decomposition Y' = U S V' only the outputs along U
// are taught anything; those of all others are one matrix R of as many rows as the last layer has
// inputs, which decays. (src/inscape/dynamics tells the same in Python, and a test compares them.)

export type Matrix = { rows: number; columns: number; values: Float64Array };

export interface Problem {
  /** Targets in the basis of their own singular vectors: (n_modes, n_items). */
  targets: Matrix;
  /** Singular values, the largest first. */
  strengths: number[];
  /** Right singular vectors, (n_items, n_modes). */
  items: Matrix;
  /** Rows of U of the features that have names: (n_named, n_modes). */
  named: Matrix;
  nItems: number;
  /** All features, with and without a name. */
  nFeatures: number;
}

export interface Options {
  rate: number;
  gamma: number;
  hidden: number;
  layers: number;
  epochs: number;
  seed: number;
}

export interface Course {
  start: Matrix[];
  loss: Float64Array;
  /** (n_records, n_modes). */
  modes: Float64Array[];
  /** The taught part of the map after each epoch: (n_modes, n_items). */
  maps: Float64Array[];
  /** Similarity of the items in the last hidden layer after each epoch, or null where there is none. */
  similarity: Float64Array[] | null;
  theory: Float64Array[] | null;
  flow: Float64Array[] | null;
  /** The first epoch at which it has run away, or null. */
  diverged: number | null;
  stableRate: number;
  milliseconds: number;
}

export function matrix(rows: number, columns: number): Matrix {
  return { rows, columns, values: new Float64Array(rows * columns) };
}

/*
 * Items lie in rows here, so that all sums run along memory; they are padded by rows of zeros to a
 * multiple of four, and four are done at a time: a weight that was read is used four times.
 */

/** out[p, i] = sum over h of weight[i, h] below[p, h]. */
function forward(weight: Matrix, below: Float64Array, out: Float64Array, items: number): void {
  const { rows: n, columns: m, values: w } = weight;
  for (let p = 0; p < items; p += 4) {
    const [b0, b1, b2, b3] = [p * m, (p + 1) * m, (p + 2) * m, (p + 3) * m];
    for (let i = 0, at = 0; i < n; i++) {
      let s0 = 0, s1 = 0, s2 = 0, s3 = 0;
      for (let h = 0; h < m; h++, at++) {
        const v = w[at];
        s0 += v * below[b0 + h];
        s1 += v * below[b1 + h];
        s2 += v * below[b2 + h];
        s3 += v * below[b3 + h];
      }
      out[p * n + i] = s0;
      out[(p + 1) * n + i] = s1;
      out[(p + 2) * n + i] = s2;
      out[(p + 3) * n + i] = s3;
    }
  }
}

/** under[p, h] = sum over i of weight[i, h] error[p, i], of the weights as they are. */
function backward(weight: Matrix, error: Float64Array, under: Float64Array, items: number): void {
  const { rows: n, columns: m, values: w } = weight;
  under.fill(0);
  for (let p = 0; p < items; p += 4) {
    const [b0, b1, b2, b3] = [p * m, (p + 1) * m, (p + 2) * m, (p + 3) * m];
    const [r0, r1, r2, r3] = [p * n, (p + 1) * n, (p + 2) * n, (p + 3) * n];
    // Two rows of weights at a time; of an odd number the last one is taken with nothing.
    for (let i = 0; i < n; i += 2) {
      const two = i + 1 < n ? 1 : 0;
      const [at, next] = [i * m, (i + two) * m];
      const [e0, e1, e2, e3] = [error[r0 + i], error[r1 + i], error[r2 + i], error[r3 + i]];
      const f0 = two * error[r0 + i + two];
      const f1 = two * error[r1 + i + two];
      const f2 = two * error[r2 + i + two];
      const f3 = two * error[r3 + i + two];
      for (let h = 0; h < m; h++) {
        const v = w[at + h];
        const u = w[next + h];
        under[b0 + h] += v * e0 + u * f0;
        under[b1 + h] += v * e1 + u * f1;
        under[b2 + h] += v * e2 + u * f2;
        under[b3 + h] += v * e3 + u * f3;
      }
    }
  }
}

/** weight[i, h] -= step * sum over p of error[p, i] below[p, h]. */
function descend(weight: Matrix, error: Float64Array, below: Float64Array, step: number, items: number): void {
  const { rows: n, columns: m, values: w } = weight;
  for (let p = 0; p < items; p += 4) {
    const [b0, b1, b2, b3] = [p * m, (p + 1) * m, (p + 2) * m, (p + 3) * m];
    for (let i = 0, at = 0; i < n; i++) {
      const e0 = step * error[p * n + i];
      const e1 = step * error[(p + 1) * n + i];
      const e2 = step * error[(p + 2) * n + i];
      const e3 = step * error[(p + 3) * n + i];
      for (let h = 0; h < m; h++, at++) {
        w[at] -= e0 * below[b0 + h] + e1 * below[b1 + h] + (e2 * below[b2 + h] + e3 * below[b3 + h]);
      }
    }
  }
}

/** Eigenvalues and vectors (in columns) of a symmetric matrix, the largest first: Jacobi's way. */
export function eigen(symmetric: Matrix): { values: number[]; vectors: Matrix } {
  const n = symmetric.rows;
  const a = Float64Array.from(symmetric.values);
  const v = matrix(n, n);
  for (let i = 0; i < n; i++) v.values[i * n + i] = 1;
  for (let sweep = 0; sweep < 60; sweep++) {
    let off = 0;
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) off += a[p * n + q] ** 2;
    if (off < 1e-26 * a.reduce((sum, x) => sum + x * x, 1e-300)) break;
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) {
        if (a[p * n + q] === 0) continue;
        const theta = (a[q * n + q] - a[p * n + p]) / (2 * a[p * n + q]);
        const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
        const c = 1 / Math.sqrt(t * t + 1);
        const s = t * c;
        for (let i = 0; i < n; i++) {
          const [x, y] = [a[i * n + p], a[i * n + q]];
          a[i * n + p] = c * x - s * y;
          a[i * n + q] = s * x + c * y;
        }
        for (let i = 0; i < n; i++) {
          const [x, y] = [a[p * n + i], a[q * n + i]];
          a[p * n + i] = c * x - s * y;
          a[q * n + i] = s * x + c * y;
        }
        for (let i = 0; i < n; i++) {
          const [x, y] = [v.values[i * n + p], v.values[i * n + q]];
          v.values[i * n + p] = c * x - s * y;
          v.values[i * n + q] = s * x + c * y;
        }
      }
    }
  }
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => a[j * n + j] - a[i * n + i]);
  const vectors = matrix(n, n);
  order.forEach((from, to) => {
    for (let i = 0; i < n; i++) vectors.values[i * n + to] = v.values[i * n + from];
  });
  return { values: order.map((i) => a[i * n + i]), vectors };
}

/**
 * The problem of items whose unnamed features have a Gram matrix (n_items, n_items; `n` of them),
 * beside named ones (n_items, n_named) of +1 and -1.
 */
export function makeProblem(gram: Matrix, n: number, named: Matrix): Problem {
  const P = gram.rows;
  const whole = matrix(P, P);
  for (let i = 0; i < P; i++) {
    for (let j = 0; j < P; j++) {
      let sum = gram.values[i * P + j];
      for (let f = 0; f < named.columns; f++) {
        sum += named.values[i * named.columns + f] * named.values[j * named.columns + f];
      }
      whole.values[i * P + j] = sum;
    }
  }
  const { values, vectors } = eigen(whole);
  const kept = values.filter((value) => value > 1e-10 * values[0]).length;
  const strengths = values.slice(0, kept).map(Math.sqrt);
  const items = matrix(P, kept);
  const targets = matrix(kept, P);
  const rows = matrix(named.columns, kept);
  for (let a = 0; a < kept; a++) {
    for (let i = 0; i < P; i++) {
      items.values[i * kept + a] = vectors.values[i * P + a];
      targets.values[a * P + i] = strengths[a] * vectors.values[i * P + a];
    }
    // u_a = Y' v_a / s_a.
    for (let f = 0; f < named.columns; f++) {
      let sum = 0;
      for (let i = 0; i < P; i++) sum += named.values[i * named.columns + f] * vectors.values[i * P + a];
      rows.values[f * kept + a] = sum / strengths[a];
    }
  }
  return { targets, strengths, items, named: rows, nItems: P, nFeatures: n + named.columns };
}

/** Independent normal numbers, the same for the same seed. */
function normals(seed: number): () => number {
  let state = (seed * 2654435761 + 1013904223) >>> 0;
  const uniform = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (((t ^ (t >>> 14)) >>> 0) + 0.5) / 4294967296;
  };
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

/**
 * Initial weights, normal with standard deviation gamma / sqrt(n_in + n_out). The last layer's rows
 * that are taught nothing are many; of their matrix only what a rotation leaves matters, and that
 * is a triangle with the square roots of chi-squared numbers on its diagonal (Bartlett 1933).
 */
export function initialWeights(problem: Problem, options: Options): Matrix[] {
  const draw = normals(options.seed);
  const { nItems, nFeatures } = problem;
  const kept = problem.strengths.length;
  const widths = [nItems, ...Array.from({ length: options.layers }, () => options.hidden), nFeatures];
  const weights: Matrix[] = [];
  for (let l = 1; l < widths.length; l++) {
    const [nIn, nOut] = [widths[l - 1], widths[l]];
    const scale = options.gamma / Math.sqrt(nIn + nOut);
    const last = l === widths.length - 1;
    const rest = last ? Math.min(nIn, nOut - kept) : 0;
    const weight = matrix(last ? kept + rest : nOut, nIn);
    const full = last ? kept : nOut;
    for (let at = 0; at < full * nIn; at++) weight.values[at] = scale * draw();
    for (let i = 0; i < rest; i++) {
      // A chi-squared number of many degrees, by Wilson and Hilferty's cube.
      const degrees = nOut - kept - i;
      const cube = (1 - 2 / (9 * degrees) + draw() * Math.sqrt(2 / (9 * degrees))) ** 3;
      weight.values[(kept + i) * nIn + i] = scale * Math.sqrt(Math.max(0, degrees * cube));
      for (let j = i + 1; j < nIn; j++) weight.values[(kept + i) * nIn + j] = scale * draw();
    }
    weights.push(weight);
  }
  return weights;
}

/** Train by full-batch gradient descent on the mean squared error over items and features. */
export function simulate(problem: Problem, options: Options, start = initialWeights(problem, options)): Course {
  const began = performance.now();
  const { targets, strengths, items, nItems: P, nFeatures: N } = problem;
  const kept = strengths.length;
  const L = start.length;
  const weights = start.map(({ rows, columns, values }) => ({ rows, columns, values: Float64Array.from(values) }));
  const outputs = weights[L - 1].rows;
  const step = (2 * options.rate) / (P * N);
  const padded = 4 * Math.ceil(P / 4);
  // maps[l] is W_l ... W_1 with items in rows, so that maps[0] is the first layer itself.
  const maps = weights.map((weight) => new Float64Array(padded * weight.rows));
  const errors = weights.map((weight) => new Float64Array(padded * weight.rows));
  for (let i = 0; i < P; i++) {
    for (let h = 0; h < weights[0].rows; h++) maps[0][i * weights[0].rows + h] = weights[0].values[h * P + i];
  }
  const silent = targets.values.reduce((sum, v) => sum + v * v, 0) / (P * N);
  const course: Course = {
    start,
    loss: new Float64Array(options.epochs + 1),
    modes: [],
    maps: [],
    similarity: L > 1 ? [] : null,
    theory: null,
    flow: null,
    diverged: null,
    stableRate: (P * N) / (L * strengths[0] ** (2 - 2 / L)),
    milliseconds: 0,
  };
  let limit = 0;
  for (let epoch = 0; epoch <= options.epochs; epoch++) {
    for (let l = 1; l < L; l++) forward(weights[l], maps[l - 1], maps[l], padded);
    const whole = maps[L - 1];
    const error = errors[L - 1];
    let loss = 0;
    for (let i = 0; i < P; i++) {
      for (let o = 0, at = i * outputs; o < outputs; o++, at++) {
        error[at] = o < kept ? whole[at] - targets.values[o * P + i] : whole[at];
        loss += error[at] ** 2;
      }
    }
    course.loss[epoch] = loss / (P * N);
    if (epoch === 0) limit = 1e6 * Math.max(course.loss[0], silent);
    if (!(course.loss[epoch] <= limit)) {
      course.diverged = epoch;
      course.loss = course.loss.slice(0, epoch);
      break;
    }
    const map = new Float64Array(kept * P);
    const modes = new Float64Array(kept);
    for (let a = 0; a < kept; a++) {
      for (let i = 0; i < P; i++) {
        map[a * P + i] = whole[i * outputs + a];
        modes[a] += whole[i * outputs + a] * items.values[i * kept + a];
      }
    }
    course.maps.push(map);
    course.modes.push(modes);
    if (course.similarity) course.similarity.push(products(maps[L - 2], P, weights[L - 2].rows));
    if (epoch === options.epochs) break;
    for (let l = L - 1; l > 0; l--) {
      // The error goes back through the old weights.
      backward(weights[l], errors[l], errors[l - 1], padded);
      descend(weights[l], errors[l], maps[l - 1], step, padded);
    }
    for (let at = 0; at < maps[0].length; at++) maps[0][at] -= step * errors[0][at];
  }
  if (L === 1 || (L === 2 && isSmall(problem, options, start))) addTheory(course, problem, options, start);
  course.milliseconds = performance.now() - began;
  return course;
}

/** Products of each item's hidden activities with each other's. */
function products(activity: Float64Array, items: number, width: number): Float64Array {
  const found = new Float64Array(items * items);
  for (let i = 0; i < items; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let h = 0; h < width; h++) sum += activity[i * width + h] * activity[j * width + h];
      found[i * items + j] = found[j * items + i] = sum;
    }
  }
  return found;
}

/** Whether closed forms hold for a start of two layers: beside the weakest mode it is small. */
function isSmall(problem: Problem, options: Options, start: Matrix[]): boolean {
  const weakest = problem.strengths[Math.min(options.hidden, problem.strengths.length) - 1];
  const size = Math.max(...start.map(({ values }) => values.reduce((sum, v) => sum + v * v, 0)));
  return size <= 0.01 * weakest;
}

/** What theory says of each mode, from the initial weights alone: step by step, and as a flow. */
function addTheory(course: Course, problem: Problem, options: Options, start: Matrix[]): void {
  const { strengths, items, nItems: P, nFeatures: N } = problem;
  const kept = strengths.length;
  const L = start.length;
  const rate = (2 * options.rate) / (P * N);
  const width = L === 2 ? options.hidden : kept;
  const begin = strengths.map((_, a) => {
    if (L === 1) return course.modes[0][a];
    const [first, second] = start;
    let sum = 0;
    for (let h = 0; h < first.rows; h++) {
      let ahead = 0;
      for (let i = 0; i < P; i++) ahead += first.values[h * P + i] * items.values[i * kept + a];
      sum += ((ahead + second.values[a * first.rows + h]) / 2) ** 2;
    }
    return sum;
  });
  const factors = begin.map((u) => (L === 1 ? u : Math.sqrt(u)));
  course.theory = [];
  course.flow = [];
  for (let epoch = 0; epoch < course.loss.length; epoch++) {
    const now = new Float64Array(kept);
    const flow = new Float64Array(kept);
    for (let a = 0; a < kept; a++) {
      // What the hidden layer has no room for is not learned.
      const s = a < width ? strengths[a] : 0;
      now[a] = L === 1 ? factors[a] : factors[a] ** 2;
      factors[a] += rate * (L === 1 ? s - factors[a] : factors[a] * (s - factors[a] ** 2));
      const t = rate * epoch;
      if (L === 1) flow[a] = s * -Math.expm1(-t) + begin[a] * Math.exp(-t);
      else if (s === 0) flow[a] = begin[a] / (1 + 2 * begin[a] * t);
      else flow[a] = s / (1 + (s / begin[a] - 1) * Math.exp(-2 * s * t));
    }
    course.theory.push(now);
    course.flow.push(flow);
  }
}

/** What the network answers for a named feature of an item, epoch by epoch. */
export function answers(problem: Problem, course: Course, item: number, feature: number): Float64Array {
  const kept = problem.strengths.length;
  const P = problem.nItems;
  return Float64Array.from(course.maps, (map) => {
    let sum = 0;
    for (let a = 0; a < kept; a++) sum += problem.named.values[feature * kept + a] * map[a * P + item];
    return sum;
  });
}
