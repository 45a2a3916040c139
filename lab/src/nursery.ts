// A lab without a run: something is learned at once, and becomes the first thing on the table.

import type { Theme } from "./colours";
import { h } from "./dom";
import { adopt } from "./lab";
import { LearnView } from "./learn";
import { Sentences } from "./sentences";
import type { Socket } from "./socket";

export class Nursery {
  readonly closed = false;
  readonly learn: LearnView;
  private readonly root: HTMLElement;
  private readonly title = h("h1", {});
  private readonly told = h("p", { class: "told" });
  private readonly card = h("div", { class: "state-card", role: "status", hidden: true });
  private readonly dark = matchMedia("(prefers-color-scheme: dark)");

  constructor(place: HTMLElement, socket: Socket) {
    adopt(place);
    place.classList.add("inscape-lab-page");
    const theme = (): Theme => (this.dark.matches ? "dark" : "light");
    this.learn = new LearnView(
      {
        get theme() {
          return theme();
        },
        send: (message) => socket.send(message),
        tell: (kind, text, ...more) => this.tell(kind, text, ...more),
        changed: () => this.update(),
      },
      ["mnist", "digits", "fashion-mnist"],
    );
    this.root = h(
      "div",
      { class: "inscape-lab nursery", "data-theme": theme(), "data-view": "learn" },
      h("header", { class: "header" }, this.title, this.told),
      this.learn.element,
      this.card,
    );
    this.learn.element.hidden = false;
    new Sentences(this.root);
    place.replaceChildren(this.root);
    this.dark.addEventListener("change", () => {
      this.root.dataset.theme = theme();
      this.learn.draw();
    });
    const measure = () => {
      const width = this.root.clientWidth;
      this.root.dataset.width = width < 640 ? "narrow" : width < 1200 ? "medium" : "wide";
    };
    new ResizeObserver(measure).observe(this.root);
    measure();
    Object.assign(this.root, { inscape: this });
    this.update();
    this.learn.draw();
    socket.follow(this);
    this.root.dataset.ready = "true";
  }

  tell(kind: "informs" | "waits" | "broke", text: string, ...more: Node[]): void {
    this.card.dataset.kind = kind;
    this.card.replaceChildren(h("p", {}, text), ...more);
    this.card.hidden = false;
  }

  private update(): void {
    const { title, told } = this.learn.headline;
    this.title.textContent = title;
    this.told.textContent = told;
  }
}
