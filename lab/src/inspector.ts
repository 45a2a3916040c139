// What the map answers: of a pinned row, of a selection, or of the whole.

import { classText, css } from "./colours";
import { count, fixed, plural, tell, tellBy } from "./document";
import { button, h, icon, sized } from "./dom";
import type { Lab } from "./lab";
import { Inside } from "./inside";
import { article } from "./map";
import type { Drawing } from "./drawing";
import { nearestCodes, nearestToPicture } from "./neighbours";
import { histogram } from "./pictures";
import { along, indices, saveFilm, savePicture, saveRows } from "./saving";

export class Inspector {
  readonly element: HTMLElement;
  private readonly body: HTMLElement;
  private readonly sliders: { input: HTMLInputElement; output: HTMLOutputElement }[] = [];
  private readonly numbers: HTMLElement;
  readonly inside: Inside;
  private stop: () => void = () => undefined;

  constructor(private readonly lab: Lab) {
    this.inside = new Inside(lab);
    this.body = h("div", { class: "answers" });
    const handle = button(
      { class: "handle", "aria-label": "Show more or less", onclick: () => this.element.toggleAttribute("data-open") },
      h("span", {}),
    );
    this.numbers = this.makeNumbers();
    this.element = h("aside", { class: "inspector", "aria-label": "Inspector" }, handle, this.body, this.numbers, this.inside.element);
  }

  update(): void {
    this.stop();
    const { pin, moment } = this.lab.store.state;
    const { selection, drawing } = this.lab;
    if (this.lab.store.state.view === "draw") this.body.replaceChildren(...this.ofDrawing(drawing));
    else if (pin !== null) this.body.replaceChildren(...this.ofRow(pin));
    else if (selection) this.body.replaceChildren(...this.ofSelection(selection));
    else if (moment !== null) this.body.replaceChildren(...this.ofMoment(moment));
    else this.body.replaceChildren(...this.ofWhole());
    // Who goes back in time wants to see it; else it lies at the foot.
    const first = moment !== null && pin === null && !selection;
    const [upper, lower] = first ? [this.inside.element, this.numbers] : [this.numbers, this.inside.element];
    if (upper.nextSibling !== lower) this.element.append(upper, lower);
    this.inside.update();
    this.updateSliders();
  }

  // ------------------------------------------------------------------ a row

  private ofRow(row: number): Node[] {
    const { lab } = this;
    const { document } = lab;
    const name = document.className(row);
    const title = document.rowName(row) + (name === null ? "" : `, ${article(name)}`);
    const { moment } = lab.store.state;
    // As it was then, where the row is followed and the decoder was kept; else as it is at the end.
    const then = moment !== null && lab.decodes && row < lab.momentRows ? moment : null;
    const all = lab.store.state.rows === "all" ? document.n : document.told.data.n_test;
    const n = then === null ? all : lab.momentRows;
    const code = then === null ? document.code(row) : lab.codeAt(row);
    const near = nearestCodes(lab, code, row, n, 6, then);
    const parts: Node[] = [this.head(title, this.finding(row, near), () => lab.store.set({ pin: null, second: null }, true))];
    const values = document.row(row);
    const back = lab.decodeNow(code, then === null ? lab.lastDecoder : lab.decoder);
    if (moment !== null) {
      const { step } = document.told.curve[moment];
      const told = then === null ? "What is told here is as at the end of the training." : `As it was at step ${count(step)}; the error is that of the end.`;
      parts.push(h("p", { class: "quiet" }, told));
    }
    if (!values) parts.push(h("p", { class: "quiet" }, "The rows are still coming."));
    else if (back) parts.push(...(lab.pictures ? this.pictured(values, back) : this.tabled(values, back)));
    else if (lab.lastDecoder) this.ask(row, values, parts);
    parts.push(...this.error(row));
    parts.push(...this.path());
    parts.push(...this.row("Nearest on the map", near, row));
    if (document.hasRows) {
      parts.push(...this.row(`Nearest in ${lab.pictures ? "pixels" : "the columns"}`, lab.lookAlikes, row));
    }
    return parts;
  }

  /** Where only a server decodes, what it draws comes a moment later. */
  private ask(row: number, values: Float64Array, parts: Node[]): void {
    const place = h("div", {});
    parts.push(place);
    void Promise.resolve(this.lab.lastDecoder!.decode([this.lab.document.code(row)])).then(
      ([back]) => place.replaceChildren(...(this.lab.pictures ? this.pictured(values, back) : this.tabled(values, back))),
      (error: Error) => this.lab.tell("broke", error.message),
    );
  }

  /** One sentence that the page has found out. */
  private finding(row: number, near: number[]): string {
    const { document } = this.lab;
    const { classes } = document.told;
    if (!classes?.names) return `Its error is ${this.share(row)}.`;
    const counts = new Map<number, number>();
    for (const i of near) counts.set(document.classOf(i), (counts.get(document.classOf(i)) ?? 0) + 1);
    const [most, n] = [...counts].sort((a, b) => b[1] - a[1])[0];
    const own = document.classOf(row);
    if (most !== own && n > near.length / 2) return `On the map it lives among the ${classes.names[most]}s.`;
    if (most === own && n === near.length) return `It lives among its own: all of its ${n} nearest are alike.`;
    return "It lives where classes meet.";
  }

  private share(row: number): string {
    const { document } = this.lab;
    const errors = document.get(document.told.errors.blob).subarray(0, document.told.data.n_test);
    let below = 0;
    for (const error of errors) if (error < document.get(document.told.errors.blob)[row]) below++;
    const share = (100 * below) / errors.length;
    return `worse than ${share > 99 && share < 100 ? share.toFixed(1) : Math.round(share)}%`;
  }

  private pictured(values: Float64Array, back: Float64Array): Node[] {
    const { pictures, theme, document } = this.lab;
    const size = this.lab.root.dataset.width === "wide" ? 96 : 80;
    const one = (image: ImageData, name: string, ...more: (Node | string)[]) =>
      h("figure", {}, pictures!.canvas(image, size, name), h("figcaption", {}, h("b", {}, name), ...more));
    const key = h("span", { class: "key" }, h("i", { class: "lost" }), "lost ", h("i", { class: "invented" }), "invented");
    return [
      h(
        "div",
        { class: "three" },
        one(pictures!.pixels(values, theme), "Input", h("span", {}, plural("pixel", pictures!.width * pictures!.height))),
        one(pictures!.pixels(back, theme), "Redrawn", h("span", {}, `from ${plural("number", document.k)}`)),
        one(pictures!.residual(values, back, theme), "Residual", key),
      ),
    ];
  }

  /** The columns that come back worst, each beside what became of it. */
  private tabled(values: Float64Array, back: Float64Array): Node[] {
    const { spreads } = this.lab.columns();
    const names = this.lab.document.told.data.feature_names;
    const far = (j: number) => (spreads[j] > 0 ? (values[j] - back[j]) / spreads[j] : 0);
    const order = Array.from(values.keys()).sort((a, b) => Math.abs(far(b)) - Math.abs(far(a)));
    const lines = order.slice(0, 12).map((j) => {
      const away = far(j);
      const wide = Math.min(50, Math.abs(away) * 16);
      const bar = h("i", { class: away > 0 ? "lost" : "invented" });
      bar.style.width = `${wide}%`;
      bar.style.marginLeft = `${away > 0 ? 50 - wide : 50}%`;
      return h(
        "tr",
        {},
        h("th", { scope: "row", title: names?.[j] ?? "" }, names?.[j] ?? `x${j}`),
        h("td", {}, tellBy(values[j], spreads[j])),
        h("td", {}, tellBy(back[j], spreads[j])),
        h("td", { class: "bar", title: `${fixed(-away, 2)} standard deviations` }, bar),
      );
    });
    const more = order.length > 12 ? `The 12 of ${count(order.length)} columns that come back worst` : "All columns, worst first";
    return [
      h("p", { class: "quiet" }, `${more}; bars in standard deviations, too low left, too high right.`),
      h(
        "table",
        { class: "columns" },
        h("thead", {}, h("tr", {}, ...["Column", "Input", "Redrawn", "Away"].map((name) => h("th", { scope: "col" }, name)))),
        h("tbody", {}, ...lines),
      ),
    ];
  }

  private error(row: number): Node[] {
    const { document, theme } = this.lab;
    const { errors, noun, data } = document.told;
    const all = document.get(errors.blob);
    const canvas = h("canvas", { role: "img", "aria-label": `Histogram of the errors of ${document.tested}, this one marked` });
    const wide = this.lab.root.dataset.width === "wide" ? 306 : 258;
    const most = histogram(wide, all.subarray(0, data.n_test), all[row], theme, sized(canvas, wide, 62), 62);
    const parts: Node[] = [
      h("p", { class: "error" }, h("b", { class: "number" }, fixed(all[row], 4)), ` ${this.share(row)} of the ${document.tested}`),
      canvas,
      h("p", { class: "ticks" }, ...[0, most / 2, most].map((v) => h("span", {}, tell(v, 2)))),
      h("p", { class: "quiet centred" }, `${errors.unit}, ${count(data.n_test)} ${document.tested}`),
    ];
    if (errors.baseline) {
      const theirs = document.get(errors.baseline.blob)[row];
      const numbers = plural("number", document.k);
      parts.push(h("p", { class: "quiet" }, `${errors.baseline.name}’s ${numbers} redraw this ${noun} with ${fixed(theirs, 4)}.`));
    }
    return parts;
  }

  /** A line of rows, each a button that pins it. */
  private row(title: string, rows: number[], own: number | null): Node[] {
    const { lab } = this;
    const { document, pictures, theme } = lab;
    const { classes } = document.told;
    let finding = "";
    if (own !== null && classes?.names) {
      const mine = document.classOf(own);
      const same = rows.filter((i) => document.classOf(i) === mine).length;
      const name = classes.names[mine];
      finding = same === rows.length ? `all are ${name}s` : same ? `${same} of ${rows.length} are ${name}s` : `none is ${article(name)}`;
    }
    const size = lab.root.dataset.width === "wide" ? 44 : 36;
    const list = rows.map((i) => {
      const values = document.row(i);
      const name = document.className(i);
      const shown = pictures && values ? pictures.canvas(pictures.pixels(values, theme), size, "") : h("span", { class: "chip" }, count(i));
      shown.setAttribute("aria-hidden", "true");
      return h(
        "li",
        {},
        button({ "aria-label": `Pin ${document.rowName(i)}${name === null ? "" : `, ${name}`}`, onclick: () => lab.pin(i) }, shown),
        name !== null && h("span", {}, name.length > 7 ? `${name.slice(0, 6)}…` : name),
      );
    });
    return [h("div", { class: "line" }, h("h3", {}, title), h("span", {}, finding)), h("ul", { class: "rows" }, ...list)];
  }

  // ------------------------------------------------------------------ a drawing

  private ofDrawing(drawing: Drawing | null): Node[] {
    const { lab } = this;
    const { document, theme } = lab;
    const { errors, data, noun } = document.told;
    if (!drawing) {
      const what = `It has seen only ${noun}s and keeps ${plural("number", document.k)}: whatever you draw, it can answer with ${noun}s alone.`;
      return [h("div", { class: "head" }, h("h2", {}, "Draw anything: what does it make of it?"), h("p", {}, what))];
    }
    const all = document.get(errors.blob).subarray(0, data.n_test);
    let worse = 0;
    for (const error of all) worse += Number(error >= drawing.error);
    const share = 100 * (1 - worse / all.length);
    const told = share > 99 && share < 100 ? share.toFixed(1) : String(Math.round(share));
    const near = nearestCodes(lab, drawing.code, -1, data.n_test, 6);
    const name = document.className(near[0]);
    const strange = share > 95;
    const finding = strange
      ? `It can only answer with ${noun}s${name === null ? "" : `: it comes back as ${article(name)}`}.`
      : `It passes for ${name === null ? `a ${noun}` : article(name)}.`;
    const canvas = h("canvas", { role: "img", "aria-label": `Histogram of the errors of ${document.tested}, your drawing marked` });
    const wide = lab.root.dataset.width === "wide" ? 306 : 258;
    const most = histogram(wide, all, drawing.error, theme, sized(canvas, wide, 62), 62);
    const parts: Node[] = [
      h("div", { class: "head" }, h("h2", {}, `Stranger than ${told}% of the ${document.tested}`), h("p", {}, finding)),
      h("p", { class: "error" }, h("b", { class: strange ? "number strange" : "number" }, fixed(drawing.error, 4)), ` ${count(worse)} of ${count(all.length)} ${noun}s are worse`),
      canvas,
      h("p", { class: "ticks" }, ...[0, most / 2, most].map((v) => h("span", {}, tell(v, 2)))),
    ];
    if (drawing.back) parts.push(...this.pictured(drawing.row, drawing.back));
    parts.push(...this.row("Nearest on the map", near, null));
    parts.push(...this.row("Nearest in pixels", nearestToPicture(lab, drawing.row, data.n_test, 6), null));
    return parts;
  }

  // ------------------------------------------------------------------ a selection

  private ofSelection(rows: number[]): Node[] {
    const { lab } = this;
    const { document } = lab;
    const { classes, noun, errors } = document.told;
    const shown = lab.store.state.rows === "all" ? document.n : document.told.data.n_test;
    const all = document.get(errors.blob);
    const clear = () => {
      lab.select(null);
      lab.store.set({ lasso: null }, true);
    };
    const share = shown ? Math.round((100 * rows.length) / shown) : 0;
    const parts: Node[] = [this.head(`${plural(noun, rows.length)} inside`, `${share}% of those on the map.`, clear)];
    if (!rows.length) {
      parts.push(h("p", { class: "quiet" }, "Draw around points: hold Shift and drag, or press Lasso."));
      return parts;
    }
    const mean = rows.reduce((sum, i) => sum + all[i], 0) / rows.length;
    parts.push(h("p", { class: "error" }, h("b", { class: "number" }, fixed(mean, 4)), ` mean ${errors.unit}`));
    const average = this.mean(rows);
    if (average && lab.pictures) {
      const size = 96;
      const pictures = [h("figure", {}, lab.pictures.canvas(lab.pictures.pixels(average, lab.theme), size, "Mean"), h("figcaption", {}, h("b", {}, "Mean picture")))];
      parts.push(h("div", { class: "three" }, ...pictures));
    } else if (average) parts.push(...this.typical(average));
    if (classes?.names) parts.push(...this.counts(rows, classes.names));
    const python = indices(lab, rows);
    parts.push(
      h(
        "div",
        { class: "buttons" },
        button({ sentence: "Rows, labels, codes and errors as a table.", onclick: () => saveRows(lab, rows) }, "Save as CSV"),
        button(
          {
            sentence: "Their places, as Python takes them.",
            onclick: async () => {
              await navigator.clipboard.writeText(python);
              lab.tell("informs", `${plural("row", rows.length)} copied, as ${document.told.data.parts ? "data.test.X" : "X"}[[…]].`);
            },
          },
          "Copy for Python",
        ),
      ),
      ...this.row("Some of them", rows.slice(0, 12), null),
    );
    return parts;
  }

  private mean(rows: number[]): Float64Array | null {
    const { document } = this.lab;
    if (!document.hasRows) return null;
    const sum = new Float64Array(document.told.data.n_features);
    for (const i of rows) {
      const row = document.row(i)!;
      for (let j = 0; j < sum.length; j++) sum[j] += row[j] / rows.length;
    }
    return sum;
  }

  /** Of a selection of a table: the columns in which it is least like the rest. */
  private typical(mean: Float64Array): Node[] {
    const { means, spreads } = this.lab.columns();
    const names = this.lab.document.told.data.feature_names;
    const far = (j: number) => (spreads[j] > 0 ? (mean[j] - means[j]) / spreads[j] : 0);
    const order = Array.from(mean.keys()).sort((a, b) => Math.abs(far(b)) - Math.abs(far(a)));
    const lines = order.slice(0, 8).map((j) =>
      h("tr", {}, h("th", { scope: "row" }, names?.[j] ?? `x${j}`), h("td", {}, tellBy(mean[j], spreads[j])), h("td", {}, tellBy(means[j], spreads[j])), h("td", {}, fixed(far(j), 1))),
    );
    const head = ["Column", "Inside", "All", "In sd"].map((name) => h("th", { scope: "col" }, name));
    return [
      h("h3", {}, "What sets them apart"),
      h("table", { class: "columns" }, h("thead", {}, h("tr", {}, ...head)), h("tbody", {}, ...lines)),
    ];
  }

  private counts(rows: number[], names: string[]): Node[] {
    const { lab } = this;
    const counts = names.map(() => 0);
    for (const i of rows) counts[lab.document.classOf(i)]++;
    const order = names.map((_, k) => k).filter((k) => counts[k]).sort((a, b) => counts[b] - counts[a]);
    const places = lab.document.told.classes!.places!;
    const lines = order.slice(0, 12).map((k) => {
      const bar = h("i", { class: "count" });
      bar.style.width = `${(100 * counts[k]) / counts[order[0]]}%`;
      bar.style.background = css(classText(places[k], lab.theme));
      const name = h("th", { scope: "row" }, names[k]);
      return h("tr", {}, name, h("td", {}, count(counts[k])), h("td", { class: "bar" }, bar));
    });
    return [h("h3", {}, "Labels"), h("table", { class: "columns counts" }, h("tbody", {}, ...lines))];
  }

  // ------------------------------------------------------------------ an earlier moment

  private ofMoment(moment: number): Node[] {
    const { lab } = this;
    const { curve, errors } = lab.document.told;
    const { step, error } = curve[moment];
    const title = `Step ${count(step)} of ${count(curve[curve.length - 1].step)}`;
    let beside = errors.unit;
    if (errors.baseline) {
      const share = Math.round(100 * (1 - error / errors.baseline.test));
      beside = `${Math.abs(share)}% ${share >= 0 ? "below" : "above"} ${errors.baseline.name}’s ${fixed(errors.baseline.test, 4)}`;
    }
    return [
      this.head(title, this.inside.finding(moment), () => lab.store.set({ moment: null }, true)),
      h("p", { class: "error" }, h("b", { class: "number" }, fixed(error, 4)), ` ${beside}`),
      ...this.redrawn(moment),
    ];
  }

  private exemplars: number[] | null = null;
  private readonly strip = h("canvas", { role: "img", class: "ten-redrawn" });

  /** Some rows, one of each class first, above what they were redrawn as. */
  private redrawn(moment: number): Node[] {
    const { lab } = this;
    const { document, pictures, theme } = lab;
    const { classes, noun, curve } = document.told;
    if (!pictures || !document.hasRows) return [];
    if (!lab.decodes) {
      return [h("p", { class: "quiet" }, "The decoder of that time was not kept: what it drew is not seen.")];
    }
    if (!this.exemplars) {
      const n = lab.momentRows;
      const firsts = (classes?.names ?? []).map((_, k) => document.get(classes!.blob).subarray(0, n).findIndex((v) => v === k));
      const spread = Array.from({ length: 10 }, (_, i) => Math.round((i * (n - 1)) / 9));
      this.exemplars = [...new Set([...firsts.filter((i) => i >= 0), ...spread])].slice(0, 10);
    }
    // One canvas for all, which stays: twenty of their own cost more than what is drawn on them.
    const { strip, exemplars } = this;
    const [wide, high] = [pictures.width + 2, pictures.height + 2];
    const context = strip.getContext("2d")!;
    if (strip.dataset.theme !== theme) {
      strip.dataset.theme = theme;
      [strip.width, strip.height] = [wide * exemplars.length, 2 * high];
      exemplars.forEach((i, j) => context.putImageData(pictures.pixels(document.row(i)!, theme), j * wide + 1, 1));
    }
    exemplars.forEach((i, j) => {
      const back = lab.decodeNow(lab.codeAt(i))!;
      context.putImageData(pictures.pixels(back, theme), j * wide + 1, high + 1);
    });
    const { step } = curve[moment];
    strip.setAttribute("aria-label", `${exemplars.length} ${noun}s, and what it redraws of them at step ${count(step)}`);
    const title = h("h3", {}, `${exemplars.length} ${noun}s, and what it redraws`);
    return [h("div", { class: "line" }, title, h("span", {}, `step ${count(step)}`)), strip];
  }

  // ------------------------------------------------------------------ the whole

  private ofWhole(): Node[] {
    const { lab } = this;
    const { document, theme } = lab;
    const { errors, noun, data, model } = document.told;
    const all = document.get(errors.blob).subarray(0, data.n_test);
    const canvas = h("canvas", { role: "img", "aria-label": `Histogram of the errors of ${document.tested}` });
    const wide = lab.root.dataset.width === "wide" ? 306 : 258;
    const most = histogram(wide, all, null, theme, sized(canvas, wide, 62), 62);
    const order = Array.from(all.keys()).sort((a, b) => all[b] - all[a]);
    const what = `Each point is a ${noun}: ${count(data.n_features)} ${lab.pictures ? "pixels" : "columns"} told by ${plural("number", model.n_components)}.`;
    return [
      h("div", { class: "head" }, h("h2", {}, "What this is"), h("p", {}, what)),
      h(
        "ul",
        { class: "todo" },
        h("li", {}, h("b", {}, "Point"), ` at a ${noun}: what becomes of it?`),
        h("li", {}, h("b", {}, "Click"), " it: what was lost, and who is alike?"),
        lab.decoder && h("li", {}, h("b", {}, "Decode"), ", and drag: what lies between?"),
      ),
      h("p", { class: "error" }, h("b", { class: "number" }, fixed(errors.test, 4)), ` ${errors.unit}`),
      canvas,
      h("p", { class: "ticks" }, ...[0, most / 2, most].map((v) => h("span", {}, tell(v, 2)))),
      h("p", { class: "quiet centred" }, `${count(data.n_test)} ${document.tested}`),
      ...this.path(),
      ...this.samples(),
      ...this.row(`Redrawn worst`, order.slice(0, 6), null),
      ...this.row(`Redrawn best`, order.slice(-6).reverse(), null),
    ];
  }

  /** Of a variational model: codes drawn from the prior, decoded. */
  private samples(): Node[] {
    const { lab } = this;
    const { document, pictures, theme } = lab;
    if (document.told.posterior?.prior !== "standard_normal" || !pictures || !lab.decoder) return [];
    const normal = () => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
    const codes = Array.from({ length: 12 }, () => Float64Array.from({ length: document.k }, normal));
    const list = h("ul", { class: "rows" });
    const size = lab.root.dataset.width === "wide" ? 44 : 36;
    void Promise.resolve(lab.decoder.decode(codes)).then((rows) =>
      list.replaceChildren(
        ...rows.map((row, i) =>
          h("li", {}, button({ "aria-label": `Sample ${i + 1}: go there`, onclick: () => lab.moveCode(codes[i]) }, pictures.canvas(pictures.pixels(row, theme), size, ""))),
        ),
      ),
    );
    return [
      h("div", { class: "line" }, h("h3", {}, "Samples from the prior"), button({ class: "plain", sentence: "Draw others.", onclick: () => this.update() }, "Others")),
      list,
    ];
  }

  // ------------------------------------------------------------------ between two rows, along a path

  private path(): Node[] {
    const { lab } = this;
    const { second, pin } = lab.store.state;
    if (!lab.decoder || !lab.pictures) return [];
    if (second !== null && pin !== null) {
      const [a, b] = [lab.codeAt(pin), lab.codeAt(second)];
      lab.path = Array.from({ length: 24 }, (_, i) => a.map((v, j) => v + (i / 23) * (b[j] - v)));
    }
    if (lab.path.length < 2) return [];
    const film = h("canvas", { role: "img", "aria-label": "What the decoder draws along the path", class: "picture" });
    const strip = h("canvas", { role: "img", "aria-label": "Eight moments of the path", class: "picture strip" });
    void this.show(film, strip);
    const title = second !== null ? "From the first to the second" : "Along your path";
    return [
      h("div", { class: "line" }, h("h3", {}, title), h("span", {}, `${lab.path.length} codes`)),
      h("div", { class: "film" }, film, strip),
      h(
        "div",
        { class: "buttons" },
        button({ sentence: "Play it again.", onclick: () => void this.show(film, strip) }, "Play"),
        button({ sentence: "The film, there and back.", onclick: () => void saveFilm(lab) }, "Save GIF"),
        button({ sentence: "Eight moments side by side.", onclick: () => savePicture("path.png", strip) }, "Save PNG"),
      ),
    ];
  }

  private async show(film: HTMLCanvasElement, strip: HTMLCanvasElement): Promise<void> {
    const { lab } = this;
    const pictures = lab.pictures!;
    const rows = await lab.decoder!.decode(along(lab, 32));
    const images = rows.map((row) => pictures.pixels(row, lab.theme));
    strip.width = 8 * 56;
    strip.height = Math.round((56 * pictures.height) / pictures.width);
    for (let i = 0; i < 8; i++) {
      pictures.stamp(strip.getContext("2d")!, images[Math.round((i / 7) * 31)], 56 * i, 0, 56);
    }
    this.stop();
    this.stop = lab.play(2400, (share) => pictures.paint(film, images[Math.round(share * 31)], 84));
  }

  // ------------------------------------------------------------------ the numbers

  private makeNumbers(): HTMLElement {
    const { lab } = this;
    const { model, data } = lab.document.told;
    const codes = lab.document.get("codes");
    const { k } = lab.document;
    const lines = model.component_names.slice(0, 32).map((name, a) => {
      const column = Float64Array.from({ length: data.n_test }, (_, i) => codes[i * k + a]).sort();
      const [low, high] = [column[0], column[column.length - 1]];
      const input = h("input", {
        type: "range",
        min: low,
        max: high,
        step: (high - low) / 400 || 1,
        "aria-label": name,
        "data-sentence": k === 2 ? "Move one number and keep the other." : "Move one number and keep the others.",
        oninput: () => {
          const code = lab.base();
          code[a] = Number(input.value);
          lab.moveCode(code);
          if (lab.store.state.mode !== "decode" && lab.decoder) lab.store.set({ mode: "decode" });
          this.drawn(code);
        },
      });
      const output = h("output", {});
      this.sliders.push({ input, output });
      return h("label", { class: "slider" }, h("span", {}, name[0], h("sub", {}, name.slice(1))), input, output);
    });
    const title = k === 1 ? "The number" : k === 2 ? "The two numbers" : `The ${k} numbers`;
    const drawn = h("div", { class: "drawn" });
    this.shown = drawn;
    return h(
      "section",
      { class: "numbers" },
      h("div", { class: "line" }, h("h3", {}, title), h("span", {}, "arrow keys move them")),
      drawn,
      ...lines,
    );
  }

  private shown: HTMLElement | null = null;
  private asked = 0;

  /** What the sliders' code becomes, beside them. */
  private drawn(code: Float64Array): void {
    const { lab } = this;
    if (!lab.pictures || !lab.decoder || !this.shown) return;
    const paint = (row: Float64Array) =>
      this.shown!.replaceChildren(lab.pictures!.canvas(lab.pictures!.pixels(row, lab.theme), 84, "What the decoder draws for these numbers"));
    const now = lab.decodeNow(code);
    if (now) return void paint(now);
    const turn = ++this.asked;
    void Promise.resolve(lab.decoder.decode([code])).then(([row]) => turn === this.asked && paint(row));
  }

  updateSliders(): void {
    const code = this.lab.base();
    this.sliders.forEach(({ input, output }, a) => {
      input.value = String(code[a]);
      const [low, high] = [Number(input.min), Number(input.max)];
      const share = (Math.min(high, Math.max(low, code[a])) - low) / (high - low || 1);
      input.style.setProperty("--share", `${100 * share}%`);
      output.textContent = fixed(code[a], 2);
      input.setAttribute("aria-valuetext", fixed(code[a], 2));
    });
  }

  private head(title: string, finding: string, close: () => void): HTMLElement {
    return h(
      "div",
      { class: "head" },
      h("h2", {}, title),
      h("p", {}, finding),
      button({ class: "plain close", "aria-label": "Let go", sentence: "Let go (Esc).", onclick: close }, icon("close")),
    );
  }
}
