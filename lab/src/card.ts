// The card beside the pointer: a row, a class, or what the decoder draws at a place. It follows every
// move, so its elements stay, and only what they say changes.

import { count, distance, fixed, tell, tellBy } from "./document";
import { h } from "./dom";
import type { Lab } from "./lab";

const MOST_COLUMNS = 6;

export class Card {
  readonly element = h("div", { class: "card", hidden: true });
  private readonly input = picture("Input");
  private readonly back = picture("Redrawn");
  private readonly place = picture("What the decoder draws there");
  private readonly first = document.createTextNode("");
  private readonly second = document.createTextNode("");
  private readonly told = [h("b", {}, this.first), h("span", {}, this.second)];
  private readonly pair = h("div", { class: "pair" });
  private laidOut = "";
  private size = [0, 0];
  private asked = 0;

  constructor(private readonly lab: Lab) {}

  hide(): void {
    this.asked++;
    this.element.hidden = true;
  }

  /** Show a row: what it is, and what becomes of it. */
  row(row: number): void {
    const { document, pictures, theme, store } = this.lab;
    const error = document.get(document.told.errors.blob)[row];
    const name = document.className(row) === null ? "" : `, ${this.lab.nameOf(row)}`;
    this.say(document.rowName(row) + name, `error ${fixed(error, 4)}${store.state.moment === null ? "" : " at the end"}`);
    const values = document.row(row);
    const back = values && pictures && this.lab.decodes ? this.lab.decodeNow(this.lab.codeAt(row)) : null;
    if (values && pictures) {
      pictures.paint(this.input, pictures.pixels(values, theme), 84);
      if (back) pictures.paint(this.back, pictures.pixels(back, theme), 84);
      this.lay(back ? "row, redrawn" : "row", () => this.pair.replaceChildren(this.input, ...(back ? [this.back] : [])));
    } else {
      this.lay(values ? "columns" : "name", () => undefined);
      this.pair.replaceChildren(...(values ? [this.columns(values)] : []));
    }
  }

  /** Show how many rows on the map are of a class. */
  class(index: number, n: number): void {
    const { classes, noun } = this.lab.document.told;
    const labels = this.lab.document.get(classes!.blob).subarray(0, n);
    let members = 0;
    for (const label of labels) members += Number(label === index);
    this.say(`${classes!.names![index]}: ${count(members)} of ${count(n)} ${noun}s`, "Click the name to dim all others.");
    this.lay("class", () => this.pair.replaceChildren());
  }

  /** Show what the decoder makes of a code, and return it as a picture. */
  code(code: Float64Array): ImageData | null {
    const { decoder, decodes } = this.lab;
    if (!decoder || !decodes) {
      this.hide();
      return null;
    }
    const turn = ++this.asked;
    const now = this.lab.decodeNow(code);
    if (now) return this.decoded(code, now);
    Promise.resolve(decoder.decode([code])).then(
      ([row]) => turn === this.asked && !this.lab.closed && this.decoded(code, row),
      (error: Error) => this.lab.tell("broke", error.message),
    );
    return null;
  }

  private decoded(code: Float64Array, row: Float64Array): ImageData | null {
    const { pictures, theme, map } = this.lab;
    const near = map.nearestTo(code);
    const numbers = Array.from(code.subarray(0, 3), (v) => fixed(v, 2)).join(", ");
    const nearest = near === null ? "" : `${this.lab.nameOf(near)}, ${tell(distance(this.lab.codeAt(near), code), 2)} away`;
    this.say(code.length > 3 ? `${numbers}, …` : numbers, nearest && `nearest: ${nearest}`);
    if (!pictures) {
      this.lay("columns", () => undefined);
      this.pair.replaceChildren(this.columns(row));
      return null;
    }
    const image = pictures.pixels(row, theme);
    pictures.paint(this.place, image, 116);
    this.lay("place", () => this.pair.replaceChildren(this.place));
    return image;
  }

  private say(first: string, second: string): void {
    if (this.first.data !== first) this.first.data = first;
    if (this.second.data !== second) this.second.data = second;
  }

  /** Fill the card where it shows another kind of thing than before. */
  private lay(kind: string, fill: () => void): void {
    if (this.element.hidden) this.element.hidden = false;
    if (this.laidOut === kind) return;
    this.laidOut = kind;
    this.size = [0, 0];
    fill();
    this.element.replaceChildren(this.pair, ...this.told);
  }

  /** Width and height. To ask for them makes the browser lay out anew: once for each kind of card. */
  get extent(): [number, number] {
    if (!this.size[0]) this.size = [this.element.offsetWidth, this.element.offsetHeight];
    return this.size as [number, number];
  }

  /** The columns of a row that stand out most. */
  private columns(row: Float64Array): HTMLElement {
    const { feature_names } = this.lab.document.told.data;
    const { means, spreads } = this.lab.columns();
    const far = row.map((value, j) => Math.abs(value - means[j]) / (spreads[j] || 1));
    const most = Array.from(far.keys()).sort((a, b) => far[b] - far[a]).slice(0, MOST_COLUMNS);
    const list = most.map((j) =>
      h("tr", {}, h("th", { scope: "row" }, feature_names?.[j] ?? `x${j}`), h("td", {}, tellBy(row[j], spreads[j]))),
    );
    return h("table", { class: "columns" }, h("tbody", {}, ...list));
  }
}

function picture(label: string): HTMLCanvasElement {
  return h("canvas", { role: "img", class: "picture", "aria-label": label });
}
