// Draw: a drawing or a file becomes a row like those of the data, and is read while it is drawn.

import { count, fixed } from "./document";
import { button, h, sized } from "./dom";
import { css, INK, PAPER } from "./colours";
import type { Lab } from "./lab";

/** A drawing as the network sees it, and what becomes of it. */
export interface Drawing {
  row: Float64Array;
  code: Float64Array;
  back: Float64Array | null;
  error: number;
}

interface Stroke {
  points: [number, number][];
  width: number;
}

const FINE = 8;
const WIDTHS: [string, number][] = [["Thin", 1.4], ["Pen", 2.2], ["Thick", 3.2]];
const LARGEST_FILE = 10_000_000;

export class DrawPad {
  readonly element: HTMLElement;
  private readonly pad: HTMLCanvasElement;
  private readonly sees: HTMLElement;
  private readonly redraws: HTMLElement;
  private readonly numbers: HTMLElement;
  private readonly pens: HTMLButtonElement[];
  private strokes: Stroke[] = [];
  private picture: HTMLCanvasElement | null = null;
  private width = WIDTHS[1][1];
  private typical: { side: number; x: number; y: number } | null = null;
  private asked = 0;
  private readonly fine = h("canvas", {});
  /** Milliseconds from a movement of the pen to the picture, for who measures. */
  readonly spent: number[] = [];

  constructor(private readonly lab: Lab) {
    this.pad = h("canvas", {
      class: "pad", tabindex: 0, role: "img",
      "aria-label": "Drawing area: draw with mouse, pen or finger, or choose an image file",
      "data-sentence": "Draw with mouse or finger.",
    });
    const input = h("input", { type: "file", accept: "image/*", hidden: true, onchange: () => {
        void this.open(input.files?.[0]);
        // The same file may be chosen again.
        input.value = "";
      } });
    this.pens = WIDTHS.map(([name, width]) =>
      button({ "aria-pressed": String(width === this.width), onclick: () => this.choose(width) }, name),
    );
    this.sees = h("figure", {});
    this.redraws = h("figure", {});
    this.numbers = h("p", { class: "passes" });
    this.element = h(
      "section",
      { class: "draw", "aria-label": "Draw", hidden: true },
      this.pad,
      h(
        "div",
        { class: "buttons" },
        button({ sentence: "Take the last stroke back.", onclick: () => this.undo() }, "Undo"),
        button({ sentence: "Begin anew.", onclick: () => this.clear() }, "Clear"),
        h("div", { class: "switch", role: "group", "aria-label": "Pen" }, ...this.pens),
        button({ sentence: "Drop an image; it is centred like the data.", onclick: () => input.click() }, "File"),
        input,
      ),
      h("div", { class: "through" }, this.sees, this.numbers, this.redraws),
      h("p", { class: "quiet" }, "Draw with mouse, pen or finger, or drop an image. It is centred like the data, and read while you draw."),
    );
    this.listen();
  }

  private choose(width: number): void {
    this.width = width;
    WIDTHS.forEach(([, own], i) => this.pens[i].setAttribute("aria-pressed", String(own === width)));
  }

  private listen(): void {
    const at = (event: PointerEvent): [number, number] => {
      const frame = this.pad.getBoundingClientRect();
      return [(event.clientX - frame.left) / frame.width, (event.clientY - frame.top) / frame.height];
    };
    let drawing = false;
    this.pad.addEventListener("pointerdown", (event) => {
      drawing = true;
      this.pad.setPointerCapture(event.pointerId);
      this.picture = null;
      this.strokes.push({ points: [at(event)], width: this.width });
      this.read();
    });
    this.pad.addEventListener("pointermove", (event) => {
      if (!drawing) return;
      const started = performance.now();
      // A fast hand moves several times between two frames.
      const moves = event.getCoalescedEvents?.() ?? [];
      for (const move of moves.length ? moves : [event]) {
        this.strokes[this.strokes.length - 1].points.push(at(move));
      }
      this.read(false);
      this.spent.push(performance.now() - started);
    });
    const end = () => {
      if (drawing) this.judge();
      drawing = false;
    };
    this.pad.addEventListener("pointerup", end);
    this.pad.addEventListener("pointercancel", end);
    this.element.addEventListener("dragover", (event) => event.preventDefault());
    this.element.addEventListener("drop", (event) => {
      event.preventDefault();
      void this.open(event.dataTransfer?.files[0]);
    });
  }

  private undo(): void {
    this.picture = null;
    this.strokes.pop();
    this.read();
  }

  private clear(): void {
    this.picture = null;
    this.strokes = [];
    this.read();
  }

  /** Strokes by code, each of points between 0 and 1: for tests, and for who teaches. */
  draw(strokes: [number, number][][]): void {
    this.strokes = strokes.map((points) => ({ points, width: this.width }));
    this.picture = null;
    this.read();
  }

  private async open(file: File | undefined): Promise<void> {
    if (!file) return;
    if (!file.type.startsWith("image/") || file.size > LARGEST_FILE) {
      const what = file.type.startsWith("image/") ? `${count(Math.round(file.size / 1e6))} MB` : "no image";
      this.lab.tell("broke", `The file must be an image of at most ${LARGEST_FILE / 1e6} MB; it is ${what}: choose another one.`);
      return;
    }
    try {
      const image = await createImageBitmap(file);
      const side = 256;
      const canvas = h("canvas", { width: side, height: side });
      const context = canvas.getContext("2d", { willReadFrequently: true })!;
      const scale = Math.min(side / image.width, side / image.height);
      const [wide, high] = [image.width * scale, image.height * scale];
      context.fillStyle = "#fff";
      context.fillRect(0, 0, side, side);
      context.drawImage(image, (side - wide) / 2, (side - high) / 2, wide, high);
      image.close();
      asInk(canvas);
      [this.picture, this.strokes] = [canvas, []];
      this.read();
    } catch {
      this.lab.tell("broke", "The file must be an image that this browser can read; this one is not: choose another one.");
    }
  }

  // ------------------------------------------------------------------ from ink to a row

  /** How large, and where, the ink of the data is: the median side, and its centre of mass. */
  private measure(): { side: number; x: number; y: number } {
    if (this.typical) return this.typical;
    const { lab } = this;
    const { width, height } = lab.pictures!;
    const [sides, xs, ys]: number[][] = [[], [], []];
    const n = Math.min(1000, lab.document.told.data.n_test);
    for (let i = 0; i < n; i++) {
      const found = extent(lab.pictures!.shares(lab.document.row(i)!), width, height);
      if (!found) continue;
      sides.push(Math.max(found.right - found.left, found.bottom - found.top) + 1);
      xs.push(found.x);
      ys.push(found.y);
    }
    const middle = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1] ?? width / 2;
    this.typical = { side: middle(sides), x: middle(xs), y: middle(ys) };
    return this.typical;
  }

  /** The shares of ink (height x width) of what was drawn, as large and where the data's are. */
  private shares(): Float64Array | null {
    const { width, height } = this.lab.pictures!;
    const typical = this.measure();
    const box = this.picture ? this.pictureBox() : this.strokesBox();
    if (!box) return null;
    const { fine } = this;
    if (fine.width !== width * FINE) [fine.width, fine.height] = [width * FINE, height * FINE];
    const context = fine.getContext("2d", { willReadFrequently: true })!;
    const paint = (dx: number, dy: number): Float64Array => {
      context.clearRect(0, 0, fine.width, fine.height);
      this.paintInk(context, box, typical.side, dx, dy);
      return reduced(context.getImageData(0, 0, fine.width, fine.height), width, height);
    };
    const first = extent(paint(width / 2, height / 2), width, height);
    if (!first) return null;
    return paint(width / 2 + typical.x - first.x, height / 2 + typical.y - first.y);
  }

  private paintInk(
    context: CanvasRenderingContext2D,
    box: { x: number; y: number; side: number },
    side: number,
    dx: number,
    dy: number,
  ): void {
    const { width } = this.lab.pictures!;
    const pen = (width / 28) * FINE;
    if (this.picture) {
      const scale = (side * FINE) / box.side;
      context.drawImage(this.picture, dx * FINE - box.x * scale, dy * FINE - box.y * scale, 256 * scale, 256 * scale);
      return;
    }
    // The pen's own width is part of how large the ink is.
    const inner = Math.max(1, side - (width / 28) * this.width);
    const scale = box.side > 0.02 ? (inner * FINE) / box.side : 0;
    context.lineCap = context.lineJoin = "round";
    context.strokeStyle = "#000";
    for (const { points, width: wide } of this.strokes) {
      context.lineWidth = wide * pen;
      context.beginPath();
      points.forEach(([x, y], i) => {
        const [px, py] = [dx * FINE + (x - box.x) * scale, dy * FINE + (y - box.y) * scale];
        if (i) context.lineTo(px, py);
        else context.moveTo(px, py);
      });
      if (points.length === 1) context.lineTo(dx * FINE + 0.01, dy * FINE);
      context.stroke();
    }
  }

  private strokesBox(): { x: number; y: number; side: number } | null {
    const points = this.strokes.flatMap((stroke) => stroke.points);
    if (!points.length) return null;
    let [left, right, top, bottom] = [1, 0, 1, 0];
    for (const [x, y] of points) {
      [left, right] = [Math.min(left, x), Math.max(right, x)];
      [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
    }
    return { x: (left + right) / 2, y: (top + bottom) / 2, side: Math.max(right - left, bottom - top) };
  }

  private pictureBox(): { x: number; y: number; side: number } | null {
    const data = this.picture!.getContext("2d")!.getImageData(0, 0, 256, 256).data;
    const ink = Float64Array.from({ length: 65536 }, (_, i) => data[4 * i + 3] / 255);
    const found = extent(ink, 256, 256);
    if (!found) return null;
    const side = Math.max(found.right - found.left, found.bottom - found.top) + 1;
    return { x: (found.left + found.right + 1) / 2, y: (found.top + found.bottom + 1) / 2, side };
  }

  private judging = 0;

  /** Look for rows that are alike, and judge: it takes longer than a frame, and the pen comes first. */
  private judge(): void {
    clearTimeout(this.judging);
    this.judging = 0;
    this.lab.judgeDrawing();
  }

  /** Encode and decode what is drawn, and show it; judge it too, at once or when the hand rests. */
  private read(atOnce = true): void {
    const { lab } = this;
    this.show();
    if (!lab.document.hasRows) {
      lab.tell("waits", "The data’s pictures are still coming; the drawing is read when they are there.");
      lab.document.whenRows(() => this.read());
      return;
    }
    const shares = this.shares();
    if (!shares) {
      lab.setDrawing(null);
      this.showPassage(null);
      this.judge();
      return;
    }
    const row = lab.pictures!.rowOf(shares);
    const turn = ++this.asked;
    const done = (code: Float64Array, back: Float64Array | null) => {
      if (turn !== this.asked || lab.closed) return;
      const error = back ? row.reduce((sum, v, j) => sum + (v - back[j]) ** 2, 0) / row.length : NaN;
      const drawing = { row, code, back, error };
      lab.setDrawing(drawing);
      this.showPassage(drawing);
      if (atOnce) this.judge();
      // A hand that does not rest is told five times a second.
      else this.judging ||= window.setTimeout(() => this.judge(), 200);
    };
    const code = lab.encodeNow(row);
    if (code) {
      const back = lab.decodeNow(code, lab.lastDecoder);
      if (back || !lab.lastDecoder) return done(code, back);
      void Promise.resolve(lab.lastDecoder.decode([code])).then(([decoded]) => done(code, decoded), this.failed);
      return;
    }
    void lab
      .encode(row)
      .then(async (found) => done(found, lab.lastDecoder ? (await lab.lastDecoder.decode([found]))[0] : null))
      .catch(this.failed);
  }

  private readonly failed = (error: Error): void => this.lab.tell("broke", error.message);

  /** The pad as the hand left it. */
  private show(): void {
    const { theme } = this.lab;
    const side = Math.max(200, this.element.clientWidth - 32);
    const context = sized(this.pad, side, side);
    context.fillStyle = css(PAPER[theme]);
    context.fillRect(0, 0, side, side);
    context.strokeStyle = css(INK[theme], 0.15);
    context.setLineDash([3, 4]);
    context.strokeRect(side * 0.14, side * 0.14, side * 0.72, side * 0.72);
    context.setLineDash([]);
    if (this.picture) {
      context.filter = theme === "dark" ? "invert(1)" : "none";
      context.drawImage(this.picture, 0, 0, side, side);
      context.filter = "none";
    }
    context.lineCap = context.lineJoin = "round";
    context.strokeStyle = css(INK[theme]);
    for (const { points, width } of this.strokes) {
      context.lineWidth = (width * side) / 28;
      context.beginPath();
      points.forEach(([x, y], i) => (i ? context.lineTo(x * side, y * side) : context.moveTo(x * side, y * side)));
      if (points.length === 1) context.lineTo(points[0][0] * side + 0.01, points[0][1] * side);
      context.stroke();
    }
    if (this.strokes.length || this.picture) return;
    context.fillStyle = css(INK[theme], 0.55);
    context.font = "15px system-ui, sans-serif";
    context.textAlign = "center";
    context.fillText(`Draw a ${this.lab.document.told.noun} here, or a heart`, side / 2, side / 2);
  }

  private showPassage(drawing: Drawing | null): void {
    const { pictures, theme } = this.lab;
    const show = (place: HTMLElement, row: Float64Array | null, name: string) => {
      // While the hand draws the pictures stay the same elements.
      const old = place.querySelector("canvas");
      if (row && old) return pictures!.paint(old, pictures!.pixels(row, theme), 112);
      const shown = row ? pictures!.canvas(pictures!.pixels(row, theme), 112, name) : h("div", { class: "nothing" });
      place.replaceChildren(shown, h("figcaption", {}, name));
    };
    show(this.sees, drawing?.row ?? null, "what it sees");
    show(this.redraws, drawing?.back ?? null, "what it redraws");
    const code = drawing ? Array.from(drawing.code.slice(0, 3), (v) => fixed(v, 2)).join(", ") : "";
    const more = drawing && drawing.code.length > 3 ? ", …" : "";
    this.numbers.replaceChildren(h("b", {}, code + more), h("span", { class: "quiet" }, drawing ? "all that it keeps" : ""));
  }

  update(): void {
    if (!this.element.hidden) {
      this.show();
      if (!this.lab.drawing) this.showPassage(null);
    }
  }
}

/** Turn a picture into ink: how far each pixel is from the paper, which is what its edges are. */
function asInk(canvas: HTMLCanvasElement): void {
  const context = canvas.getContext("2d", { willReadFrequently: true })!;
  const image = context.getImageData(0, 0, canvas.width, canvas.height);
  const { data } = image;
  const n = canvas.width * canvas.height;
  const light = Float64Array.from({ length: n }, (_, i) => (0.3 * data[4 * i] + 0.59 * data[4 * i + 1] + 0.11 * data[4 * i + 2]) / 255);
  const edge: number[] = [];
  for (let i = 0; i < canvas.width; i++) edge.push(light[i], light[n - 1 - i]);
  edge.sort((a, b) => a - b);
  const paper = edge[edge.length >> 1];
  let most = 0.05;
  for (const v of light) most = Math.max(most, Math.abs(v - paper));
  for (let i = 0; i < n; i++) {
    const ink = Math.abs(light[i] - paper) / most;
    data.set([0, 0, 0, ink < 0.12 ? 0 : 255 * ink], 4 * i);
  }
  context.putImageData(image, 0, 0);
}

/** Where ink is, and its centre of mass; null where there is none. */
function extent(shares: ArrayLike<number>, width: number, height: number) {
  let [left, right, top, bottom] = [width, -1, height, -1];
  let [mass, x, y] = [0, 0, 0];
  for (let r = 0; r < height; r++) {
    for (let c = 0; c < width; c++) {
      const share = shares[r * width + c];
      mass += share;
      x += share * (c + 0.5);
      y += share * (r + 0.5);
      if (share < 0.2) continue;
      [left, right] = [Math.min(left, c), Math.max(right, c)];
      [top, bottom] = [Math.min(top, r), Math.max(bottom, r)];
    }
  }
  return right < 0 ? null : { left, right, top, bottom, x: x / mass, y: y / mass };
}

/** The mean ink of each block of fine pixels. */
function reduced(image: ImageData, width: number, height: number): Float64Array {
  const shares = new Float64Array(width * height);
  for (let r = 0; r < height; r++) {
    for (let c = 0; c < width; c++) {
      let sum = 0;
      for (let dr = 0; dr < FINE; dr++) {
        for (let dc = 0; dc < FINE; dc++) sum += image.data[4 * ((r * FINE + dr) * image.width + c * FINE + dc) + 3];
      }
      shares[r * width + c] = sum / (255 * FINE * FINE);
    }
  }
  return shares;
}
