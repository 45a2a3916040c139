// Dynamics: how a deep linear network comes to know, live under sliders, simulated in the page.

import { type RGB, contrast, css, INK, mix, PAPER, rgb } from "./colours";
import { count, fixed } from "./document";
import { button, h, icon, svg } from "./dom";
import { editNode, inheritedGram, type Kingdom, livingThings, namedFeatures, type Branch } from "./kingdom";
import type { Theme } from "./colours";
import type { Store } from "./state";
import { answers, type Course, makeProblem, type Options, type Problem, simulate } from "./simulation";

export interface DynamicsState extends Options {
  epoch: number;
  cell: [number, number];
  kingdom: Kingdom;
}

export function firstDynamics(): DynamicsState {
  return {
    rate: 100, gamma: 1e-12, hidden: 30, layers: 1, epochs: 250, seed: 1,
    epoch: 123, cell: [0, 4], kingdom: livingThings(),
  };
}

/** What the view needs of whoever shows it. */
export interface Bench {
  readonly theme: Theme;
  readonly store: Store;
}

interface Slider {
  key: "rate" | "gamma" | "hidden" | "layers" | "epochs";
  name: string;
  low: number;
  high: number;
  logarithmic?: boolean;
  ends: [string, string];
  sentence: (view: DynamicsView) => string;
}

const SLIDERS: Slider[] = [
  {
    key: "rate", name: "Learning rate", low: 1, high: 200, ends: ["1", "200"],
    sentence: (view) => `Larger steps learn sooner; above ${Math.round(view.course.stableRate)} the solution is no longer stable.`,
  },
  {
    key: "gamma", name: "Starting weights, γ", low: -15, high: 1, logarithmic: true, ends: ["10⁻¹⁵", "10"],
    sentence: () => "Smaller starts wait longer, then learn in sharper steps.",
  },
  {
    key: "hidden", name: "Hidden units", low: 1, high: 64, ends: ["1", "64"],
    sentence: (view) => `Fewer than ${view.problem.strengths.length} cannot hold all the distinctions.`,
  },
  {
    key: "layers", name: "Hidden layers", low: 0, high: 4, ends: ["0", "4"],
    sentence: () => "With none nothing waits, and nothing is believed wrongly.",
  },
  {
    key: "epochs", name: "Epochs", low: 10, high: 1000, ends: ["10", "1,000"],
    sentence: () => "How long to watch: one step over all items is an epoch.",
  },
];
const TOP = { width: 700, height: 392, left: 44, right: 60, top: 50, foot: 24 };
const LOW = { width: 700, height: 240, left: 44, right: 60, top: 14, foot: 24 };

export class DynamicsView {
  readonly element: HTMLElement;
  problem!: Problem;
  course!: Course;
  private readonly knobs: { slider: Slider; input: HTMLInputElement; output: HTMLOutputElement; told: HTMLElement }[] = [];
  private readonly modes = svg("svg", { class: "chart", role: "img" });
  private readonly belief = svg("svg", { class: "chart", role: "img" });
  private readonly finding = h("h2", {});
  private readonly why = h("p", { class: "quiet" });
  private readonly similarity = h("div", { class: "similarity" });
  private readonly table = h("div", { class: "truth" });
  private readonly told = h("span", {});
  private readonly scrub: HTMLInputElement;
  private readonly play: HTMLButtonElement;
  private readonly legend = h("p", { class: "legend" });
  private readonly alike = h("h3", {});
  private readonly alikeNote = h("p", { class: "quiet" });
  private readonly truthNote = h("p", { class: "quiet" });
  private playing = 0;
  private frame = 0;
  private built = "";
  /** Milliseconds from a slider's event to the picture, for who measures. */
  readonly spent: number[] = [];

  constructor(private readonly lab: Bench) {
    const knobs = h("section", { class: "knobs", "aria-label": "How it learns" }, h("h2", {}, "Change how it learns"));
    for (const slider of SLIDERS) knobs.append(this.knob(slider));
    knobs.append(
      h(
        "div",
        { class: "buttons" },
        button({ sentence: "Draw other initial weights of the same size.", onclick: () => this.change({ seed: this.state.seed + 1 }) }, "New start"),
        button({ sentence: "Everything as it was at first.", onclick: () => this.change(this.first) }, "Reset"),
      ),
    );
    this.scrub = h("input", {
      type: "range", min: 0, step: 1, "aria-label": "Epoch",
      "data-sentence": "Drag to go through time; [ and ] take one epoch.",
      oninput: () => this.change({ epoch: Number(this.scrub.value) }),
    });
    this.play = button({ class: "play", "aria-label": "Play", sentence: "Watch it come to know.", onclick: () => this.togglePlay() }, icon("play"));
    const middle = h(
      "section",
      { class: "course", "aria-label": "Course" },
      h("h2", {}, "Knowledge comes in steps, the widest distinction first"),
      this.legend,
      this.modes,
      this.finding,
      this.why,
      this.belief,
      h("div", { class: "scrub" }, this.play, this.scrub, this.told),
    );
    const right = h(
      "section",
      { class: "answers-table", "aria-label": "What it knows" },
      this.alike,
      this.alikeNote,
      this.similarity,
      h("h3", {}, "What is true, and what it answers"),
      this.truthNote,
      this.table,
      h("p", { class: "quiet" }, "Click a cell to flip what is true; click a node of the tree to split or join."),
    );
    this.element = h("main", { class: "dynamics", hidden: true }, knobs, middle, right);
    for (const chart of [this.modes, this.belief]) this.follow(chart);
  }

  get state(): DynamicsState {
    return this.lab.store.state.dynamics ?? this.first;
  }

  /** What a run tells, or the source's own. */
  private get first(): DynamicsState {
    return this.lab.store.first.dynamics ?? firstDynamics();
  }

  private change(patch: Partial<DynamicsState>, step = false): void {
    const started = performance.now();
    this.lab.store.set({ dynamics: { ...this.state, ...patch } }, step);
    this.spent.push(performance.now() - started);
  }

  private knob(slider: Slider): HTMLElement {
    const input: HTMLInputElement = h("input", {
      type: "range", min: slider.low, max: slider.high, step: slider.logarithmic ? 0.05 : 1, "aria-label": slider.name,
      oninput: () => {
        const value = Number(input.value);
        this.change({ [slider.key]: slider.logarithmic ? 10 ** value : value });
      },
    });
    const output = h("output", {});
    const told = h("p", { class: "quiet" });
    this.knobs.push({ slider, input, output, told });
    return h(
      "div",
      { class: "knob" },
      h("label", {}, h("b", {}, slider.name), output),
      input,
      h("p", { class: "ends" }, h("span", {}, slider.ends[0]), h("span", {}, slider.ends[1])),
      told,
    );
  }

  /** Pointing into a chart moves time. */
  private follow(chart: SVGSVGElement): void {
    const at = (event: PointerEvent) => {
      const frame = chart.getBoundingClientRect();
      const x = ((event.clientX - frame.left) / frame.width) * TOP.width;
      const share = (x - TOP.left) / (TOP.width - TOP.left - TOP.right);
      this.change({ epoch: Math.round(Math.min(1, Math.max(0, share)) * this.state.epochs) });
    };
    chart.addEventListener("pointerdown", (event) => {
      chart.setPointerCapture(event.pointerId);
      at(event);
    });
    chart.addEventListener("pointermove", (event) => event.buttons && at(event));
  }

  togglePlay(): void {
    if (this.playing) {
      clearInterval(this.playing);
      this.playing = 0;
    } else {
      if (this.state.epoch >= this.last) this.change({ epoch: 0 });
      this.playing = window.setInterval(() => {
        const next = this.state.epoch + Math.max(1, Math.round(this.state.epochs / 250));
        if (next >= this.last) this.togglePlay();
        this.change({ epoch: Math.min(this.last, next) });
      }, 33);
    }
    this.play.replaceChildren(icon(this.playing ? "pause" : "play"));
    this.play.setAttribute("aria-label", this.playing ? "Pause" : "Play");
  }

  step(by: number): void {
    this.change({ epoch: Math.max(0, Math.min(this.last, this.state.epoch + by)) });
  }

  private get last(): number {
    return this.course.loss.length - 1;
  }

  /** Simulate where something has changed. */
  private simulate(): void {
    const { state } = this;
    const key = JSON.stringify({ ...state, epoch: 0, cell: 0 });
    if (key !== this.built) {
      this.built = key;
      this.problem = makeProblem(inheritedGram(state.kingdom), state.kingdom.unnamed, namedFeatures(state.kingdom));
      this.course = simulate(this.problem, state);
    }
  }

  update(): void {
    this.simulate();
    this.drawKnobs();
    this.drawModes();
    this.drawBelief();
    // The tables follow in the next frame: a slider under the hand comes first.
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => {
      this.drawSimilarity();
      this.drawTable();
    });
  }

  get headline(): { title: string; told: string } {
    this.simulate();
    const { state, problem, course } = this;
    const widths = [problem.nItems, ...Array.from({ length: state.layers }, () => state.hidden), problem.nFeatures];
    return {
      title: `How a network comes to know ${problem.nItems} living things`,
      told: `deep linear, ${widths.map(count).join(" → ")} · ${problem.strengths.length} modes · simulated exactly, in ${fixed(course.milliseconds, 0)} ms`,
    };
  }

  private drawKnobs(): void {
    const { state } = this;
    for (const { slider, input, output, told } of this.knobs) {
      const value = state[slider.key];
      const at = slider.logarithmic ? Math.log10(value) : value;
      input.value = String(at);
      input.style.setProperty("--share", `${(100 * (at - slider.low)) / (slider.high - slider.low)}%`);
      output.textContent = slider.logarithmic ? power(value) : count(value);
      input.setAttribute("aria-valuetext", output.textContent);
      told.textContent = slider.sentence(this);
    }
    this.scrub.max = String(this.last);
    this.scrub.value = String(Math.min(this.last, state.epoch));
    this.scrub.style.setProperty("--share", `${(100 * Number(this.scrub.value)) / Math.max(1, this.last)}%`);
    this.told.textContent = `epoch ${count(Math.min(this.last, state.epoch))}`;
  }

  private x = (epoch: number) => TOP.left + (epoch / this.state.epochs) * (TOP.width - TOP.left - TOP.right);

  private drawModes(): void {
    const { course, problem, state, lab } = this;
    const theme = lab.theme;
    const { width, height, left, right, top, foot } = TOP;
    const floor = height - foot;
    const most = Math.max(...course.loss) || 1;
    const strongest = Math.max(problem.strengths[0], ...course.modes.map((modes) => modes.reduce((a, b) => Math.max(a, b), 0)));
    const y = (share: number) => top + (1 - share) * (floor - top);
    const parts: SVGElement[] = [];
    const text = (x: number, at: number, words: string, more: Record<string, unknown> = {}) =>
      parts.push(svg("text", { x, y: at, ...more }, words));
    text(left - 34, top - 26, "loss per entry", { class: "loss-text" });
    text(width - right + 46, top - 26, "strength of a mode", { "text-anchor": "end" });
    for (const share of [0, 0.25, 0.5, 0.75, 1]) {
      parts.push(svg("line", { class: "axis", x1: left, x2: width - right, y1: y(share), y2: y(share) }));
      text(left - 8, y(share) + 4, String(Number((share * most).toPrecision(2))), { "text-anchor": "end" });
      text(width - right + 8, y(share) + 4, String(Math.round(share * strongest)));
    }
    for (const share of [0, 0.25, 0.5, 0.75, 1]) {
      text(this.x(share * state.epochs), floor + 16, count(Math.round(share * state.epochs)), { "text-anchor": "middle" });
    }
    // A line of more points than pixels looks the same with fewer.
    const every = Math.max(1, Math.floor(course.loss.length / 500));
    const times = Array.from({ length: Math.ceil(course.loss.length / every) }, (_, i) => i * every);
    if (times[times.length - 1] !== this.last) times.push(this.last);
    const xs = times.map((t) => tenth(this.x(t)));
    const line = (value: (t: number) => number, scale: number) => {
      let points = "";
      for (let i = 0; i < times.length; i++) points += `${xs[i]},${tenth(y(value(times[i]) / scale))} `;
      return points;
    };
    const loss = line((t) => course.loss[t], most);
    parts.push(svg("polygon", { class: "gain", points: `${this.x(0)},${y(0)} ${loss} ${this.x(this.last)},${y(0)}` }));
    const groups = group(problem.strengths);
    problem.strengths.forEach((_, a) => {
      const colour = css(modeColour(groups[a], theme));
      const { flow, modes } = course;
      if (flow) parts.push(svg("polyline", { class: "flow", points: line((t) => flow[t][a], strongest), stroke: colour }));
      parts.push(svg("polyline", { class: "mode", points: line((t) => modes[t][a], strongest), stroke: colour }));
      if (!course.theory) return;
      const seldom = Math.max(1, Math.round(state.epochs / 16));
      let marked = -1;
      let marks = "";
      course.theory.forEach((modes, t) => {
        // Where a mode rises marks stand closer: that is where theory could be wrong.
        const rising = Math.abs(modes[a] - (marked < 0 ? -1e9 : course.theory![marked][a])) > 0.13 * strongest;
        if (!(rising || t - marked >= seldom)) return;
        marked = t;
        marks += `M${tenth(this.x(t) - 2.6)},${tenth(y(modes[a] / strongest))}a2.6,2.6 0 1 0 5.2,0a2.6,2.6 0 1 0-5.2,0`;
      });
      // One element for all marks of a mode: two hundred cost as much as the simulation.
      parts.push(svg("path", { class: "theory", d: marks, stroke: colour }));
    });
    parts.push(svg("polyline", { class: "curve", points: loss }));
    this.nameModes(groups, strongest, y, parts);
    const epoch = Math.min(this.last, state.epoch);
    const x = this.x(epoch);
    parts.push(svg("line", { class: "now", x1: x, x2: x, y1: 24, y2: floor }));
    parts.push(svg("rect", { class: "flag", x: x - 40, y: 4, width: 80, height: 20, rx: 4 }));
    text(x, 18, `epoch ${count(epoch)}`, { class: "flag-text", "text-anchor": "middle" });
    parts.push(svg("circle", { class: "dot", cx: x, cy: y(course.loss[epoch] / most), r: 4 }));
    const side = x > width / 2 ? -10 : 10;
    text(x + side, y(course.loss[epoch] / most) + 16, `loss ${Number(course.loss[epoch].toPrecision(2))}`, { class: "loss-text halo", "text-anchor": side < 0 ? "end" : "start" });
    if (course.diverged !== null) {
      text(left + 12, top + 24, `It runs away at epoch ${course.diverged}: take a learning rate below ${Math.round(course.stableRate)}.`, { class: "alert-text halo" });
    }
    this.modes.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.modes.setAttribute("aria-label", `Loss and ${problem.strengths.length} modes over ${state.epochs} epochs; at epoch ${epoch} the loss is ${fixed(course.loss[epoch], 3)}`);
    this.modes.replaceChildren(...parts);
    const key = (kind: string, words: string) => h("span", {}, h("i", { class: kind }), words);
    this.legend.replaceChildren(key("k-loss", "loss"), key("k-mode", "modes, measured"), course.theory ? key("k-theory", "theory, step by step") : "", course.flow ? key("k-flow", "gradient flow") : h("span", {}, "no closed form holds for such a start"));
  }

  /** What a group of modes tells apart, said beside its line. */
  private nameModes(groups: number[], strongest: number, y: (share: number) => number, parts: SVGElement[]): void {
    const { problem, lab } = this;
    const last = Math.max(...groups);
    let above = -Infinity;
    for (let g = 0; g <= last; g++) {
      const members = groups.flatMap((one, a) => (one === g ? [a] : []));
      const learned = members.every((a) => this.course.modes[this.last][a] > 0.5 * problem.strengths[a]);
      if (!learned || this.course.diverged !== null) continue;
      const joint = members.length === 2 ? ", " : " to ";
      const range = members.length > 1 ? `${members[0] + 1}${joint}${members[members.length - 1] + 1}` : `${members[0] + 1}`;
      const name = `${range}: ${this.distinction(members)}`;
      const at = Math.max(y(problem.strengths[members[0]] / strongest) - 7, above + 13);
      above = at;
      const colour = css(readable(modeColour(g, lab.theme), lab.theme));
      parts.push(svg("text", { class: "mode-name halo", x: TOP.width - TOP.right - 4, y: at, "text-anchor": "end", fill: colour }, name));
    }
  }

  /** A mode's distinction by the signs of its items: all alike, or one side from the other. */
  private distinction(members: number[]): string {
    const { problem, state } = this;
    const kept = problem.strengths.length;
    if (members.length > 1) {
      const n = members.length;
      return n * 2 === problem.nItems ? "one from its neighbour" : `${n} finer distinctions`;
    }
    const signs = state.kingdom.items.map((_, i) => problem.items.values[i * kept + members[0]]);
    const largest = Math.max(...signs.map(Math.abs));
    const sides = [1, -1].map((sign) => signs.flatMap((v, i) => (v * sign > 0.3 * largest ? [i] : [])));
    if (!sides[0].length || !sides[1].length) return "all living things";
    if (sides[0].length + sides[1].length === problem.nItems && sides.every((side) => side.length === 4)) {
      const animals = sides.some((side) => side.every((i) => i < 4));
      if (animals) return "animals or plants";
    }
    const name = (side: number[]) => (side.length > 2 ? `${state.kingdom.items[side[0]]} and ${side.length - 1} more` : side.map((i) => state.kingdom.items[i]).join(" and "));
    return `${name(sides[0])} or ${name(sides[1])}`;
  }

  private drawBelief(): void {
    const { state, problem, course } = this;
    const [item, feature] = this.cell();
    const values = answers(problem, course, item, feature);
    const truth = state.kingdom.truth[item][feature];
    const [who, what] = [state.kingdom.items[item], state.kingdom.features[feature]];
    const wrong = Array.from(values, (v) => -v * truth > 0.05);
    const astray = wrong.filter(Boolean).length;
    const epoch = Math.min(this.last, state.epoch);
    const says = truth > 0 ? `not that a ${who.toLowerCase()} ${what}` : `that a ${who.toLowerCase()} `;
    this.finding.replaceChildren(
      ...(astray
        ? [`For ${astray} epoch${astray === 1 ? "" : "s"} it believes ${says}`, truth < 0 ? h("em", {}, what) : ""]
        : [`It is never wrong that a ${who.toLowerCase()} ${truth > 0 ? "" : "not "}`, h("em", {}, what)]),
    );
    if (!astray) this.finding.replaceChildren(`Of a ${who.toLowerCase()}, “${what}”: never on the wrong side`);
    this.why.textContent = astray
      ? `It has learned the wider distinctions, and not yet this one. The truth, ${truth > 0 ? "+1" : "−1"}, comes last.`
      : `It goes straight to the truth, ${truth > 0 ? "+1" : "−1"}; another cell, or a smaller start, may show more.`;
    const { width, height, left, right, top, foot } = LOW;
    const floor = height - foot;
    const most = Math.min(3, Math.max(1.05, ...Array.from(values, Math.abs)));
    const y = (v: number) => top + ((most - v) / (2 * most)) * (floor - top);
    const parts: SVGElement[] = [];
    for (const v of [-1, -0.5, 0, 0.5, 1]) {
      parts.push(svg("line", { class: "axis", x1: left, x2: width - right, y1: y(v), y2: y(v) }));
      parts.push(svg("text", { x: left - 8, y: y(v) + 4, "text-anchor": "end" }, v > 0 ? `+${v}` : fixed(v, v % 1 ? 1 : 0)));
    }
    for (const share of [0, 0.25, 0.5, 0.75, 1]) {
      parts.push(svg("text", { x: this.x(share * state.epochs), y: floor + 16, "text-anchor": "middle" }, count(Math.round(share * state.epochs)) + (share === 1 ? " epochs" : "")));
    }
    parts.push(svg("line", { class: "truth-line", x1: left, x2: width - right, y1: y(truth), y2: y(truth) }));
    parts.push(svg("text", { x: left + 4, y: y(truth) - 6 }, `truth: ${truth > 0 ? what : `not “${what}”`}`));
    const points = Array.from(values, (v, t) => `${this.x(t).toFixed(1)},${y(v).toFixed(1)}`);
    for (let t = 0; t < values.length; t++) {
      if (!wrong[t]) continue;
      let end = t;
      while (end + 1 < values.length && wrong[end + 1]) end++;
      parts.push(svg("polygon", { class: "wrong", points: `${this.x(t)},${y(0)} ${points.slice(t, end + 1).join(" ")} ${this.x(end)},${y(0)}` }));
      t = end;
    }
    parts.push(svg("polyline", { class: "belief", points: points.join(" ") }));
    const x = this.x(epoch);
    parts.push(svg("line", { class: "now", x1: x, x2: x, y1: 0, y2: floor }));
    parts.push(svg("circle", { class: wrong[epoch] ? "dot alert" : "dot plain-dot", cx: x, cy: y(values[epoch]), r: 5 }));
    const answer = `answers ${values[epoch] >= 0 ? "+" : ""}${fixed(values[epoch], 2)} at epoch ${count(epoch)}`;
    const end = x > width * 0.62;
    parts.push(svg("text", { class: `halo ${wrong[epoch] ? "alert-text" : "strong"}`, x: x + (end ? -12 : 12), y: y(values[epoch]) - 8, "text-anchor": end ? "end" : "start" }, answer));
    this.belief.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.belief.setAttribute("aria-label", `What it answers for ${who}, ${what}: ${answer}`);
    this.belief.replaceChildren(...parts);
  }

  private cell(): [number, number] {
    const { kingdom, cell } = this.state;
    return [Math.min(cell[0], kingdom.items.length - 1), Math.min(cell[1], kingdom.features.length - 1)];
  }

  private drawSimilarity(): void {
    const { course, problem, state, lab } = this;
    const epoch = Math.min(this.last, state.epoch);
    this.alike.textContent = `What it takes for alike at epoch ${count(epoch)}`;
    if (!course.similarity) {
      this.alikeNote.textContent = "Without a hidden layer nothing is taken for alike: each item is learned by itself.";
      this.similarity.replaceChildren();
      this.likenesses = [];
      return;
    }
    const P = problem.nItems;
    const values = course.similarity[epoch];
    const most = Math.max(...Array.from(values, Math.abs)) || 1;
    this.alikeNote.textContent = `product of the hidden activities; full red is ${Number(most.toPrecision(2))}`;
    const { items } = state.kingdom;
    if (this.likenesses.length !== P * P || this.similarity.firstElementChild?.textContent !== items[0]) {
      this.likenesses = Array.from({ length: P * P }, () => h("i", {}));
      const rows = items.flatMap((name, i) => [h("span", { class: "item" }, name), ...this.likenesses.slice(i * P, (i + 1) * P)]);
      this.similarity.style.gridTemplateColumns = `76px repeat(${P}, minmax(0, 1fr))`;
      this.similarity.replaceChildren(...rows);
    }
    this.likenesses.forEach((cell, at) => {
      const [i, j] = [Math.floor(at / P), at % P];
      cell.title = `${items[i]} and ${items[j]}: ${Number(values[at].toPrecision(2))}`;
      const colour = css(diverging(values[at] / most, lab.theme));
      if (cell.dataset.colour !== colour) cell.style.background = cell.dataset.colour = colour;
    });
  }

  private likenesses: HTMLElement[] = [];
  private cells: HTMLButtonElement[][] = [];
  private tabled = "";

  /** Cells stay the same elements while time goes on: a press begins and ends on one. */
  private drawTable(): void {
    const { course, problem, state, lab } = this;
    const { kingdom } = state;
    const key = JSON.stringify([kingdom.items, kingdom.features, kingdom.tree]);
    if (key !== this.tabled) this.buildTable(key);
    const epoch = Math.min(this.last, state.epoch);
    const kept = problem.strengths.length;
    const map = course.maps[epoch];
    const [chosenItem, chosenFeature] = this.cell();
    const white: RGB = [255, 255, 255];
    let wrong = 0;
    this.cells.forEach((row, i) =>
      row.forEach((one, f) => {
        let answer = 0;
        for (let a = 0; a < kept; a++) answer += problem.named.values[f * kept + a] * map[a * problem.nItems + i];
        const truth = kingdom.truth[i][f];
        const off = -answer * truth > 0.05;
        wrong += Number(off);
        const colour = diverging(answer, lab.theme);
        // To write what is there already makes the browser lay the table out anew.
        const sign = truth > 0 ? "+" : "−";
        if (one.textContent !== sign) one.textContent = sign;
        if ((one.className === "off") !== off) one.className = off ? "off" : "";
        one.style.background = css(colour);
        one.style.color = contrast(colour, white) > contrast(colour, [0, 0, 0]) ? "#fff" : "#000";
        one.setAttribute("aria-pressed", String(i === chosenItem && f === chosenFeature));
        one.setAttribute("aria-label", `${kingdom.items[i]}, ${kingdom.features[f]}: truth ${truth > 0 ? "yes" : "no"}, answer ${fixed(answer, 2)}${off ? ", wrong side" : ""}`);
      }),
    );
    this.truthNote.replaceChildren(
      "Sign: the truth. Colour: its answer now, ",
      h("i", { class: "swatch invented" }), "−1 to ", h("i", { class: "swatch lost" }), `+1. Red corner: wrong side, ${wrong} of ${kingdom.items.length * kingdom.features.length}.`,
    );
  }

  private buildTable(key: string): void {
    this.tabled = key;
    const { kingdom } = this.state;
    this.cells = kingdom.items.map((_, i) =>
      kingdom.features.map((_, f) =>
        button({
          // The first press asks; a press on what is asked flips it.
          onclick: () => {
            const [item, feature] = this.cell();
            if (i === item && f === feature) this.flip(i, f);
            else this.change({ cell: [i, f] }, true);
          },
        }),
      ),
    );
    const head = kingdom.features.map((name) => h("th", { scope: "col" }, h("span", {}, name)));
    const rows = kingdom.items.map((name, i) =>
      h("tr", {}, h("th", { scope: "row" }, name), ...this.cells[i].map((one) => h("td", {}, one))),
    );
    const add = button({ class: "add", "aria-label": "Add a feature", sentence: "Add a feature, and click its cells.", onclick: () => this.addFeature() }, icon("plus"));
    const grid = h("table", {}, h("thead", {}, h("tr", {}, h("td", {}), ...head)), h("tbody", {}, ...rows));
    this.table.replaceChildren(this.drawTree(), grid, add);
  }

  private flip(item: number, feature: number): void {
    const truth = this.state.kingdom.truth.map((row, i) => row.map((v, f) => (i === item && f === feature ? -v : v)));
    this.change({ kingdom: { ...this.state.kingdom, truth } }, true);
  }

  private addFeature(): void {
    const { kingdom } = this.state;
    const features = [...kingdom.features, `feature ${kingdom.features.length + 1}`];
    const truth = kingdom.truth.map((row, i) => [...row, i === 0 ? 1 : -1]);
    this.change({ kingdom: { ...kingdom, features, truth }, cell: [0, features.length - 1] }, true);
  }

  /** The tree beside the table: each inner node can be clicked. */
  private drawTree(): SVGSVGElement {
    const { kingdom } = this.state;
    const [line, wide] = [30, 66];
    const height = kingdom.items.length * line;
    const order = leaves(kingdom.tree);
    const depth = (branch: Branch): number => (typeof branch === "number" ? 0 : 1 + Math.max(...branch.map(depth)));
    const levels = depth(kingdom.tree);
    const parts: SVGElement[] = [];
    const nodes: SVGElement[] = [];
    const place = (branch: Branch, level: number, path: number[]): [number, number] => {
      if (typeof branch === "number") return [wide - 4, branch * line + line / 2];
      const x = 8 + (level / levels) * (wide - 18);
      const ends = branch.map((child, i) => place(child, level + 1, [...path, i]));
      const y = ends.reduce((sum, [, v]) => sum + v, 0) / ends.length;
      for (const [cx, cy] of ends) parts.push(svg("path", { d: `M${x} ${y}V${cy}H${cx}`, class: "branch" }));
      const words = order.length > 3 ? `Node over ${leaves(branch).map((i) => kingdom.items[i]).join(", ")}` : "Node";
      const act = () => this.change({ kingdom: { ...kingdom, tree: editNode(kingdom.tree, path), gram: null } }, true);
      nodes.push(
        svg("circle", {
          cx: x, cy: y, r: 5, class: "node", tabindex: 0, role: "button", "aria-label": `${words}: split or join`,
          "data-sentence": "Split or join here.",
          onclick: act,
          onkeydown: (event: KeyboardEvent) => {
            if (event.key !== "Enter" && event.key !== " ") return;
            event.preventDefault();
            event.stopPropagation();
            act();
          },
        }),
      );
      return [x, y];
    };
    place(kingdom.tree, 0, []);
    return svg("svg", { class: "tree", viewBox: `0 0 ${wide} ${height}`, width: wide, height, role: "group", "aria-label": "Tree" }, ...parts, ...nodes);
  }

  destroy(): void {
    clearInterval(this.playing);
    cancelAnimationFrame(this.frame);
  }
}

/** To a tenth of a pixel. */
const tenth = (value: number) => Math.round(10 * value) / 10;

function leaves(branch: Branch): number[] {
  return typeof branch === "number" ? [branch] : branch.flatMap(leaves);
}

/** Modes of nearly one strength are learned together. */
function group(strengths: number[]): number[] {
  let g = 0;
  return strengths.map((s, a) => (a && s < 0.93 * strengths[a - 1] ? ++g : g));
}

const MODES = ["#3b1a6e", "#3f3a86", "#2f6690", "#1d8a7f", "#4fa23b", "#8a9a1c", "#b58a1a", "#7a4b2a"];

function modeColour(g: number, theme: "light" | "dark"): RGB {
  const colour = rgb(MODES[g % MODES.length]);
  return theme === "light" ? colour : mix(colour, [255, 255, 255], 0.42);
}

function readable(colour: RGB, theme: "light" | "dark"): RGB {
  let found = colour;
  for (let share = 0; share < 1 && contrast(found, PAPER[theme]) < 4.6; share += 0.05) {
    found = mix(colour, INK[theme], share);
  }
  return found;
}

/** Blue for −1, red for +1, paper in between. */
function diverging(value: number, theme: "light" | "dark"): RGB {
  const end = value > 0 ? rgb("#b2182b") : rgb("#2166ac");
  const nothing: RGB = theme === "light" ? [246, 247, 248] : [40, 47, 54];
  return mix(nothing, end, Math.min(1, Math.abs(value)));
}

function power(value: number): string {
  const exponent = Math.log10(value);
  if (exponent > -2) return String(Number(value.toPrecision(2)));
  const whole = Math.round(exponent * 10) / 10;
  const raised = Array.from(fixed(whole, Number.isInteger(whole) ? 0 : 1), (c) => "⁰¹²³⁴⁵⁶⁷⁸⁹"["0123456789".indexOf(c)] ?? (c === "−" ? "⁻" : "·"));
  return `10${raised.join("")}`;
}
