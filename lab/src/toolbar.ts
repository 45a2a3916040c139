// What the map shows and how: each control is one word, and says in one sentence what it does.

import { count } from "./document";
import { button, h, icon } from "./dom";
import type { Lab } from "./lab";
import type { State } from "./state";

export class Toolbar {
  readonly element: HTMLElement;
  private readonly updates: (() => void)[] = [];
  private readonly found: HTMLElement;
  readonly search: HTMLInputElement;

  constructor(private readonly lab: Lab) {
    const { told } = lab.document;
    const noun = told.noun;
    const parts: (Node | false)[] = [];
    if (lab.decoder) {
      parts.push(
        this.switch("mode", "What pointing does", [
          ["explore", "Explore", `Point at a ${noun} to see what becomes of it.`],
          ["decode", "Decode", "Point anywhere to see what the decoder draws there."],
        ]),
      );
    }
    parts.push(
      this.switch("scale", "Scale", [
        ["true", "True", "True keeps every distance as it is."],
        [
          "spread",
          "Spread",
          "Spread pulls the crowded middle apart: directions stay, distances grow like a logarithm.",
        ],
      ]),
    );
    if (lab.decoder && lab.pictures) parts.push(this.toggle("grid", "Grid", "Show what lies where few codes are."));
    const lasso = button(
      {
        class: "control lasso",
        "aria-label": "Lasso",
        sentence: "Draw around points to count and keep them (or hold Shift).",
        onclick: () => {
          lab.lassoing = !lab.lassoing;
          this.update();
        },
      },
      icon("lasso"),
      h("span", {}, "Lasso"),
    );
    this.updates.push(() => lasso.setAttribute("aria-pressed", String(lab.lassoing)));
    parts.push(lasso);
    parts.push(this.colours());
    if (lab.document.k > 2) parts.push(this.axes());
    if (told.data.n_train) {
      parts.push(
        this.choice("rows", "Rows", "Show test rows alone, or those that were learned from too.", [
          ["test", `${count(told.data.n_test)} test`],
          ["all", `all ${count(lab.document.n)}`],
        ]),
      );
    }
    this.search = h("input", {
      type: "search",
      placeholder: "Find a row or label",
      "aria-label": "Find a row or label",
      "data-sentence": "Type a row’s number or a label.",
      autocomplete: "off",
      oninput: () => this.find(),
      onkeydown: (event: KeyboardEvent) => {
        if (event.key === "Enter") this.found.querySelector("button")?.click();
        if (event.key === "ArrowDown") this.found.querySelector("button")?.focus();
      },
    });
    this.found = h("div", { class: "found", hidden: true });
    parts.push(
      h("div", { class: "search" }, icon("search"), this.search, h("kbd", { "aria-hidden": "true" }, "/"), this.found),
    );
    this.element = h("div", { class: "toolbar", role: "toolbar", "aria-label": "Map" }, ...parts);
    this.element.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.close();
    });
    this.update();
  }

  update(): void {
    for (const update of this.updates) update();
  }

  private close(): void {
    this.search.value = "";
    this.found.hidden = true;
  }

  private switch<K extends "mode" | "scale">(
    key: K,
    label: string,
    choices: [State[K], string, string][],
  ): HTMLElement {
    const buttons = choices.map(([value, name, sentence]) =>
      button({ sentence, onclick: () => this.lab.store.set({ [key]: value } as Partial<State>, true) }, name),
    );
    this.updates.push(() =>
      buttons.forEach((one, i) =>
        one.setAttribute("aria-pressed", String(this.lab.store.state[key] === choices[i][0])),
      ),
    );
    return h("div", { class: "switch", role: "group", "aria-label": label }, ...buttons);
  }

  private toggle(key: "grid", name: string, sentence: string): HTMLElement {
    const act = () => this.lab.store.set({ [key]: !this.lab.store.state[key] }, true);
    const one = button({ class: "control", sentence, onclick: act }, icon("grid"), h("span", {}, name));
    this.updates.push(() => one.setAttribute("aria-pressed", String(this.lab.store.state[key])));
    return one;
  }

  private choice(
    key: "rows" | "axes" | "colour",
    label: string,
    sentence: string,
    choices: [string, string][],
  ): HTMLElement {
    const select = h(
      "select",
      {
        "aria-label": label,
        "data-sentence": sentence,
        onchange: () => this.lab.store.set({ [key]: select.value } as Partial<State>, true),
      },
      ...choices.map(([value, name]) => h("option", { value }, name)),
    );
    this.updates.push(() => (select.value = this.lab.store.state[key]));
    return h("label", { class: "control select" }, h("span", { "aria-hidden": "true" }, label), select);
  }

  private colours(): HTMLElement {
    const { classes, data } = this.lab.document.told;
    const choices: [string, string][] = classes ? [["label", "label"]] : [];
    choices.push(["error", "error"], ["none", "none"]);
    if (data.n_train) choices.push(["part", "test or training"]);
    for (const name of (data.feature_names ?? []).slice(0, 300)) choices.push([`column:${name}`, name]);
    return this.choice("colour", "Colour", "Colour by label, error or any column.", choices);
  }

  private axes(): HTMLElement {
    const { k } = this.lab.document;
    const { component_names, } = this.lab.document.told.model;
    const choices: [string, string][] = [
      ["pca", "widest plane"],
      ["3d", "three to turn"],
    ];
    for (let a = 1; a <= Math.min(k, 8); a++) {
      for (let b = a + 1; b <= Math.min(k, 8); b++) {
        choices.push([`${a},${b}`, `${component_names[a - 1]}, ${component_names[b - 1]}`]);
      }
    }
    return this.choice("axes", "Axes", "Which two of the numbers are drawn; three can be turned by dragging.", choices);
  }

  /** Rows of that number, and labels of that name. */
  private find(): void {
    const { lab } = this;
    const { told } = lab.document;
    const asked = this.search.value.trim().replaceAll(",", "");
    const hits: HTMLButtonElement[] = [];
    const hit = (text: string, act: () => void) =>
      hits.push(
        button({ onclick: () => (act(), this.close(), lab.map.element.focus()) }, text),
      );
    const rows = lab.store.state.rows === "all" ? lab.document.n : told.data.n_test;
    (told.classes?.names ?? []).forEach((name, k) => {
      if (!asked || !name.toLowerCase().startsWith(asked.toLowerCase())) return;
      const labels = lab.document.get(told.classes!.blob);
      const members = Array.from({ length: rows }, (_, i) => i).filter((i) => labels[i] === k);
      const what = `label ${name}: ${count(members.length)} ${told.noun}s`;
      hit(what, () => lab.select(members));
    });
    if (/^\d+$/.test(asked)) {
      const row = Number(asked);
      if (row < told.data.n_test) hit(describe(lab, row), () => lab.pin(row));
      const train = row + told.data.n_test;
      if (rows > told.data.n_test && train < lab.document.n) hit(describe(lab, train), () => lab.pin(train));
    }
    if (asked && !hits.length) {
      const last = count(told.data.n_test - 1);
      this.found.replaceChildren(h("p", {}, `Nothing: rows go from 0 to ${last}, and no label begins so.`));
    } else this.found.replaceChildren(...hits.slice(0, 8));
    this.found.hidden = !asked;
  }
}

function describe(lab: Lab, row: number): string {
  const name = lab.document.className(row);
  return name === null ? lab.document.rowName(row) : `${lab.document.rowName(row)}, ${lab.nameOf(row)}`;
}
