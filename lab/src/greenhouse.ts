// A run of dynamics on the table: its own tree and network under the sliders.

import type { Theme } from "./colours";
import { h } from "./dom";
import { DynamicsView, type DynamicsState } from "./dynamics";
import { adopt } from "./lab";
import { Sentences } from "./sentences";
import { ADDRESS, START, Store } from "./state";

export class Greenhouse {
  readonly store: Store;
  readonly dynamics: DynamicsView;
  private readonly root: HTMLElement;
  private readonly title = h("h1", {});
  private readonly told = h("p", { class: "told" });
  private readonly dark = matchMedia("(prefers-color-scheme: dark)");

  constructor(place: HTMLElement, first: DynamicsState) {
    adopt(place);
    place.classList.add("inscape-lab-page");
    this.store = new Store({ ...START, view: "dynamics", dynamics: first }, ADDRESS);
    this.dynamics = new DynamicsView(this);
    this.root = h(
      "div",
      { class: "inscape-lab greenhouse", "data-theme": this.theme, "data-view": "dynamics", "data-rows": "true" },
      h("header", { class: "header" }, this.title, this.told),
      this.dynamics.element,
    );
    this.dynamics.element.hidden = false;
    new Sentences(this.root);
    place.replaceChildren(this.root);
    const measure = () => {
      const width = this.root.clientWidth;
      this.root.dataset.width = width < 640 ? "narrow" : width < 1200 ? "medium" : "wide";
    };
    new ResizeObserver(measure).observe(this.root);
    measure();
    this.store.subscribe(() => this.update());
    this.dark.addEventListener("change", () => {
      this.root.dataset.theme = this.theme;
      this.update();
    });
    this.update();
    Object.assign(this.root, { inscape: this });
    this.root.dataset.ready = "true";
  }

  get theme(): Theme {
    return this.dark.matches ? "dark" : "light";
  }

  private update(): void {
    this.dynamics.update();
    const { title, told } = this.dynamics.headline;
    this.title.textContent = title;
    this.told.textContent = told;
  }
}
