// The views, each with a picture and a word.

import { button, h, icon } from "./dom";
import type { Lab } from "./lab";
import type { ViewName } from "./state";

const VIEW_WORDS: Record<ViewName, [string, string]> = {
  map: ["Map", "See every row, and what lies between."],
  draw: ["Draw", "Draw something: what does it make of it?"],
  learn: ["Learn", "Watch a network learn."],
  dynamics: ["Dynamics", "How knowledge comes to be, under sliders."],
};

export class Rail {
  readonly element: HTMLElement;
  private readonly buttons: [ViewName, HTMLButtonElement][];

  constructor(lab: Lab) {
    this.buttons = lab.views.map((view) => {
      const [name, sentence] = VIEW_WORDS[view];
      const act = () => lab.store.set({ view }, true);
      return [view, button({ sentence, onclick: act }, icon(view), h("span", {}, name))];
    });
    this.element = h("nav", { class: "rail", "aria-label": "Views" }, ...this.buttons.map(([, one]) => one));
  }

  update(view: ViewName): void {
    for (const [name, one] of this.buttons) {
      if (name === view) one.setAttribute("aria-current", "page");
      else one.removeAttribute("aria-current");
    }
  }
}
