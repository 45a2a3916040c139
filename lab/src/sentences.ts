// Each control says in one sentence what it does, on hover and on focus.

import { h } from "./dom";

export class Sentences {
  constructor(root: HTMLElement) {
    const tip = h("div", { class: "sentence", role: "tooltip", hidden: true });
    root.append(tip);
    const show = (event: Event) => {
      const target = (event.target as Element | null)?.closest?.<HTMLElement>("[data-sentence]");
      if (!target || (event.type === "focusin" && !target.matches(":focus-visible"))) {
        if (event.type !== "focusin" || !target) tip.hidden = true;
        return;
      }
      tip.textContent = target.dataset.sentence!;
      tip.hidden = false;
      const [own, all] = [target.getBoundingClientRect(), root.getBoundingClientRect()];
      const left = Math.min(own.left - all.left, all.width - tip.offsetWidth - 8);
      const below = own.bottom - all.top + 8;
      const above = own.top - all.top - tip.offsetHeight - 8;
      tip.style.left = `${Math.max(8, left)}px`;
      tip.style.top = `${below + tip.offsetHeight > all.height ? above : below}px`;
    };
    const hide = () => (tip.hidden = true);
    root.addEventListener("pointerover", (event) => event.pointerType !== "touch" && show(event));
    root.addEventListener("focusin", show);
    root.addEventListener("focusout", hide);
    root.addEventListener("pointerdown", hide);
  }
}
