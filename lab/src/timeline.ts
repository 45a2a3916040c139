// Time: the error on test rows is the track, and dragging along it goes back in the training.

import { count, fixed } from "./document";
import { button, h, icon, svg } from "./dom";
import type { Lab } from "./lab";

const HEIGHT = 128;

export class Timeline {
  readonly element: HTMLElement;
  private readonly chart: SVGSVGElement;
  private readonly told: HTMLElement;
  private readonly button: HTMLButtonElement;
  private playing = 0;
  private width = 0;

  constructor(private readonly lab: Lab) {
    const { curve } = lab.document.told;
    this.button = button(
      { class: "play", "aria-label": "Play training", sentence: "Watch the map form.", onclick: () => this.togglePlay() },
      icon("play"),
    );
    this.chart = svg("svg", { class: "chart", role: "presentation" });
    this.told = h("div", { class: "moment" });
    const track = h(
      "div",
      {
        class: "track",
        tabindex: "0",
        role: "slider",
        "aria-label": "Moment of the training",
        "aria-valuemin": 0,
        "aria-valuemax": Math.max(0, curve.length - 1),
        "data-sentence": "Drag the curve to go back in time.",
        onkeydown: (event: KeyboardEvent) => {
          const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
          if (event.key === "Home") this.lab.store.set({ moment: 0 });
          else if (event.key === "End") this.lab.store.set({ moment: null });
          else if (by) this.lab.stepMoment(by);
          else return;
          event.preventDefault();
        },
      },
      this.chart,
    );
    let dragging = false;
    const drag = (event: PointerEvent) => {
      const frame = track.getBoundingClientRect();
      this.seek(event.clientX - frame.left);
    };
    track.addEventListener("pointerdown", (event) => {
      this.pause();
      dragging = true;
      track.setPointerCapture(event.pointerId);
      drag(event);
    });
    track.addEventListener("pointermove", (event) => dragging && drag(event));
    track.addEventListener("pointerup", () => (dragging = false));
    track.addEventListener("pointercancel", () => (dragging = false));
    this.element = h("footer", { class: "time", hidden: curve.length < 2 }, this.button, track, this.told);
  }

  // A logarithmic axis: the first steps change most.
  private x(step: number): number {
    const { curve } = this.lab.document.told;
    const last = Math.log1p(curve[curve.length - 1].step);
    return 56 + (Math.log1p(step) / last) * (this.width - 56 - 26);
  }

  private seek(px: number): void {
    const { curve } = this.lab.document.told;
    let best = 0;
    curve.forEach(({ step }, i) => {
      if (Math.abs(this.x(step) - px) < Math.abs(this.x(curve[best].step) - px)) best = i;
    });
    const moment = best === curve.length - 1 ? null : best;
    if (moment !== this.lab.store.state.moment) this.lab.store.set({ moment });
  }

  togglePlay(): void {
    if (this.playing) return this.pause();
    const { curve } = this.lab.document.told;
    if (curve.length < 2) return;
    const from = this.lab.store.state.moment === null ? 0 : this.lab.store.state.moment;
    this.lab.store.set({ moment: from });
    this.playing = window.setInterval(() => {
      this.lab.stepMoment(1);
      if (this.lab.store.state.moment === null) this.pause();
    }, 420);
    this.update();
  }

  pause(): void {
    clearInterval(this.playing);
    this.playing = 0;
    this.update();
  }

  update(): void {
    const { curve, errors } = this.lab.document.told;
    if (curve.length < 2) return;
    const track = this.chart.parentElement!;
    const height = this.lab.root.dataset.width === "narrow" ? 72 : HEIGHT;
    this.width = track.clientWidth;
    if (this.width < 80) return;
    const moment = this.lab.store.state.moment ?? curve.length - 1;
    const atEnd = this.lab.store.state.moment === null;
    // What was kept in the end may be an earlier state, which did better on rows held out.
    const now = atEnd ? { ...curve[moment], error: errors.test } : curve[moment];
    const last = curve[curve.length - 1];
    const restored = Math.abs(last.error - errors.test) > 0.005 * errors.test;
    this.button.replaceChildren(icon(this.playing ? "pause" : "play"));
    this.button.setAttribute("aria-label", this.playing ? "Pause" : "Play training");
    track.setAttribute("aria-valuenow", String(moment));
    track.setAttribute("aria-valuetext", `step ${now.step}, error ${fixed(now.error, 4)}`);
    this.told.replaceChildren(
      h("p", { class: "quiet" }, atEnd && restored ? "What was kept: an earlier state, better on rows held out" : "Drag the curve to go back in time"),
      h("p", { class: "number" }, fixed(now.error, 4)),
      h("p", {}, "step ", h("b", {}, count(now.step)), ` of ${count(last.step)}`),
      h("p", { class: "quiet" }, `epoch ${fixed(now.epoch, 1)}; ${errors.unit}, ${this.lab.document.tested}`),
    );
    this.draw(height, moment, now.error);
  }

  private draw(height: number, moment: number, error: number): void {
    const { curve, errors } = this.lab.document.told;
    const { baseline } = errors;
    const values = curve.map(({ error }) => error);
    values.push(errors.test);
    if (baseline) values.push(baseline.test);
    let [low, high] = [Math.min(...values), Math.max(...values)];
    // What an untrained network does may be a hundred times worse: then the axis is logarithmic.
    const bend = low > 0 && high / low > 20 ? Math.log : (v: number) => v;
    [low, high] = [bend(low), bend(high)];
    const foot = height - 24;
    const narrow = height < 100;
    const head = narrow ? 12 : 28;
    const y = (error: number) => head + (1 - (bend(error) - low) / (high - low || 1)) * (foot - head - 10);
    const line = curve.map(({ step, error }) => `${this.x(step)},${y(error)}`).join(" ");
    const right = this.width - 26;
    const parts: SVGElement[] = [];
    if (baseline) {
      const level = y(baseline.test);
      const beaten = errors.test < 0.99 * baseline.test ? curve.findIndex((one, i) => i > 0 && one.error < 0.995 * baseline.test) : -1;
      if (beaten > 0) {
        const [a, b] = [curve[beaten - 1], curve[beaten]];
        const share = (a.error - baseline.test) / (a.error - b.error || 1);
        const from = this.x(a.step) + share * (this.x(b.step) - this.x(a.step));
        const after = curve.slice(beaten).map(({ step, error }) => `${this.x(step)},${y(error)}`);
        if (a.error >= baseline.test) {
          parts.push(svg("polygon", { class: "gain", points: `${from},${level} ${after.join(" ")} ${right},${level}` }));
        }
        const words = a.error >= baseline.test ? `beats ${baseline.name} by step ${count(b.step)}` : "";
        if (words && !narrow) parts.push(svg("text", { class: "finding", x: from + 10, y: level - 7 }, words));
      }
      parts.push(
        svg("line", { class: "floor", x1: 56, x2: right, y1: level, y2: level }),
        svg("text", { class: "quiet", x: 62, y: level + 14 }, `${baseline.name}’s line, ${fixed(baseline.test, 4)}`),
      );
    }
    parts.push(svg("polyline", { class: "curve", points: line }));
    curve.forEach(({ step, error }) => parts.push(svg("circle", { class: "mark", cx: this.x(step), cy: y(error), r: narrow ? 2.5 : 3.5 })));
    parts.push(svg("line", { class: "axis", x1: 56, x2: right, y1: foot, y2: foot }));
    const told = curve.filter(({ step }, i) => i === 0 || i === curve.length - 1 || step === 1 || (Math.log2(step) % 2 === 0 && step > 1));
    let free = right + 100;
    for (const { step } of [...told].reverse()) {
      const x = this.x(step);
      if (x > free - 26) continue;
      free = x - 14;
      parts.push(svg("text", { class: "tick", x, y: foot + 15, "text-anchor": "middle" }, count(step)));
    }
    for (const error of [Math.max(...curve.map((one) => one.error)), curve[curve.length - 1].error]) {
      parts.push(svg("text", { class: "tick", x: 48, y: y(error) + 4, "text-anchor": "end" }, fixed(error, error < 10 ? 3 : 0)));
    }
    const x = this.x(curve[moment].step);
    parts.push(
      svg("line", { class: "now", x1: x, x2: x, y1: 4, y2: foot }),
      svg("circle", { class: "handle", cx: x, cy: y(error), r: 8 }),
    );
    this.chart.setAttribute("viewBox", `0 0 ${this.width} ${height}`);
    this.chart.setAttribute("width", String(this.width));
    this.chart.setAttribute("height", String(height));
    this.chart.replaceChildren(...parts);
  }
}
