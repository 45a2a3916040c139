// Learn: a training in front of one's eyes. The server trains; here its newest frame is drawn.

import { classColour, classText, css, INK, mix, PAPER, type RGB, type Theme } from "./colours";
import { count, fixed } from "./document";
import { button, calm, h, sized, svg } from "./dom";
import { median } from "./plane";
import { Pictures } from "./pictures";

/** What a training needs of whoever shows it. */
export interface Stage {
  readonly theme: Theme;
  send(message: Record<string, unknown>): void;
  tell(kind: "informs" | "waits" | "broke", text: string, ...more: Node[]): void;
  changed(): void;
}

export interface Learning {
  config: Record<string, unknown> & { data: string; n_components: number; epochs: number; hidden: number[] };
  n_steps: number;
  floor: Record<string, number | null> | null;
  noun: string;
  image_shape: number[] | null;
  shown: [number, number] | null;
  labels: number[] | null;
  classes: { names: string[]; places: number[] } | null;
  inputs: number[][];
  errors: [number, number, number][];
}

interface Frame {
  step: number;
  n_steps: number;
  epoch: number;
  squared_error: number | null;
  seconds: number;
  codes: Float32Array;
  k: number;
  pictures: Float32Array[];
}

type Phase = "idle" | "learning" | "paused" | "learned" | "stopped" | "crashed";
const TAILS = 8;

export class LearnView {
  readonly element: HTMLElement;
  private told: Learning | null = null;
  private frame: Frame | null = null;
  private before: Float32Array[] = [];
  private kept: Frame[] = [];
  private phase: Phase = "idle";
  private said = "";
  private pictures: Pictures | null = null;
  private readonly status = h("div", { class: "status" });
  private readonly form: HTMLFormElement;
  private readonly map = h("canvas", { class: "layer", role: "img", "aria-label": "The codes of test rows, finding their places" });
  private readonly hero: HTMLElement;
  private readonly right = h("section", { class: "redrawn", "aria-label": "What it draws" });
  private readonly strip = h("div", { class: "moments" });
  private readonly chart = svg("svg", { class: "chart", role: "img" });
  private readonly number = h("div", { class: "moment" });
  private readonly time: HTMLElement;
  private drawn = 0;
  /** Milliseconds that a frame takes to be drawn, for who measures. */
  readonly spent: number[] = [];

  constructor(
    private readonly stage: Stage,
    data: string[],
  ) {
    this.form = this.makeForm(data);
    const knobs = h("section", { class: "knobs", "aria-label": "Training" }, this.status, this.form);
    this.hero = h("section", { class: "hero-learn", "aria-label": "Map" }, this.map, this.strip);
    this.time = h("footer", { class: "time-learn" }, h("div", { class: "track" }, this.chart), this.number);
    this.element = h("main", { class: "learn", hidden: true }, knobs, this.hero, this.right, this.time);
    new ResizeObserver(() => this.draw()).observe(this.hero);
  }

  private makeForm(data: string[]): HTMLFormElement {
    const field = (name: string, label: string, control: HTMLElement, sentence: string) => {
      control.setAttribute("name", name);
      control.setAttribute("data-sentence", sentence);
      return h("label", { class: "field" }, h("span", {}, label), control);
    };
    const choose = (choices: [string, string][]) => h("select", {}, ...choices.map(([value, name]) => h("option", { value }, name)));
    return h(
      "form",
      {
        onsubmit: (event: Event) => {
          event.preventDefault();
          this.begin();
        },
      },
      field("data", "Data", choose(data.map((name) => [name, name])), "What it learns from."),
      field("hidden", "Network", h("input", { type: "text", value: "256, 64", inputmode: "numeric" }), "Units of the encoder’s hidden layers; the decoder has them backwards."),
      field("n_components", "Numbers to keep", h("input", { type: "number", min: 1, max: 64, value: 2 }), "Into how many numbers a row is pressed."),
      field("likelihood", "What counts as an error", choose([["gaussian", "squared error"], ["bernoulli", "cross-entropy"]]), "What the training makes small."),
      field("optimizer", "Optimiser", choose([["muon", "Muon"], ["adam", "Adam"], ["sgd", "SGD"]]), "How the weights are moved."),
      field("epochs", "Passes over the data", h("input", { type: "number", min: 1, max: 200, value: 5 }), "How often each row is seen."),
      h("p", { class: "quiet" }, "Each training is kept as a run."),
      button({ type: "submit", class: "primary", sentence: "Begin a training with these." }, "Learn"),
    );
  }

  private begin(): void {
    const value = (name: string) => (this.form.elements.namedItem(name) as HTMLInputElement).value;
    const hidden = value("hidden").split(/[\s,]+/).filter(Boolean).map(Number);
    if (!hidden.every((n) => Number.isInteger(n) && n > 0)) {
      this.stage.tell("broke", "The network must be widths joined by commas, such as 256, 64.");
      return;
    }
    const config = {
      data: value("data"),
      hidden,
      n_components: Number(value("n_components")),
      likelihood: value("likelihood"),
      optimizer: value("optimizer"),
      epochs: Number(value("epochs")),
    };
    this.stage.send({ type: "learn", id: Date.now() % 1e9, config });
  }

  // ------------------------------------------------------------------ what the server says

  /** Hear a message; returns whether it was of a training. */
  hear(message: { type: string } & Record<string, unknown>): boolean {
    switch (message.type) {
      case "learning":
        this.told = message as unknown as Learning;
        this.phase = "learning";
        [this.frame, this.before, this.kept] = [null, [], []];
        this.pictures = this.told.image_shape ? Pictures.of(this.told.image_shape, this.told.shown!) : null;
        break;
      case "paused":
      case "learned":
      case "stopped":
        this.phase = message.type;
        this.said = String(message.run ?? "");
        if (message.command) this.said = String(message.command);
        break;
      case "going on":
        this.phase = "learning";
        break;
      case "crashed":
        this.phase = "crashed";
        this.said = String(message.message);
        break;
      default:
        return false;
    }
    this.draw();
    this.stage.changed();
    return true;
  }

  /** Take a frame: a length, a header as JSON, and the numbers after it. */
  see(buffer: ArrayBuffer): void {
    if (!this.told) return;
    const length = new DataView(buffer).getUint32(0, true);
    const told = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
    const [n, k] = told.codes;
    const [m, d] = told.pictures;
    const codes = new Float32Array(buffer, 4 + length, n * k);
    const rows = new Float32Array(buffer, 4 + length + 4 * n * k, m * d);
    const pictures = Array.from({ length: m }, (_, i) => rows.subarray(i * d, (i + 1) * d));
    if (this.frame) this.before = [...this.before, this.frame.codes].slice(-TAILS);
    this.frame = { ...told, codes, k, pictures };
    const last = this.kept[this.kept.length - 1];
    if (!last || this.frame!.step >= 4 * Math.max(2, last.step)) this.kept = [...this.kept, this.frame!].slice(-5);
    if (told.squared_error !== null && told.error_step !== this.told.errors[this.told.errors.length - 1]?.[0]) {
      this.told.errors.push([told.error_step ?? told.step, told.epoch, told.squared_error]);
    }
    if (this.phase === "idle") this.phase = "learning";
    this.drawn++;
    this.draw();
  }

  get frames(): number {
    return this.drawn;
  }

  get headline(): { title: string; told: string } {
    const { told } = this;
    if (!told) return { title: "Watch a network learn", told: "choose, and press Learn" };
    const rate = this.frame && this.frame.seconds > 0.2 ? ` · ${count(Math.round(this.frame.step / this.frame.seconds))} steps a second` : "";
    const title = `A network learns ${told.config.data} in front of you`;
    return { title, told: `through ${told.config.n_components} number${told.config.n_components === 1 ? "" : "s"}${rate}` };
  }

  // ------------------------------------------------------------------ drawing

  draw(): void {
    if (this.element.hidden) return;
    const started = performance.now();
    this.drawStatus();
    this.drawMap();
    this.drawRight();
    this.drawTime();
    this.spent.push(performance.now() - started);
    if (this.spent.length > 600) this.spent.shift();
  }

  private shown = "";
  private readonly bar = h("progress", { max: 1, value: 0, "aria-label": "Share of the steps" });
  private readonly steps = h("span", {});
  private readonly left = h("span", {});

  /** Buttons stay the same elements from frame to frame: a press begins and ends on one. */
  private drawStatus(): void {
    const { frame, told, phase, stage } = this;
    if (frame && told) {
      const share = frame.step / frame.n_steps;
      const left = share > 0.02 && share < 1 && phase === "learning" ? (frame.seconds * (1 - share)) / share : null;
      this.bar.value = share;
      this.steps.replaceChildren("step ", h("b", {}, count(frame.step)), ` of ${count(frame.n_steps)}`);
      this.left.textContent = left === null ? "" : `about ${count(Math.ceil(left))} s left`;
    }
    const last = !!frame && frame.step >= frame.n_steps;
    const key = JSON.stringify([phase, this.said, !!frame, last]);
    if (key === this.shown) return;
    this.shown = key;
    const act = (name: string, message: string, sentence: string, first = false) =>
      button({ class: first ? "primary" : "", sentence, onclick: () => stage.send({ type: message }) }, name);
    const words: Record<Phase, string> = {
      idle: "Nothing is being learned", learning: "Learning", paused: "Paused", learned: "Learned", stopped: "Stopped", crashed: "Training stopped",
    };
    const parts: Node[] = [h("h2", { class: `phase ${phase}` }, words[phase])];
    if (frame) parts.push(this.bar, h("p", { class: "line" }, this.steps, this.left));
    if (phase === "learning" && last) {
      parts.push(h("p", { class: "quiet" }, "The last step is done; its run is being measured and written."));
    } else if (phase === "learning") {
      parts.push(h("div", { class: "buttons" }, act("Pause", "pause", "The map stays yours meanwhile.", true), act("Stop", "stop", "Keep what it has learned so far.")));
    } else if (phase === "paused") {
      parts.push(h("div", { class: "buttons" }, act("Go on", "go on", "Take the next step.", true), act("Stop", "stop", "Keep what it has learned so far.")));
    } else if (phase === "learned") {
      parts.push(h("p", { class: "quiet" }, `Kept as ${this.said}.`));
      parts.push(h("div", { class: "buttons" }, button({ class: "primary", sentence: "See every row, and what lies between.", onclick: () => stage.send({ type: "open", id: Date.now() % 1e9 }) }, "Open its map")));
    } else if (phase === "stopped") {
      parts.push(h("p", { class: "quiet" }, "It goes on with:"), h("code", {}, this.said));
    } else if (phase === "crashed") parts.push(h("p", { class: "alert" }, this.said));
    this.status.replaceChildren(...parts);
    const busy = phase === "learning" || phase === "paused";
    for (const control of Array.from(this.form.elements)) (control as HTMLInputElement).disabled = busy;
  }

  private colour(i: number, theme: Theme): RGB {
    const { labels, classes } = this.told!;
    return labels && classes ? classColour(classes.places[labels[i]], theme) : mix(PAPER[theme], INK[theme], 0.55);
  }

  private drawMap(): void {
    const { theme } = this.stage;
    const [width, height] = [this.hero.clientWidth, this.hero.clientHeight];
    if (width < 10 || height < 10) return;
    const context = sized(this.map, width, height);
    const { frame, told } = this;
    if (!frame || !told) {
      context.fillStyle = css(INK[theme], 0.6);
      context.font = "15px system-ui, sans-serif";
      context.textAlign = "center";
      context.fillText(told ? "The first step is being taken" : "Press Learn, and watch the map form", width / 2, height / 2);
      return;
    }
    const n = frame.codes.length / frame.k;
    const place = spreadOf(frame.codes, frame.k);
    const now = Array.from({ length: n }, (_, i) => place(frame.codes, i));
    const reach = Math.max(...now.map(([u, v]) => Math.hypot(u, v)), 1e-9);
    const scale = (0.94 * Math.min(width * 0.5, (height - 60) * 0.5)) / reach;
    const stretch = Math.min(1.34, Math.max(1, width / (height || 1)));
    const at = ([u, v]: [number, number]): [number, number] => [width / 2 + u * scale * stretch, (height - 20) / 2 - v * scale];
    if (!calm()) {
      context.lineWidth = 1;
      for (const [age, codes] of [...this.before].reverse().entries()) {
        if (codes.length !== frame.codes.length || age > 2) break;
        const next = age === 0 ? frame.codes : this.before[this.before.length - age];
        for (let i = 0; i < n; i++) {
          context.strokeStyle = css(this.colour(i, theme), 0.28 - 0.08 * age);
          context.beginPath();
          context.moveTo(...at(place(codes, i)));
          context.lineTo(...at(place(next, i)));
          context.stroke();
        }
      }
    }
    for (let i = 0; i < n; i++) {
      const [x, y] = at(now[i]);
      context.fillStyle = css(this.colour(i, theme), 0.85);
      context.beginPath();
      context.arc(x, y, n > 800 ? 2.6 : 4, 0, 2 * Math.PI);
      context.fill();
    }
    this.drawNames(context, now.map(at));
    context.font = "11px system-ui, sans-serif";
    context.textAlign = "left";
    context.fillStyle = css(INK[theme], 0.65);
    const axes = frame.k > 2 ? " Its first two numbers." : "";
    context.fillText(`${count(n)} test ${told.noun}s, finding their places; tails: where they were.${axes}`, 14, height - 10);
  }

  private drawNames(context: CanvasRenderingContext2D, places: [number, number][]): void {
    const { labels, classes } = this.told!;
    const { theme } = this.stage;
    if (!labels || !classes || classes.names.length > 20) return;
    context.font = "700 20px system-ui, sans-serif";
    context.textAlign = "center";
    context.lineWidth = 5;
    context.lineJoin = "round";
    classes.names.forEach((name, k) => {
      const own = places.filter((_, i) => labels[i] === k);
      if (!own.length) return;
      const [x, y] = [median(own.map(([u]) => u)), median(own.map(([, v]) => v))];
      context.strokeStyle = css(PAPER[theme]);
      const text = name.length > 12 ? `${name.slice(0, 11)}…` : name;
      context.strokeText(text, x, y + 7);
      context.fillStyle = css(classText(classes.places[k], theme));
      context.fillText(text, x, y + 7);
    });
  }

  private drawRight(): void {
    const { told, frame, pictures } = this;
    const { theme } = this.stage;
    if (!told || !frame) {
      this.right.replaceChildren(h("h2", {}, "What it draws"), h("p", { class: "quiet" }, "Ten rows, redrawn as it learns."));
      return;
    }
    if (!pictures) {
      this.right.replaceChildren(h("h2", {}, "What it draws"), h("p", { class: "quiet" }, "Rows of a table have no picture; the curve below tells how well they come back."));
      return;
    }
    const wide = Math.max(20, Math.floor((this.right.clientWidth - 32) / Math.max(1, told.inputs.length)) - 3);
    const line = (rows: ArrayLike<number>[], name: string, error: string, own = false) =>
      h(
        "div",
        { class: own ? "ten now" : "ten" },
        h("p", { class: "line" }, h("b", {}, name), h("span", {}, error)),
        h("div", { class: "row" }, ...rows.map((row) => pictures.canvas(pictures.pixels(row, theme), wide, ""))),
      );
    const numbers = told.config.n_components === 1 ? "one number" : `${told.config.n_components} numbers`;
    const parts: Node[] = [h("h2", {}, `Ten ${told.noun}s, redrawn from ${numbers}`), line(told.inputs, `The ${told.noun}s`, "")];
    for (const one of this.kept.filter(({ step }) => step < frame.step).slice(-4)) {
      const error = one.squared_error === null ? "" : fixed(one.squared_error, 4);
      parts.push(line(one.pictures, one.step ? `step ${count(one.step)}` : "before training", error));
    }
    parts.push(line(frame.pictures, `now, step ${count(frame.step)}`, frame.squared_error === null ? "" : fixed(frame.squared_error, 4), true));
    const floor = told.floor?.PCA ?? null;
    if (frame.squared_error !== null) {
      const share = floor === null ? null : Math.round(100 * (1 - frame.squared_error / floor));
      const beside = share === null ? "" : ` ${Math.abs(share)}% ${share >= 0 ? "below" : "above"} PCA’s ${fixed(floor!, 4)}`;
      parts.push(h("p", { class: "error" }, h("b", { class: "number" }, fixed(frame.squared_error, 4)), beside));
      parts.push(h("p", { class: "quiet" }, `squared error on test ${told.noun}s, after ${fixed(frame.seconds, 1)} s of training`));
    }
    this.right.replaceChildren(...parts);
  }

  private drawTime(): void {
    const { told, frame } = this;
    const width = this.chart.parentElement!.clientWidth;
    const height = 118;
    if (!told || !frame || width < 80) return;
    const errors = told.errors;
    const floor = told.floor?.PCA ?? null;
    const values = errors.map(([, , error]) => error);
    if (floor !== null) values.push(floor);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const foot = height - 22;
    const x = (step: number) => 56 + (Math.log1p(step) / Math.log1p(told.n_steps)) * (width - 82);
    const y = (error: number) => 20 + (1 - (error - low) / (high - low || 1)) * (foot - 30);
    const parts: SVGElement[] = [];
    if (floor !== null) {
      parts.push(svg("line", { class: "floor", x1: 56, x2: width - 26, y1: y(floor), y2: y(floor) }));
      parts.push(svg("text", { class: "quiet", x: 62, y: y(floor) + 14 }, `PCA’s line, ${fixed(floor, 4)}`));
      const beaten = errors.find(([step, , error]) => step > 0 && error < 0.995 * floor);
      if (beaten) parts.push(svg("text", { class: "finding", x: x(beaten[0]) + 8, y: y(floor) - 6 }, `beats PCA by step ${count(beaten[0])}`));
    }
    parts.push(svg("polyline", { class: "curve", points: errors.map(([step, , error]) => `${x(step)},${y(error)}`).join(" ") }));
    parts.push(svg("line", { class: "axis", x1: 56, x2: width - 26, y1: foot, y2: foot }));
    for (let step = 1; step < told.n_steps; step *= 4) {
      if (x(told.n_steps) - x(step) > 40) parts.push(svg("text", { class: "tick", x: x(step), y: foot + 15, "text-anchor": "middle" }, count(step)));
    }
    parts.push(svg("text", { class: "tick", x: x(told.n_steps), y: foot + 15, "text-anchor": "middle" }, count(told.n_steps)));
    for (const error of [low, high]) parts.push(svg("text", { class: "tick", x: 48, y: y(error) + 4, "text-anchor": "end" }, fixed(error, 3)));
    parts.push(svg("line", { class: "now", x1: x(frame.step), x2: x(frame.step), y1: 6, y2: foot }));
    this.chart.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.chart.setAttribute("width", String(width));
    this.chart.setAttribute("height", String(height));
    this.chart.setAttribute("aria-label", `Error on test rows over ${told.n_steps} steps`);
    this.chart.replaceChildren(...parts);
    this.number.replaceChildren(
      h("p", { class: "number" }, frame.squared_error === null ? "–" : fixed(frame.squared_error, 4)),
      h("p", {}, "step ", h("b", {}, count(frame.step)), ` of ${count(frame.n_steps)}`),
      h("p", { class: "quiet" }, `pass ${Math.min(told.config.epochs, Math.floor(frame.epoch) + 1)} of ${told.config.epochs}`),
    );
  }
}

/** The spread scale of the first two numbers of these codes, about their median. */
function spreadOf(codes: Float32Array, k: number): (of: Float32Array, i: number) => [number, number] {
  const n = codes.length / k;
  const column = (a: number) => Float64Array.from({ length: n }, (_, i) => (a < k ? codes[i * k + a] : 0));
  const centre = [median(column(0)), k > 1 ? median(column(1)) : 0];
  const radii = Array.from({ length: n }, (_, i) => Math.hypot(codes[i * k] - centre[0], k > 1 ? codes[i * k + 1] - centre[1] : 0));
  const unit = 0.22 * (median(radii) || 1);
  return (of, i) => {
    const [x, y] = [(of[i * k] - centre[0]) / unit, k > 1 ? (of[i * k + 1] - centre[1]) / unit : 0.4 * Math.sin(12.9898 * i)];
    const r = Math.hypot(x, y);
    const grown = r > 0 ? Math.asinh(r) / r : 1;
    return [x * grown, y * grown];
  };
}

