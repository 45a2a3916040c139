// Inside the network, at the moment that is shown: what it takes for alike, and its weights as tiles.

import { classText, css, INVENTED, LOST, mix, PAPER, type RGB, type Theme } from "./colours";
import { fromBytes } from "./decoder";
import { count, plural, tell } from "./document";
import { h } from "./dom";
import type { Lab } from "./lab";

const MOST_GROUPS = 16;
const ROWS_ALONE = 12;
const COLUMNS = 8;
const TILE = 80;

/** What is compared: classes, or some rows where there are none; `of` tells each row's, or -1. */
interface Groups {
  names: string[];
  places: number[] | null;
  of: Int32Array;
  /** What one of them is, and what is told of how they were chosen. */
  what: string;
  note: string;
}

/** How alike the groups' mean codes are: their products about their common mean. */
export interface Likeness {
  names: string[];
  values: Float64Array;
  /** The two that lie closest, where there are two. */
  closest: [number, number] | null;
}

export class Inside {
  readonly element: HTMLElement;
  private readonly matrix: Cells;
  private readonly alike = h("p", { class: "quiet", role: "status" });
  private readonly left = h("div", { class: "left" });
  private readonly foot = h("div", { class: "foot" });
  private readonly layers: { side: "reads" | "writes"; cells: Cells; told: HTMLElement; head: HTMLElement }[] = [];
  private readonly groups: Groups;
  private shown: Likeness | null = null;
  private readonly known = new Map<number | null, Likeness>();
  private readonly ends = new Map<string, { values: Float32Array; most: number }>();
  /** Milliseconds of each drawing, for who measures. */
  readonly spent: number[] = [];

  constructor(private readonly lab: Lab) {
    this.groups = this.group();
    this.matrix = new Cells("Red: it holds the two for alike; blue: for unlike.", (cell) => this.tellPair(cell));
    this.element = h(
      "section",
      { class: "inside", "aria-label": "Inside the network" },
      h("div", { class: "line" }, h("h3", {}, "What it takes for alike"), h("span", {}, this.groups.note)),
      h("div", { class: "alike" }, this.left, this.matrix.element, this.foot),
      this.alike,
    );
    this.element.style.setProperty("--groups", String(this.groups.names.length));
    const { tiles } = lab.document.told;
    for (const side of ["reads", "writes"] as const) {
      const about = tiles?.[side];
      if (!lab.pictures || !about) continue;
      const reads = side === "reads";
      const sentence = reads
        ? "Each tile is what one unit reads: red pixels raise it, blue ones lower it."
        : "Each tile is what one unit writes: red pixels get darker with it, blue ones lighter.";
      const cells = new Cells(sentence, (cell) => this.tellUnit(side, cell));
      const [told, head] = [h("p", { class: "quiet", role: "status" }), h("span", {})];
      this.layers.push({ side, cells, told, head });
      const title = h("h3", {}, reads ? "What the first layer looks at" : "What the last layer draws with");
      this.element.append(h("div", { class: "line" }, title, head), cells.element, told);
    }
  }

  // ------------------------------------------------------------------ what is alike

  private group(): Groups {
    const { document } = this.lab;
    const { classes, data, noun } = document.told;
    const n = this.lab.momentRows || data.n_test;
    const labels = classes ? document.get(classes.blob) : null;
    if (classes?.names) {
      const counts = classes.names.map(() => 0);
      for (let i = 0; i < n; i++) counts[labels![i]]++;
      const there = counts.flatMap((members, k) => (members ? [k] : []));
      const kept = [...there].sort((a, b) => counts[b] - counts[a]).slice(0, MOST_GROUPS).sort((a, b) => a - b);
      if (kept.length > 1) {
        const place = new Map(kept.map((k, g) => [k, g]));
        const of = Int32Array.from({ length: n }, (_, i) => place.get(labels![i]) ?? -1);
        const names = kept.map((k) => classes.names![k]);
        const note = kept.length < there.length ? `the ${kept.length} largest of ${there.length} classes` : "";
        return { names, places: kept.map((k) => classes.places![k]), of, what: "class", note };
      }
    }
    // Without classes some rows stand for all, in the order of their labels where those are numbers.
    const order = Array.from({ length: n }, (_, i) => i);
    const numbers = labels && !classes?.names ? labels : null;
    if (numbers) order.sort((a, b) => numbers[a] - numbers[b]);
    const m = Math.min(n, ROWS_ALONE);
    const rows = Array.from({ length: m }, (_, g) => order[Math.round((g * (n - 1)) / Math.max(1, m - 1))]);
    const of = new Int32Array(n).fill(-1);
    rows.forEach((row, g) => (of[row] = g));
    const names = rows.map((row) => (numbers ? tell(numbers[row], 3) : count(row)));
    const note = numbers ? `${plural(`test ${noun}`, m)}, by label` : plural(`test ${noun}`, m);
    return { names, places: null, of, what: noun, note };
  }

  likeness(moment: number | null): Likeness {
    const known = this.known.get(moment);
    if (known) return known;
    const { names, of } = this.groups;
    const { k } = this.lab.document;
    const codes = this.lab.codesAt(moment);
    const g = names.length;
    const [means, members] = [new Float64Array(g * k), new Float64Array(g)];
    for (let i = 0; i < of.length; i++) {
      if (of[i] < 0) continue;
      members[of[i]]++;
      for (let j = 0; j < k; j++) means[of[i] * k + j] += codes[i * k + j];
    }
    for (let a = 0; a < g; a++) for (let j = 0; j < k; j++) means[a * k + j] /= members[a];
    for (let j = 0; j < k; j++) {
      let middle = 0;
      for (let a = 0; a < g; a++) middle += means[a * k + j] / g;
      for (let a = 0; a < g; a++) means[a * k + j] -= middle;
    }
    const values = new Float64Array(g * g);
    for (let a = 0; a < g; a++) {
      for (let b = 0; b < g; b++) {
        for (let j = 0; j < k; j++) values[a * g + b] += means[a * k + j] * means[b * k + j];
      }
    }
    let [closest, least] = [null as [number, number] | null, Infinity];
    for (let a = 0; a < g; a++) {
      for (let b = a + 1; b < g; b++) {
        const away = values[a * g + a] + values[b * g + b] - 2 * values[a * g + b];
        if (away < least) [closest, least] = [[a, b], away];
      }
    }
    const found = { names, values, closest };
    this.known.set(moment, found);
    return found;
  }

  /** What is found of a moment, in one sentence. */
  finding(moment: number | null): string {
    const { names, closest } = this.likeness(moment);
    return closest ? `It holds ${names[closest[0]]} and ${names[closest[1]]} for most alike.` : "";
  }

  private tellPair(cell: number | null): void {
    const { shown } = this;
    if (!shown) return;
    const { names, values } = shown;
    const most = values.reduce((a, v) => Math.max(a, Math.abs(v)), 0);
    const [a, b] = [Math.floor((cell ?? 0) / names.length), (cell ?? 0) % names.length];
    const value = tell(values[a * names.length + b], 2);
    this.alike.textContent =
      cell === null
        ? `Products of the mean codes about their middle; full red is ${tell(most, 2)}.`
        : a === b
          ? `${names[a]} with itself, its distance from the middle squared: ${value}`
          : `${names[a]} and ${names[b]}: ${value}`;
  }

  private drawAlike(moment: number | null, theme: Theme): void {
    this.shown = this.likeness(moment);
    const { names, values } = this.shown;
    const { places, what } = this.groups;
    const g = names.length;
    const most = values.reduce((a, v) => Math.max(a, Math.abs(v)), 0) || 1;
    const cell = Math.max(16, Math.round(480 / g));
    const context = this.matrix.draw(g * g, g, cell, cell);
    for (let a = 0; a < g; a++) {
      for (let b = 0; b < g; b++) {
        context.fillStyle = css(toned(values[a * g + b] / most, theme));
        context.fillRect(b * cell + 2, a * cell + 2, cell - 4, cell - 4);
      }
    }
    const short = names.every((name) => name.length <= 3);
    const labels = () =>
      names.map((name, a) => {
        const label = h("span", { title: name }, name);
        if (places) label.style.color = css(classText(places[a], theme));
        return label;
      });
    const key = `${theme} ${short}`;
    if (this.left.dataset.key !== key) {
      this.left.dataset.key = key;
      this.left.replaceChildren(...labels());
      this.foot.replaceChildren(...(short ? labels() : []));
    }
    this.matrix.name(`How alike each ${what} is to each: ${g} by ${g}. ${this.finding(moment)} Arrow keys go from cell to cell.`);
    this.matrix.tell();
  }

  // ------------------------------------------------------------------ weights as tiles

  /** The weights of the shown units at the end, unit by unit, and what is drawn in full colour. */
  private end(side: "reads" | "writes"): { values: Float32Array; most: number } {
    const known = this.ends.get(side);
    if (known) return known;
    const { document } = this.lab;
    const { weight, n_units, units } = document.told.tiles![side]!;
    const all = document.get(weight);
    const d = all.length / n_units;
    const values = new Float32Array(units.length * d);
    units.forEach((unit, i) => {
      for (let p = 0; p < d; p++) values[i * d + p] = side === "reads" ? all[unit * d + p] : all[p * n_units + unit];
    });
    const sizes = values.map(Math.abs).sort();
    // One colour scale for all moments: weights are seen to grow. A few may be off it.
    const found = { values, most: sizes[Math.floor(0.98 * (sizes.length - 1))] || 1 };
    this.ends.set(side, found);
    return found;
  }

  /** The weights of the shown units at a moment, or null where they were not kept. */
  tiles(side: "reads" | "writes", moment: number | null): Float32Array | null {
    if (moment === null) return this.end(side).values;
    const kept = this.lab.document.told.earlier?.[side];
    if (!kept) return null;
    const then = (name: string) => this.lab.document.getThen(name, moment);
    return fromBytes(then(kept.blob), then(kept.scales));
  }

  private tellUnit(side: "reads" | "writes", cell: number | null): void {
    const { told } = this.layers.find((one) => one.side === side)!;
    const { units, n_units } = this.lab.document.told.tiles![side]!;
    const values = cell === null ? null : this.tiles(side, this.lab.store.state.moment);
    if (cell === null || cell >= units.length || !values) {
      told.textContent = `Full colour is a weight of ${tell(this.end(side).most, 2)} or more.`;
      return;
    }
    const d = values.length / units.length;
    const own = values.subarray(cell * d, (cell + 1) * d);
    const [low, high] = [own.reduce((a, v) => Math.min(a, v), Infinity), own.reduce((a, v) => Math.max(a, v), -Infinity)];
    told.textContent = `Unit ${count(units[cell])} of ${count(n_units)}: weights from ${tell(low, 2)} to ${tell(high, 2)}`;
  }

  private drawTiles(side: "reads" | "writes", cells: Cells, moment: number | null, theme: Theme): void {
    const { document, pictures } = this.lab;
    const { units, n_units } = document.told.tiles![side]!;
    const values = this.tiles(side, moment);
    const { head } = this.layers.find((one) => one.side === side)!;
    head.textContent = units.length < n_units ? `${count(units.length)} of ${count(n_units)}` : count(n_units);
    cells.element.hidden = !values;
    if (!values) return;
    const { width, height } = pictures!;
    const tall = Math.round((TILE * height) / width);
    const context = cells.draw(units.length, Math.min(units.length, COLUMNS), TILE, tall);
    const sheet = paint(values, units.length, width, height, this.end(side).most, theme);
    context.imageSmoothingQuality = "medium";
    const columns = Math.min(units.length, COLUMNS);
    for (let i = 0; i < units.length; i++) {
      const [x, y] = [(i % columns) * TILE + 2, Math.floor(i / columns) * tall + 2];
      context.drawImage(sheet, 0, i * height, width, height, x, y, TILE - 4, tall - 4);
    }
    const what = side === "reads" ? "first" : "last";
    const { curve } = document.told;
    const when = moment === null ? "at the end" : `at step ${count(curve[moment].step)}`;
    cells.name(`Weights of ${count(units.length)} units of the ${what} layer ${when}. Arrow keys go from unit to unit.`);
    cells.tell();
  }

  update(): void {
    const { store, theme } = this.lab;
    const started = performance.now();
    this.element.hidden = store.state.view === "draw";
    if (this.element.hidden) return;
    this.drawAlike(store.state.moment, theme);
    for (const { side, cells } of this.layers) this.drawTiles(side, cells, store.state.moment, theme);
    this.spent.push(performance.now() - started);
    if (this.spent.length > 600) this.spent.shift();
  }
}

/** Red for +1, blue for −1, paper for 0. */
function toned(value: number, theme: Theme): RGB {
  return mix(PAPER[theme], value > 0 ? LOST[theme] : INVENTED[theme], Math.min(1, Math.abs(value)));
}

const sheet = document.createElement("canvas");

/** All tiles, one below the other, a pixel for each weight; of colours the mean. */
function paint(
  values: Float32Array,
  n: number,
  width: number,
  height: number,
  most: number,
  theme: Theme,
): HTMLCanvasElement {
  const table = Array.from({ length: 255 }, (_, i) => toned((i - 127) / 127, theme));
  const packed = Uint32Array.from(table, ([r, g, b]) => (255 << 24) | (Math.round(b) << 16) | (Math.round(g) << 8) | Math.round(r));
  const channels = values.length / (n * width * height);
  const image = new ImageData(width, n * height);
  const pixels = new Uint32Array(image.data.buffer);
  for (let p = 0; p < pixels.length; p++) {
    let v = 0;
    for (let c = 0; c < channels; c++) v += values[p * channels + c];
    const share = v / (channels * most);
    pixels[p] = packed[Math.round(127 + 127 * Math.min(1, Math.max(-1, share)))];
  }
  [sheet.width, sheet.height] = [image.width, image.height];
  sheet.getContext("2d")!.putImageData(image, 0, 0);
  return sheet;
}

/** A picture of cells that tell something of themselves, to a pointer and to the arrow keys. */
class Cells {
  readonly element: HTMLElement;
  private readonly canvas: HTMLCanvasElement;
  private readonly mark = h("i", { class: "mark", hidden: true });
  private columns = 1;
  private n = 1;
  private at: number | null = null;

  constructor(
    sentence: string,
    private readonly told: (cell: number | null) => void,
  ) {
    this.canvas = h("canvas", { role: "img", tabindex: 0, "data-sentence": sentence });
    this.element = h("div", { class: "cells" }, this.canvas, this.mark);
    this.canvas.addEventListener("pointermove", (event) => {
      const frame = this.canvas.getBoundingClientRect();
      const column = Math.floor(((event.clientX - frame.left) / frame.width) * this.columns);
      const row = Math.floor(((event.clientY - frame.top) / frame.height) * this.rows);
      const within = column >= 0 && row >= 0 && column < this.columns && row < this.rows;
      this.go(within ? row * this.columns + column : null);
    });
    for (const leaves of ["pointerleave", "blur"]) this.canvas.addEventListener(leaves, () => this.go(null));
    this.canvas.addEventListener("keydown", (event) => {
      const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -this.columns, ArrowDown: this.columns }[event.key];
      if (!by) return;
      event.preventDefault();
      this.go(this.at === null ? 0 : this.at + by);
    });
  }

  private get rows(): number {
    return Math.ceil(this.n / this.columns);
  }

  private go(cell: number | null): void {
    if (cell !== null && (cell < 0 || cell >= this.n)) return;
    this.at = cell;
    this.mark.hidden = cell === null;
    if (cell !== null) {
      const [wide, high] = [100 / this.columns, 100 / this.rows];
      this.mark.style.cssText = `left:${(cell % this.columns) * wide}%;top:${Math.floor(cell / this.columns) * high}%;width:${wide}%;height:${high}%`;
    }
    this.tell();
  }

  /** Tell what is chosen anew: what is shown has changed. */
  tell(): void {
    this.told(this.at);
  }

  name(text: string): void {
    this.canvas.setAttribute("aria-label", text);
  }

  /** Clear, and return where to draw `n` cells of this size. */
  draw(n: number, columns: number, wide: number, high: number): CanvasRenderingContext2D {
    [this.n, this.columns] = [n, columns];
    const [width, height] = [columns * wide, this.rows * high];
    if (this.canvas.width !== width || this.canvas.height !== height) {
      [this.canvas.width, this.canvas.height] = [width, height];
    }
    const context = this.canvas.getContext("2d")!;
    context.clearRect(0, 0, width, height);
    return context;
  }
}
