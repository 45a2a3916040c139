// One line that says what this is: data, network, error beside PCA's.

import { fixed } from "./document";
import { button, h, icon, svg } from "./dom";
import type { Lab } from "./lab";
import { ADDRESS } from "./state";

export class Header {
  readonly element: HTMLElement;
  private readonly theme: HTMLButtonElement;
  private readonly title: HTMLElement;
  private readonly told: HTMLElement;
  private readonly ofMap: (Node | string)[];

  constructor(private readonly lab: Lab) {
    const { title, errors, model } = lab.document.told;
    const parts: (Node | string)[] = [];
    if (model.widths && model.widths.length <= 9) {
      const network = h("span", { class: "network" });
      model.widths.forEach((width, i) => {
        const middle = i === (model.widths!.length - 1) / 2;
        network.append(i ? " → " : "", middle ? h("b", {}, String(width)) : String(width));
      });
      parts.push(network);
    } else parts.push(h("span", { class: "network" }, model.name));
    parts.push(
      h("span", { class: "figure" }, `${errors.unit} `, h("b", {}, fixed(errors.test, 4)), this.beside()),
    );
    this.theme = button({ class: "plain", "aria-label": "Theme", sentence: "Light, dark, or as your system has it.", onclick: () => this.turn() });
    const share = button(
      { class: "plain share", sentence: "Copy a link that opens exactly this.", onclick: () => void this.share() },
      icon("share"),
      h("span", {}, "Share"),
    );
    const help = button(
      { class: "plain", "aria-label": "Keys and gestures", sentence: "All keys and gestures (press ?).", onclick: () => lab.help.toggle() },
      icon("help"),
    );
    this.title = h("h1", {}, title);
    this.ofMap = parts;
    this.told = h("p", { class: "told" }, ...parts);
    this.element = h(
      "header",
      { class: "header" },
      logo(),
      this.title,
      this.told,
      h("div", { class: "acts" }, lab.host.keeper === ADDRESS && share, this.theme, help),
    );
    this.update();
  }

  private beside(): string {
    const { test, baseline } = this.lab.document.told.errors;
    if (!baseline) return "";
    const share = 1 - test / baseline.test;
    const name = `${baseline.name}’s ${fixed(baseline.test, 4)}`;
    if (Math.abs(share) < 0.01) return `, as ${name}`;
    return `, ${Math.abs(Math.round(share * 100))}% ${share > 0 ? "below" : "above"} ${name}`;
  }

  private turn(): void {
    this.lab.store.set({ theme: this.lab.theme === "dark" ? "light" : "dark" });
  }

  private async share(): Promise<void> {
    const link = this.lab.store.link();
    try {
      await navigator.clipboard.writeText(link);
      this.lab.tell("informs", "The link is copied: it opens exactly this, on this machine, while the lab runs.");
    } catch {
      this.lab.tell("informs", "Copy the address of this page: it opens exactly this.");
    }
  }

  update(): void {
    const { lab } = this;
    if (["dynamics", "learn"].includes(lab.store.state.view)) {
      const { title, told } = (lab.store.state.view === "learn" ? lab.learn : lab.dynamics).headline;
      this.title.textContent = title;
      this.told.textContent = told;
    } else if (lab.store.state.view === "draw") {
      const { noun, errors } = lab.document.told;
      this.title.textContent = "Draw anything: what does it make of it?";
      this.told.textContent = `It has seen only ${noun}s and keeps ${lab.document.k} numbers · ${errors.unit} ${fixed(errors.test, 4)} on ${lab.document.tested}`;
    } else {
      this.title.textContent = lab.document.told.title;
      this.told.replaceChildren(...this.ofMap);
    }
    const shown = this.lab.theme === "dark" ? "sun" : "moon";
    if (this.theme.dataset.icon === shown) return;
    this.theme.dataset.icon = shown;
    this.theme.replaceChildren(icon(shown));
  }
}

function logo(): SVGSVGElement {
  return svg(
    "svg",
    { viewBox: "0 0 32 32", width: 28, height: 28, class: "logo", "aria-hidden": "true" },
    svg("path", { d: "M4 5 16 16 4 27M28 5 16 16 28 27", fill: "none", stroke: "var(--accent)", "stroke-width": 3, "stroke-linecap": "round" }),
    svg("circle", { cx: 16, cy: 16, r: 4, fill: "var(--loss)" }),
  );
}
