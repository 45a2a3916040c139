// The list of keys and gestures; it lies beside the map and hides nothing for good.

import { h } from "./dom";
import { GESTURES, KEYS } from "./keys";
import type { Lab } from "./lab";

export class Help {
  readonly element: HTMLElement;
  private before: Element | null = null;

  constructor(lab: Lab) {
    const list = (rows: [string, string][], keys: boolean) =>
      h(
        "dl",
        {},
        ...rows.flatMap(([name, what]) => [h("dt", {}, keys ? h("kbd", {}, name) : name), h("dd", {}, what)]),
      );
    this.element = h(
      "section",
      { class: "help", role: "dialog", "aria-label": "Keys and gestures", tabindex: "-1", hidden: true },
      h("h2", {}, "What you can do here"),
      list(GESTURES, false),
      h("h3", {}, "Keys"),
      list(KEYS, true),
      h("button", { type: "button", onclick: () => this.toggle() }, "Close"),
    );
    void lab;
  }

  get open(): boolean {
    return !this.element.hidden;
  }

  toggle(): void {
    this.element.hidden = !this.element.hidden;
    if (this.open) {
      this.before = document.activeElement;
      this.element.focus();
    } else (this.before as HTMLElement | null)?.focus?.();
  }
}
