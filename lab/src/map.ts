// The map: five layers, of which only the topmost moves with a pointer.
//
// 0 rings and decoded grid; 1 points; 2 names of classes; 3 pins, threads, paths; 4 small elements:
// the card, the cursor, and what was decoded on the way

import { Card } from "./card";
import { classColour, classText, css, INK, LOST, mix, PAPER, shade, type RGB } from "./colours";
import { count, fixed, tell } from "./document";
import { button, calm, h, icon, sized } from "./dom";
import type { Lab } from "./lab";
import { makePoints, type Points } from "./points";
import { View } from "./view";

const NEAR = 12;
const MARGIN = 44;
const TRAIL_SECONDS = 2;
const BEAD_EVERY = 66;
// Milliseconds in which points move to where they are at another moment.
const GLIDE = 260;

/** Points of the screen by cell: those of cell k are members[starts[k]] to members[starts[k + 1] - 1]. */
interface Cells {
  at: Float32Array;
  columns: number;
  rows: number;
  starts: Uint32Array;
  members: Uint32Array;
}

export class MapView {
  readonly element: HTMLElement;
  readonly view = new View();
  private readonly points: Points;
  private readonly layers: Record<"backdrop" | "points" | "names" | "cursor", HTMLCanvasElement>;
  private readonly card: Card;
  // What moves with the pointer are small elements: to draw a whole layer anew for a ring of 16
  // pixels costs, where no card helps, 50 milliseconds.
  private readonly ring = h("i", { class: "map-ring", hidden: true });
  private readonly dot = h("i", { class: "map-dot", hidden: true });
  private readonly beads = h("div", { class: "beads", "aria-hidden": "true" });
  private readonly note: HTMLElement;
  private readonly said: HTMLElement;
  private order: Uint32Array = new Uint32Array(0);
  private centred: Float32Array = new Float32Array(0);
  /** Where points are drawn, in the plane: two numbers each. */
  private drawn = new Float32Array(0);
  private opacity = new Float32Array(0);
  private cells: Cells | null = null;
  private density = { counts: new Float32Array(0), columns: 0, rows: 0, most: 1 };
  private places: { name: string; place: number; index: number; u: number; v: number; small: boolean }[] = [];
  private lasso: [number, number][] | null = null;
  private pointers = new Map<number, [number, number]>();
  private backdropTimer = 0;
  private lastBead = [0, 0];
  private cursor: [number, number] | null = null;
  private hovered: number | null = null;
  /** Milliseconds of the last hover and decode, for who measures. */
  readonly spent = { decode: [] as number[], hover: [] as number[] };

  constructor(private readonly lab: Lab) {
    const layer = (name: string) => h("canvas", { class: `layer ${name}`, "aria-hidden": "true" });
    this.layers = {
      backdrop: layer("backdrop"),
      points: layer("points"),
      names: layer("names"),
      cursor: layer("cursor"),
    };
    this.card = new Card(lab);
    this.note = h("p", { class: "map-note" });
    this.said = h("p", { class: "said", role: "status" });
    const zoom = (name: string, label: string, sentence: string, act: () => void) =>
      button({ class: "square", "aria-label": label, sentence, onclick: act }, icon(name));
    this.element = h(
      "div",
      {
        class: "map",
        tabindex: "0",
        role: "application",
        "aria-roledescription": "map",
        "aria-label": `Map of ${lab.document.told.title}. Arrow keys move the cursor; press ? for all keys.`,
      },
      ...Object.values(this.layers),
      this.note,
      this.beads,
      this.ring,
      this.dot,
      this.card.element,
      this.said,
      h(
        "div",
        { class: "zoom" },
        zoom("plus", "Zoom in", "Look closer.", () => this.zoomBy(1.5)),
        zoom("minus", "Zoom out", "See more.", () => this.zoomBy(1 / 1.5)),
        zoom("fit", "Fit", "Show every point again.", () => this.fit(true)),
      ),
    );
    this.points = makePoints(this.layers.points);
    this.listen();
  }

  // ------------------------------------------------------------------ what there is to draw

  /** Rows on the map: at a recorded moment only the followed ones have a place. */
  private get n(): number {
    const { data } = this.lab.document.told;
    if (this.lab.store.state.moment !== null) return this.lab.momentRows;
    return this.lab.store.state.rows === "all" ? this.lab.document.n : data.n_test;
  }

  /** Read the codes anew: other rows, axes, or another moment; `glide` moves points to it. */
  layout(glide = false): void {
    const { lab } = this;
    const { state } = lab.store;
    const plane = lab.plane;
    plane.scale = state.scale;
    plane.turn = { yaw: state.turn[0], pitch: state.turn[1] };
    if (plane.axes !== state.axes) plane.choose(state.axes);
    const codes = lab.codesAt(state.moment);
    const before = this.centred;
    this.centred = plane.centred(codes, this.n);
    if (this.order.length !== this.n) this.order = shuffled(this.n);
    const to = this.inOrder(this.centred);
    const same = before.length === this.centred.length;
    this.points.places(to, glide && same ? this.inOrder(before) : to);
    this.place();
    // To fit is to paint too.
    if (!state.camera) this.fit(false);
    else {
      [this.view.x, this.view.y, this.view.k] = state.camera;
      this.paint();
    }
    cancelAnimationFrame(this.gliding);
    const now = performance.now();
    // Who drags through time sees each moment as it is: points would never arrive.
    const rests = now - this.laidOutAt > GLIDE;
    this.laidOutAt = now;
    if (glide && same && rests && !calm()) this.glide();
    else this.points.between = 1;
    this.redraw();
  }

  private gliding = 0;
  private laidOutAt = 0;

  private glide(): void {
    const started = performance.now();
    const step = (now: number) => {
      this.points.between = Math.min(1, (now - started) / GLIDE);
      this.drawPoints();
      if (this.points.between < 1) this.gliding = requestAnimationFrame(step);
    };
    this.points.between = 0;
    this.gliding = requestAnimationFrame(step);
  }

  private inOrder(values: Float32Array): Float32Array {
    const answer = new Float32Array(values.length);
    for (let i = 0; i < this.order.length; i++) {
      const from = 3 * this.order[i];
      answer[3 * i] = values[from];
      answer[3 * i + 1] = values[from + 1];
      answer[3 * i + 2] = values[from + 2];
    }
    return answer;
  }

  /** Compute where each point is drawn, with axes stretched so that they fill the panel. */
  private place(): void {
    const { plane } = this.lab;
    plane.stretch = [1, 1];
    this.drawn = new Float32Array(2 * this.n);
    for (let i = 0; i < this.n; i++) {
      const [u, v] = plane.drawn(this.centred[3 * i], this.centred[3 * i + 1], this.centred[3 * i + 2]);
      this.drawn[2 * i] = u;
      this.drawn[2 * i + 1] = v;
    }
    const [x0, y0, x1, y1] = this.box();
    plane.fill([x1 - x0, y1 - y0], [this.view.width, this.view.height]);
    const [a, b] = plane.stretch;
    if (a === 1 && b === 1) return;
    for (let i = 0; i < this.n; i++) {
      this.drawn[2 * i] *= a;
      this.drawn[2 * i + 1] *= b;
    }
  }

  /** The box of what is drawn. */
  private box(): [number, number, number, number] {
    // The farthest few may lie beyond the panel on the true scale, where one point would hide all.
    const cut = this.lab.store.state.scale === "true" && this.n > 200 ? 0.003 : 0;
    const ends = [0, 1].map((axis) => {
      const values = new Float32Array(this.n);
      for (let i = 0; i < this.n; i++) values[i] = this.drawn[2 * i + axis];
      if (!cut) return [values.reduce((a, b) => Math.min(a, b), Infinity), values.reduce((a, b) => Math.max(a, b), -Infinity)];
      values.sort();
      return [values[Math.floor(cut * (this.n - 1))], values[Math.ceil((1 - cut) * (this.n - 1))]];
    });
    return [ends[0][0], ends[1][0], ends[0][1], ends[1][1]];
  }

  fit(tell: boolean): void {
    this.view.fit(this.box(), MARGIN);
    if (tell) this.lab.store.set({ camera: null });
    this.measureDensity();
    this.redraw();
  }

  zoomBy(factor: number): void {
    this.view.zoom(factor, this.view.width / 2, this.view.height / 2);
    this.moved();
  }

  /** The view has moved: keep it in the state, draw points now and the backdrop when it rests. */
  private moved(): void {
    const { x, y, k } = this.view;
    this.lab.store.set({ camera: [x, y, k] });
    this.cells = null;
    this.redraw();
  }

  resize(width: number, height: number): void {
    if (width === this.view.width && height === this.view.height) return;
    const first = this.view.width === 1;
    this.view.resize(width, height);
    if (!this.centred.length) return;
    this.place();
    if (!this.lab.store.state.camera || first) this.fit(false);
    this.redraw();
  }

  /** Counts of points in cells of 8 pixels, blurred: what opacity, grid and names go by. */
  private measureDensity(): void {
    const cell = 8;
    const columns = Math.ceil(this.view.width / cell) + 2;
    const rows = Math.ceil(this.view.height / cell) + 2;
    let counts = new Float32Array(columns * rows);
    for (let i = 0; i < this.n; i++) {
      const [px, py] = this.view.toScreen(this.drawn[2 * i], this.drawn[2 * i + 1]);
      const [c, r] = [Math.floor(px / cell) + 1, Math.floor(py / cell) + 1];
      if (c >= 0 && r >= 0 && c < columns && r < rows) counts[r * columns + c]++;
    }
    for (let pass = 0; pass < 2; pass++) {
      const next = new Float32Array(counts.length);
      for (let r = 1; r < rows - 1; r++) {
        for (let c = 1; c < columns - 1; c++) {
          let sum = 0;
          for (let dr = -1; dr <= 1; dr++) {
            for (let dc = -1; dc <= 1; dc++) {
              sum += counts[(r + dr) * columns + c + dc] * (2 - Math.abs(dr)) * (2 - Math.abs(dc));
            }
          }
          next[r * columns + c] = sum / 16;
        }
      }
      counts = next;
    }
    const filled = Array.from(counts.filter((v) => v > 0.05)).sort((a, b) => a - b);
    const most = filled[Math.floor(0.97 * (filled.length - 1))] || 1;
    this.density = { counts, columns, rows, most };
    this.opacity = new Float32Array(this.n);
    for (let i = 0; i < this.n; i++) {
      const [px, py] = this.view.toScreen(this.drawn[2 * i], this.drawn[2 * i + 1]);
      this.opacity[i] = Math.max(0.3, 0.9 / Math.sqrt(1 + 1.1 * this.countAt(px, py)));
    }
    this.placeNames();
    this.paint();
    this.cells = null;
  }

  private countAt(px: number, py: number): number {
    const { counts, columns, rows } = this.density;
    const [c, r] = [Math.floor(px / 8) + 1, Math.floor(py / 8) + 1];
    return c >= 0 && r >= 0 && c < columns && r < rows ? counts[r * columns + c] : 0;
  }

  /** Each class has its name at its densest place; a second island of a tenth gets a smaller one. */
  private placeNames(): void {
    this.places = [];
    const { classes } = this.lab.document.told;
    if (!classes?.names || classes.names.length > 40) return;
    const cell = 26;
    const taken: [number, number][] = [];
    const labels = this.lab.document.get(classes.blob);
    const members = classes.names.map(() => [] as number[]);
    for (let i = 0; i < this.n; i++) members[labels[i]].push(i);
    const byCount = members.map((_, k) => k).sort((a, b) => members[b].length - members[a].length);
    for (const k of byCount) {
      const at = (c: number, r: number) => c * 10007 + r;
      const cells = new Map<number, { n: number; u: number; v: number; c: number; r: number }>();
      for (const i of members[k]) {
        const [u, v] = [this.drawn[2 * i], this.drawn[2 * i + 1]];
        const [px, py] = this.view.toScreen(u, v);
        const [c, r] = [Math.floor(px / cell), Math.floor(py / cell)];
        const key = at(c, r);
        const found = cells.get(key) ?? { n: 0, u: 0, v: 0, c, r };
        found.n++;
        found.u += u;
        found.v += v;
        cells.set(key, found);
      }
      const smooth = [...cells.values()].map((one) => {
        let mass = 0;
        for (let dc = -2; dc <= 2; dc++) {
          for (let dr = -2; dr <= 2; dr++) mass += cells.get(at(one.c + dc, one.r + dr))?.n ?? 0;
        }
        return { ...one, mass };
      });
      smooth.sort((a, b) => b.mass - a.mass);
      const first = smooth[0];
      const add = (one: typeof first, small: boolean) => {
        let [u, v] = [one.u / one.n, one.v / one.n];
        let [px, py] = this.view.toScreen(u, v);
        // Two names in one place: the later one, of the smaller class, moves aside.
        for (let turn = 0; turn < 12 && taken.some(([x, y]) => Math.hypot(x - px, y - py) < 26); turn++) {
          px += 14 * Math.cos(turn * 2.4);
          py += 14 * Math.sin(turn * 2.4);
        }
        taken.push([px, py]);
        [u, v] = this.view.toPlane(px, py);
        const name = classes.names![k];
        this.places.push({ name, place: classes.places![k], index: k, u, v, small });
      };
      if (!first) continue;
      add(first, false);
      const massAt = new Map(smooth.map((one) => [at(one.c, one.r), one.mass]));
      const island = smooth.find((one) => {
        const [dc, dr] = [first.c - one.c, first.r - one.r];
        if (Math.hypot(dc, dr) * cell < 150) return false;
        // Water between the two: somewhere on the way there are few.
        const way = [0.2, 0.35, 0.5, 0.65, 0.8].map(
          (share) => massAt.get(at(Math.round(one.c + share * dc), Math.round(one.r + share * dr))) ?? 0,
        );
        return Math.min(...way) < 0.35 * one.mass;
      });
      if (island && island.mass > Math.max(12, 0.1 * members[k].length)) add(island, true);
    }
  }

  /** Colour every point by what the state asks for. */
  paint(): void {
    const { lab } = this;
    const { state } = lab.store;
    const colour = this.colourOf();
    const inside = lab.selection ? new Set(lab.selection) : null;
    const rgba = new Uint8Array(4 * this.n);
    for (let j = 0; j < this.n; j++) {
      const i = this.order[j];
      let opacity = this.opacity[i] ?? 0.6;
      const dimmed =
        (state.only !== null && lab.document.classOf(i) !== state.only) || (inside && !inside.has(i));
      if (dimmed) opacity *= 0.12;
      const [r, g, b] = colour(i);
      rgba.set([r, g, b, 255 * opacity], 4 * j);
    }
    if (this.n) this.points.colours(rgba);
  }

  /** How points are coloured: a function from a row to a colour. */
  private colourOf(): (i: number) => RGB {
    const { lab } = this;
    const { theme, document } = lab;
    const { classes } = document.told;
    const plain = mix(PAPER[theme], INK[theme], 0.55);
    const wanted = lab.store.state.colour;
    if (wanted === "part") {
      const [a, b] = [classColour(0, theme), classColour(1, theme)];
      return (i) => (document.isTest(i) ? a : b);
    }
    if (wanted === "label" && classes?.names) {
      const colours = classes.places!.map((place) => classColour(place, theme));
      const labels = document.get(classes.blob);
      return (i) => colours[labels[i]];
    }
    const values = lab.valuesOf(wanted);
    if (!values) return () => plain;
    const some = Array.from({ length: Math.min(this.n, 5000) }, (_, i) => values(i)).sort((a, b) => a - b);
    const [low, high] = [some[Math.floor(0.02 * some.length)], some[Math.ceil(0.98 * some.length) - 1]];
    lab.range = [low, high];
    const table = Array.from({ length: 256 }, (_, i) => shade(i / 255, theme));
    return (i) => {
      const share = (values(i) - low) / (high - low || 1);
      return table[Math.min(255, Math.max(0, Math.round(share * 255)))];
    };
  }

  // ------------------------------------------------------------------ drawing

  redraw(): void {
    this.drawPoints();
    this.drawNames();
    this.drawCursor();
    clearTimeout(this.backdropTimer);
    this.moveBackdrop();
    this.backdropTimer = window.setTimeout(() => void this.drawBackdrop(), 90);
  }

  private drawPoints(): void {
    const ratio = Math.min(2, devicePixelRatio || 1);
    const { points } = this.layers;
    const [width, height] = [Math.round(this.view.width * ratio), Math.round(this.view.height * ratio)];
    if (points.width !== width || points.height !== height) {
      [points.width, points.height] = [width, height];
      points.style.width = `${this.view.width}px`;
      points.style.height = `${this.view.height}px`;
    }
    const size = this.n > 30000 ? 3.2 : this.n > 2000 ? 4.4 : this.n > 300 ? 6 : 9;
    this.points.draw(this.lab.plane, this.view, size * ratio);
  }

  private drawnAt = { x: 0, y: 0, k: 1 };

  /** Until the backdrop is drawn anew, the old one moves along. */
  private moveBackdrop(): void {
    const { x, y, k } = this.drawnAt;
    const grown = this.view.k / k;
    const [px, py] = this.view.toScreen(x, y);
    const { backdrop } = this.layers;
    backdrop.style.transformOrigin = "0 0";
    const [dx, dy] = [px - (this.view.width / 2) * grown, py - (this.view.height / 2) * grown];
    backdrop.style.transform = `translate(${dx}px,${dy}px) scale(${grown})`;
  }

  /** Rings, and what the decoder draws where few codes are. */
  private async drawBackdrop(): Promise<void> {
    const { lab, view } = this;
    const { theme } = lab;
    const { state } = lab.store;
    this.drawnAt = { x: view.x, y: view.y, k: view.k };
    this.layers.backdrop.style.transform = "";
    const context = sized(this.layers.backdrop, view.width, view.height);
    const corners = [
      [0, 0], [view.width, 0], [0, view.height], [view.width, view.height],
    ].map(([px, py]) => view.toPlane(px, py));
    const reach = Math.max(...corners.map(([u, v]) => Math.hypot(u, v)));
    const rings = lab.flat && lab.plane.dimensions === 2 ? lab.plane.rings(reach) : [];
    context.strokeStyle = css(mix(PAPER[theme], INK[theme], 0.2));
    context.fillStyle = css(mix(PAPER[theme], INK[theme], 0.6));
    context.font = "11px system-ui, sans-serif";
    context.setLineDash([2, 5]);
    const [cx, cy] = view.toScreen(0, 0);
    for (const { radius, drawn } of rings) {
      const [rx, ry] = [drawn * lab.plane.stretch[0] * view.k, drawn * lab.plane.stretch[1] * view.k];
      context.beginPath();
      context.ellipse(cx, cy, rx, ry, 0, 0, 2 * Math.PI);
      context.stroke();
      context.fillText(tell(radius, 2), cx + rx * 0.94 + 2, cy + ry * 0.34);
    }
    context.setLineDash([]);
    this.drawPrior(context);
    const parts = [`${count(this.n)} ${this.rowsWord()}.`];
    if (rings.length) {
      parts.push(`Rings: distance ${rings.map(({ radius }) => tell(radius, 2)).join(", ")} from the middle.`);
    }
    if (lab.document.k === 1) parts.push("Heights mean nothing: there is one number.");
    const { decoder, pictures } = lab;
    const shown = state.grid && decoder && pictures && lab.decodes && lab.plane.dimensions === 2;
    if (shown) parts.push(`Grey ${lab.document.told.noun}s: what the decoder draws where few codes are.`);
    if (decoder?.note) parts.push(decoder.note);
    this.note.textContent = parts.join(" ");
    if (!shown) return;
    const size = view.width < 500 ? 30 : 44;
    const cells: { px: number; py: number; alpha: number; code: Float64Array }[] = [];
    const base = lab.base();
    for (let py = size / 2; py < view.height; py += size) {
      for (let px = size / 2; px < view.width; px += size) {
        const d = this.countAt(px, py) / this.density.most;
        let alpha = 0.42 * (1 - d / 0.62);
        if (alpha < 0.04) continue;
        if (!this.anyWithin(px, py, 70)) alpha /= 3;
        cells.push({ px, py, alpha, code: lab.plane.code(...view.toPlane(px, py), base) });
      }
    }
    const started = this.drawnAt;
    // A server answers them all at once; here they come a few at a time, so that nothing waits.
    const most = decoder.local ? 24 : cells.length;
    for (let from = 0; from < cells.length; from += most) {
      const some = cells.slice(from, from + most);
      const rows = await decoder.decode(some.map(({ code }) => code));
      if (this.drawnAt !== started || lab.closed) return;
      some.forEach(({ px, py, alpha }, i) => {
        context.globalAlpha = alpha;
        const image = pictures.pixels(rows[i], theme, true);
        pictures.stamp(context, image, px - size * 0.41, py - size * 0.41, size * 0.82);
      });
      context.globalAlpha = 1;
      await new Promise((resume) => setTimeout(resume));
    }
  }

  /** On a variational model: circles that hold 39, 86 and 99 of a hundred draws from the prior. */
  private drawPrior(context: CanvasRenderingContext2D): void {
    const { lab } = this;
    if (lab.document.told.posterior?.prior !== "standard_normal" || lab.plane.dimensions === 3) return;
    context.strokeStyle = css(mix(PAPER[lab.theme], lab.theme === "light" ? [31, 111, 191] : [109, 179, 242], 0.5));
    for (const radius of [1, 2, 3]) {
      this.curve(context, (turn) => [radius * Math.cos(turn), radius * Math.sin(turn)]);
      context.stroke();
    }
  }

  /** Trace a closed curve that is given in coordinates of the plane. */
  private curve(context: CanvasRenderingContext2D, at: (turn: number) => number[]): void {
    const { plane } = this.lab;
    context.beginPath();
    for (let step = 0; step <= 72; step++) {
      const place = at((step / 72) * 2 * Math.PI).map((v, a) => v - plane.centre[a]);
      const [px, py] = this.view.toScreen(...plane.drawn(place[0], place[1]));
      if (step) context.lineTo(px, py);
      else context.moveTo(px, py);
    }
  }

  private rowsWord(): string {
    const { noun, data } = this.lab.document.told;
    if (this.n === data.n_test || this.lab.store.state.moment !== null) return this.lab.document.tested;
    return `${noun}s, test and training`;
  }

  private drawNames(): void {
    const context = sized(this.layers.names, this.view.width, this.view.height);
    if (this.lab.store.state.colour !== "label") return;
    const { theme } = this.lab;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.lineJoin = "round";
    const { only } = this.lab.store.state;
    for (const { name, place, index, u, v, small } of this.places) {
      const [px, py] = this.view.toScreen(u, v);
      const long = name.length > 3;
      const size = (small ? 20 : 28) * (this.view.width < 500 ? 0.75 : 1) * (long ? 0.55 : 1);
      context.font = `700 ${Math.round(size)}px system-ui, sans-serif`;
      context.globalAlpha = only !== null && only !== index ? 0.25 : 1;
      context.strokeStyle = css(PAPER[theme]);
      context.lineWidth = 5;
      const text = name.length > 18 ? `${name.slice(0, 17)}…` : name;
      context.strokeText(text, px, py);
      context.fillStyle = css(classText(place, theme));
      context.fillText(text, px, py);
    }
    context.globalAlpha = 1;
  }

  drawCursor(): void {
    const { lab, view } = this;
    const { state } = lab.store;
    const theme = lab.theme;
    const ink = css(INK[theme]);
    const context = sized(this.layers.cursor, view.width, view.height);
    this.drawThreads(context);
    this.drawPath(context);
    for (const [row, label] of [
      [state.second, "second"],
      [state.pin, "pinned"],
    ] as const) {
      if (row === null || row >= this.n) continue;
      const [px, py] = view.toScreen(this.drawn[2 * row], this.drawn[2 * row + 1]);
      this.drawEllipse(context, row);
      ring(context, px, py, 8, css(PAPER[theme]), ink);
      context.font = "600 13px system-ui, sans-serif";
      const name = lab.document.className(row);
      const text = name === null ? label : `${label}: ${article(name)}`;
      const wide = context.measureText(text).width + 16;
      const left = px + 14 + wide > view.width ? px - 14 - wide : px + 14;
      box(context, left, py - 12, wide, 24, css(PAPER[theme]), ink);
      context.fillStyle = ink;
      context.textBaseline = "middle";
      context.textAlign = "left";
      context.fillText(text, left + 8, py + 1);
    }
    if (state.view === "draw" && lab.drawing && state.moment === null) {
      const at = view.toScreen(...lab.plane.place(lab.drawing.code));
      const alert = css(LOST[theme]);
      ring(context, ...at, 10, css(PAPER[theme]), alert);
      context.fillStyle = alert;
      context.beginPath();
      context.arc(...at, 4, 0, 2 * Math.PI);
      context.fill();
      context.font = "600 13px system-ui, sans-serif";
      context.textAlign = "right";
      context.textBaseline = "middle";
      const wide = context.measureText("your drawing").width + 16;
      const edge = at[0] - 18 - wide < 4 ? at[0] + 18 + wide : at[0] - 18;
      box(context, edge - wide, at[1] - 12, wide, 24, css(PAPER[theme]), alert);
      context.fillStyle = alert;
      context.fillText("your drawing", edge - 8, at[1] + 1);
    }
    if (this.lasso) this.drawLasso(context, this.lasso);
    else if (state.lasso) this.drawLasso(context, state.lasso.map(([u, v]) => view.toScreen(u, v)));
    this.moveMarks();
  }

  /** The ring about the row under the pointer, and the cursor. */
  private moveMarks(): void {
    const { state } = this.lab.store;
    const i = this.hovered;
    this.ring.hidden = i === null || i === state.pin;
    if (i !== null) {
      const [px, py] = this.view.toScreen(this.drawn[2 * i], this.drawn[2 * i + 1]);
      this.ring.style.transform = `translate(${px - 8}px,${py - 8}px)`;
    }
    const place = state.mode === "decode" && state.view === "map" ? this.placeOfCursor() : null;
    this.dot.hidden = !place;
    if (place) this.dot.style.transform = `translate(${place[0] - 10}px,${place[1] - 10}px)`;
  }

  /** Leave what was decoded on the way; it stays for a while. */
  private bead(image: ImageData, px: number, py: number): void {
    const canvas = h("canvas", { class: "bead" });
    this.lab.pictures!.paint(canvas, image, 34);
    canvas.style.transform = `translate(${px - 18}px,${py - 18}px)`;
    this.beads.append(canvas);
    setTimeout(() => canvas.remove(), TRAIL_SECONDS * 1000);
  }

  private drawLasso(context: CanvasRenderingContext2D, line: [number, number][]): void {
    context.beginPath();
    line.forEach(([px, py], i) => (i ? context.lineTo(px, py) : context.moveTo(px, py)));
    context.closePath();
    context.fillStyle = css(INK[this.lab.theme], 0.05);
    context.fill();
    context.setLineDash([5, 4]);
    context.lineWidth = 1.5;
    context.strokeStyle = css(INK[this.lab.theme]);
    context.stroke();
    context.setLineDash([]);
  }

  /** Threads from the pinned row to its look-alikes in the data. */
  private drawThreads(context: CanvasRenderingContext2D): void {
    const { pin } = this.lab.store.state;
    const alike = this.lab.lookAlikes;
    if (pin === null || pin >= this.n || !alike.length) return;
    const [px, py] = this.view.toScreen(this.drawn[2 * pin], this.drawn[2 * pin + 1]);
    context.strokeStyle = css(INK[this.lab.theme], 0.65);
    context.fillStyle = css(INK[this.lab.theme], 0.65);
    context.lineWidth = 1;
    let [sx, sy, drawn] = [0, 0, 0];
    for (const i of alike) {
      if (i >= this.n) continue;
      const [qx, qy] = this.view.toScreen(this.drawn[2 * i], this.drawn[2 * i + 1]);
      const bend = 0.12 * Math.hypot(qx - px, qy - py);
      context.setLineDash([4, 4]);
      context.beginPath();
      context.moveTo(px, py);
      context.quadraticCurveTo((px + qx) / 2, (py + qy) / 2 - bend, qx, qy);
      context.stroke();
      context.setLineDash([]);
      context.beginPath();
      context.arc(qx, qy, 3.5, 0, 2 * Math.PI);
      context.fill();
      [sx, sy, drawn] = [sx + (px + qx) / 2, sy + (py + qy) / 2 - bend / 2, drawn + 1];
    }
    if (!drawn || Math.hypot(sx / drawn - px, sy / drawn - py) < 50) return;
    context.font = "600 11px system-ui, sans-serif";
    context.textAlign = "center";
    const text = `its look-alikes in ${this.lab.pictures ? "pixels" : "the columns"}`;
    context.strokeStyle = css(PAPER[this.lab.theme]);
    context.lineWidth = 4;
    context.strokeText(text, sx / drawn, sy / drawn - 6);
    context.fillText(text, sx / drawn, sy / drawn - 6);
  }

  /** The posterior of a pinned row: one and two standard deviations. */
  private drawEllipse(context: CanvasRenderingContext2D, row: number): void {
    const { lab } = this;
    const { posterior } = lab.document.told;
    if (!posterior || !lab.document.isTest(row) || lab.plane.dimensions === 3) return;
    const spread = lab.document.get(posterior.blob);
    const { k } = lab.document;
    const code = lab.document.code(row);
    context.strokeStyle = css(INK[lab.theme]);
    context.lineWidth = 1.5;
    for (const deviations of [1, 2]) {
      const axis = (turn: number) => {
        const moved = Float64Array.from(code);
        const [a, b] = lab.plane.axes.split(",").map((v) => Number(v) - 1);
        if (Number.isFinite(a)) {
          moved[a] += deviations * Math.cos(turn) * spread[row * k + a];
          moved[b] += deviations * Math.sin(turn) * spread[row * k + b];
        }
        return lab.plane.coordinates(moved);
      };
      this.curve(context, axis);
      context.stroke();
    }
  }

  private drawPath(context: CanvasRenderingContext2D): void {
    const { path } = this.lab;
    if (path.length < 2) return;
    context.strokeStyle = css(INK[this.lab.theme], 0.8);
    context.lineWidth = 2;
    context.beginPath();
    path.forEach((code, i) => {
      const [px, py] = this.view.toScreen(...this.lab.plane.place(code));
      if (i) context.lineTo(px, py);
      else context.moveTo(px, py);
    });
    context.stroke();
  }

  // ------------------------------------------------------------------ asking

  private placeOfCursor(): [number, number] | null {
    const { code } = this.lab.store.state;
    if (!code || code.length !== this.lab.document.k) return null;
    return this.view.toScreen(...this.lab.plane.place(code));
  }

  /** Points sorted into cells of the screen, so that the nearest is found among a few; made when asked for. */
  private sorted(): Cells {
    if (this.cells) return this.cells;
    const columns = Math.ceil(this.view.width / NEAR) + 2;
    const rows = Math.ceil(this.view.height / NEAR) + 2;
    const [at, cell] = [new Float32Array(2 * this.n), new Int32Array(this.n)];
    const starts = new Uint32Array(columns * rows + 1);
    for (let i = 0; i < this.n; i++) {
      const [px, py] = this.view.toScreen(this.drawn[2 * i], this.drawn[2 * i + 1]);
      [at[2 * i], at[2 * i + 1]] = [px, py];
      const [c, r] = [Math.floor(px / NEAR) + 1, Math.floor(py / NEAR) + 1];
      cell[i] = c >= 0 && r >= 0 && c < columns && r < rows ? r * columns + c : -1;
      if (cell[i] >= 0) starts[cell[i] + 1]++;
    }
    for (let k = 0; k < columns * rows; k++) starts[k + 1] += starts[k];
    const members = new Uint32Array(starts[columns * rows]);
    const next = starts.slice();
    for (let i = 0; i < this.n; i++) if (cell[i] >= 0) members[next[cell[i]]++] = i;
    this.cells = { at, columns, rows, starts, members };
    return this.cells;
  }

  private near(px: number, py: number, within: number): number | null {
    const { at, columns, rows, starts, members } = this.sorted();
    const [c, r] = [Math.floor(px / NEAR) + 1, Math.floor(py / NEAR) + 1];
    let [best, least] = [null as number | null, within * within];
    // Ring after ring of cells, until none that is left could be nearer.
    for (let ring = 0; Math.max(0, ring - 1) * NEAR <= Math.sqrt(least); ring++) {
      for (let dc = -ring; dc <= ring; dc++) {
        if (c + dc < 0 || c + dc >= columns) continue;
        const whole = Math.abs(dc) === ring;
        for (let dr = -ring; dr <= ring; dr += whole || ring === 0 ? 1 : 2 * ring) {
          if (r + dr < 0 || r + dr >= rows) continue;
          const k = (r + dr) * columns + c + dc;
          for (let m = starts[k]; m < starts[k + 1]; m++) {
            const i = members[m];
            const away = (at[2 * i] - px) ** 2 + (at[2 * i + 1] - py) ** 2;
            if (away <= least) [best, least] = [i, away];
          }
        }
      }
    }
    return best;
  }

  private anyWithin(px: number, py: number, within: number): boolean {
    const reach = Math.ceil(within / 8);
    for (let dr = -reach; dr <= reach; dr += 2) {
      for (let dc = -reach; dc <= reach; dc += 2) {
        if (dc * dc + dr * dr <= reach * reach && this.countAt(px + 8 * dc, py + 8 * dr) > 0) return true;
      }
    }
    return false;
  }

  /** The rows inside a lasso that is given in the plane. */
  within(line: [number, number][]): number[] {
    const found: number[] = [];
    for (let i = 0; i < this.n; i++) {
      if (contains(line, this.drawn[2 * i], this.drawn[2 * i + 1])) found.push(i);
    }
    return found;
  }

  // ------------------------------------------------------------------ gestures

  private listen(): void {
    const { element } = this;
    const at = (event: PointerEvent | WheelEvent | MouseEvent): [number, number] => {
      const frame = element.getBoundingClientRect();
      return [event.clientX - frame.left, event.clientY - frame.top];
    };
    const own = (event: Event) => !(event.target as Element).closest("button");
    let dragging: "pan" | "decode" | "lasso" | "turn" | null = null;
    let [moved, px0, py0] = [0, 0, 0];
    element.addEventListener("pointerdown", (event) => {
      if (!own(event)) return;
      const place = at(event);
      this.pointers.set(event.pointerId, place);
      element.setPointerCapture(event.pointerId);
      [px0, py0, moved] = [...place, 0];
      const { mode } = this.lab.store.state;
      if (event.shiftKey || this.lab.lassoing) {
        dragging = "lasso";
        this.lasso = [place];
      } else if (mode === "decode") {
        dragging = "decode";
        this.lab.path = [];
        this.decodeAt(...place, true);
      } else dragging = this.lab.plane.dimensions === 3 ? "turn" : "pan";
    });
    element.addEventListener("pointermove", (event) => {
      const place = at(event);
      const before = this.pointers.get(event.pointerId);
      if (this.pointers.size === 2 && before) {
        this.pinch(event.pointerId, place);
        return;
      }
      if (before) this.pointers.set(event.pointerId, place);
      moved = Math.max(moved, Math.hypot(place[0] - px0, place[1] - py0));
      if (dragging === "pan" && before) {
        this.view.pan(place[0] - before[0], place[1] - before[1]);
        this.moved();
      } else if (dragging === "turn" && before) {
        const [yaw, pitch] = this.lab.store.state.turn;
        const turned = pitch + (place[1] - before[1]) / 160;
        this.lab.store.set({ turn: [yaw + (place[0] - before[0]) / 160, Math.max(-1.5, Math.min(1.5, turned))] });
      } else if (dragging === "lasso" && this.lasso) {
        this.lasso.push(place);
        this.drawCursor();
      } else if (own(event)) this.pointAt(...place, dragging === "decode", event.pointerType === "touch");
    });
    const end = (event: PointerEvent) => {
      if (!this.pointers.delete(event.pointerId)) return;
      const place = at(event);
      if (dragging === "lasso" && this.lasso) {
        const line = this.lasso.map(([px, py]) => this.view.toPlane(px, py));
        this.lasso = null;
        if (moved > 6) this.lab.store.set({ lasso: thin(line) }, true);
        this.lab.lassoing = false;
      } else if (moved < 5 && event.type === "pointerup") this.click(...place, event.shiftKey);
      if (dragging === "decode") this.lab.pathDone();
      dragging = null;
    };
    element.addEventListener("pointerup", end);
    element.addEventListener("pointercancel", end);
    element.addEventListener("pointerleave", () => {
      this.hovered = null;
      this.cursor = null;
      if (this.lab.store.state.mode === "explore") this.card.hide();
      this.moveMarks();
    });
    element.addEventListener(
      "wheel",
      (event) => {
        event.preventDefault();
        this.view.zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0016)), ...at(event));
        this.moved();
        this.settle();
      },
      { passive: false },
    );
    element.addEventListener("dblclick", (event) => own(event) && this.fit(true));
  }

  private settleTimer = 0;

  /** When a zoom has come to rest, opacity and names are those of what is seen now. */
  private settle(): void {
    clearTimeout(this.settleTimer);
    this.settleTimer = window.setTimeout(() => {
      this.measureDensity();
      this.redraw();
    }, 160);
  }

  private pinch(id: number, place: [number, number]): void {
    const [other] = [...this.pointers].filter(([key]) => key !== id).map(([, at]) => at);
    const before = this.pointers.get(id)!;
    const grown = Math.hypot(place[0] - other[0], place[1] - other[1]);
    const was = Math.hypot(before[0] - other[0], before[1] - other[1]);
    this.pointers.set(id, place);
    this.view.zoom(grown / (was || 1), other[0], other[1]);
    this.moved();
    this.settle();
  }

  /** The class whose name stands at a place of the panel. */
  private nameAt(px: number, py: number) {
    if (this.lab.store.state.colour !== "label") return undefined;
    return this.places.find(({ u, v }) => {
      const [x, y] = this.view.toScreen(u, v);
      return Math.hypot(x - px, y - py) < 16;
    });
  }

  private click(px: number, py: number, shift: boolean): void {
    const name = this.nameAt(px, py);
    const { state } = this.lab.store;
    const row = this.near(px, py, NEAR);
    if (name && state.mode === "explore") {
      this.lab.store.set({ only: state.only === name.index ? null : name.index }, true);
    } else if (row !== null) {
      if (shift && state.pin !== null) this.lab.store.set({ second: row }, true);
      else this.lab.pin(row);
    } else if (state.only !== null) this.lab.store.set({ only: null }, true);
  }

  private pointAt(px: number, py: number, pressed: boolean, touch: boolean): void {
    this.cursor = [px, py];
    const { state } = this.lab.store;
    if (state.mode === "decode" || pressed) {
      if (!touch || pressed) this.decodeAt(px, py, pressed);
      return;
    }
    const started = performance.now();
    const name = this.nameAt(px, py);
    this.hovered = name ? null : this.near(px, py, NEAR);
    if (name) this.card.class(name.index, this.n);
    else if (this.hovered !== null) this.card.row(this.hovered);
    else this.card.code(this.lab.plane.code(...this.view.toPlane(px, py), this.lab.base()));
    this.moveCard(px, py);
    this.moveMarks();
    keep(this.spent.hover, performance.now() - started);
  }

  /** Decode what lies under the pointer, and leave a trail. */
  private decodeAt(px: number, py: number, pressed: boolean): void {
    if (!this.lab.decodes) {
      this.lab.tell("informs", "The decoder here is that of the end of the training: drag the curve to its end to decode.");
      return;
    }
    const started = performance.now();
    const { lab } = this;
    const code = lab.plane.code(...this.view.toPlane(px, py), lab.base());
    lab.store.state.code = Array.from(code);
    const image = this.card.code(code);
    const far = Math.hypot(px - this.lastBead[0], py - this.lastBead[1]) > BEAD_EVERY;
    if (far && image) this.bead(image, px, py);
    if (far) this.lastBead = [px, py];
    if (pressed) lab.path.push(code);
    this.moveCard(px, py);
    if (pressed) this.drawCursor();
    else this.moveMarks();
    lab.codeMoved();
    keep(this.spent.decode, performance.now() - started);
  }

  /** Move the cursor by keys: `steps` right and up, 1/40 of the panel each. */
  step(right: number, up: number): void {
    const { lab } = this;
    const from = lab.store.state.code ? this.placeOfCursor()! : ([this.view.width / 2, this.view.height / 2] as const);
    const stride = this.view.width / 40;
    const px = Math.min(this.view.width, Math.max(0, from[0] + right * stride));
    const py = Math.min(this.view.height, Math.max(0, from[1] - up * stride));
    if (lab.store.state.mode !== "decode") lab.store.set({ mode: "decode" });
    this.decodeAt(px, py, lab.recording);
    this.cursor = [px, py];
    lab.store.set({ code: Array.from(lab.store.state.code!) });
    const row = this.near(px, py, 60);
    const code = lab.store.state.code!.slice(0, 3).map((v) => fixed(v, 2)).join(", ");
    const name = row === null ? "no row near" : `nearest: ${lab.nameOf(row)}`;
    this.said.textContent = `${code}; ${name}.`;
  }

  /** The row nearest to the cursor, which Enter pins. */
  nearest(): number | null {
    const place = this.placeOfCursor() ?? this.cursor;
    return place && this.near(...(place as [number, number]), 400);
  }

  nearestTo(code: ArrayLike<number>): number | null {
    return this.near(...this.view.toScreen(...this.lab.plane.place(code)), 120);
  }

  /** Show the card where it hides fewest points; on touch in a corner away from the finger. */
  private moveCard(px: number, py: number): void {
    const card = this.card.element;
    if (card.hidden) return;
    const [wide, high] = this.card.extent;
    let best = [12, 12];
    let least = Infinity;
    for (const [dx, dy] of [[1, 1], [1, -1], [-1, 1], [-1, -1], [1, 0], [-1, 0], [0, 1], [0, -1]]) {
      const left = px + dx * 26 - (dx < 0 ? wide : dx === 0 ? wide / 2 : 0);
      const top = py + dy * 26 - (dy < 0 ? high : dy === 0 ? high / 2 : 0);
      if (left < 4 || top < 56 || left + wide > this.view.width - 4 || top + high > this.view.height - 4) continue;
      let hidden = 0;
      for (let y = top; y < top + high; y += 24) {
        for (let x = left; x < left + wide; x += 24) hidden += this.countAt(x, y);
      }
      // To stay on one side is worth a few points.
      if (card.dataset.side === `${dx},${dy}`) hidden *= 0.6;
      if (hidden < least) {
        [least, best] = [hidden, [left, top]];
        card.dataset.side = `${dx},${dy}`;
      }
    }
    if (this.view.width < 500) best = [this.view.width - wide - 8, 56];
    card.style.transform = `translate(${Math.round(best[0])}px,${Math.round(best[1])}px)`;
  }

  hideCard(): void {
    this.card.hide();
    this.hovered = null;
    this.beads.replaceChildren();
    this.drawCursor();
  }

  /** The map as a picture: all layers but the card. */
  snapshot(): HTMLCanvasElement {
    this.drawPoints();
    const { width, height } = this.layers.points;
    const whole = h("canvas", { width, height });
    const context = whole.getContext("2d")!;
    context.fillStyle = css(PAPER[this.lab.theme]);
    context.fillRect(0, 0, width, height);
    for (const layer of Object.values(this.layers)) context.drawImage(layer, 0, 0, width, height);
    return whole;
  }

  destroy(): void {
    clearTimeout(this.backdropTimer);
    clearTimeout(this.settleTimer);
    cancelAnimationFrame(this.gliding);
    this.points.destroy();
  }
}

function keep(list: number[], value: number): void {
  list.push(value);
  if (list.length > 600) list.shift();
}

/** "a 3", "an 8", and longer names as they are. */
export function article(name: string): string {
  if (name.length > 3) return name;
  return `${/^(8|11|18|[aeiouAEFHILMNORSX])/.test(name) ? "an" : "a"} ${name}`;
}

/** Every run shuffles alike: a page that is opened again looks the same. */
function shuffled(n: number): Uint32Array {
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  let seed = 123456789;
  for (let i = n - 1; i > 0; i--) {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    const j = seed % (i + 1);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

function ring(
  context: CanvasRenderingContext2D,
  x: number,
  y: number,
  radius: number,
  fill: string,
  stroke: string,
): void {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fillStyle = fill;
  if (fill !== "transparent") context.fill();
  context.lineWidth = 2.5;
  context.strokeStyle = stroke;
  context.stroke();
}

function box(
  context: CanvasRenderingContext2D,
  x: number,
  y: number,
  wide: number,
  high: number,
  fill: string,
  stroke: string,
): void {
  context.beginPath();
  context.roundRect(x, y, wide, high, 6);
  context.fillStyle = fill;
  context.fill();
  context.lineWidth = 1.2;
  context.strokeStyle = stroke;
  context.stroke();
}

/** At most 60 corners: a lasso goes into the address. */
function thin(line: [number, number][]): [number, number][] {
  const every = Math.ceil(line.length / 60);
  return line.filter((_, i) => i % every === 0);
}

function contains(line: [number, number][], u: number, v: number): boolean {
  let inside = false;
  for (let i = 0, j = line.length - 1; i < line.length; j = i++) {
    const [[x0, y0], [x1, y1]] = [line[j], line[i]];
    if (y0 > v !== y1 > v && u < x0 + ((v - y0) / (y1 - y0)) * (x1 - x0)) inside = !inside;
  }
  return inside;
}
