// Everything by keyboard: one table, which the help shows and the listener reads.

import type { Lab } from "./lab";
import { ADDRESS } from "./state";

export const KEYS: [string, string][] = [
  ["arrow keys, with Shift: further", "move the cursor, and see what the decoder draws"],
  ["Enter", "pin the nearest row"],
  ["Shift + Enter", "pin a second row: their interpolation plays"],
  ["Esc", "let go: of the pin, the selection, the card"],
  ["p", "record the cursor’s way as a path, or end it"],
  ["/", "find a row or a label"],
  ["e, d", "Explore, Decode"],
  ["s", "Spread or True"],
  ["g", "the decoder’s grid"],
  ["+, −, f", "zoom in, zoom out, fit"],
  ["space, [ and ]", "play training; one moment back or forward"],
  ["1, 2, …", "the views"],
  ["t", "light or dark"],
  ["?", "this list"],
];

export const GESTURES: [string, string][] = [
  ["move", "in Explore the nearest row, in Decode what the decoder draws there"],
  ["click, then Shift + click", "pin a row, and a second one"],
  ["click a class’s name", "dim all others"],
  ["drag", "move the map; in Decode draw a path; turn a map of three"],
  ["Shift + drag", "lasso: counts, mean, export"],
  ["wheel or pinch", "zoom about the pointer; double click: fit"],
];

export function listenToKeys(lab: Lab): () => void {
  const down = (event: KeyboardEvent) => {
    const target = event.target as HTMLElement;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = target.matches("input:not([type=range]), select, textarea");
    if (event.key === "Escape") {
      if (typing) target.blur();
      else lab.letGo();
      return;
    }
    if (typing) return;
    const onMap = target === lab.map.element;
    const { store } = lab;
    const { state } = store;
    const far = event.shiftKey ? 5 : 1;
    const dynamics = state.view === "dynamics";
    if (/^[1-9]$/.test(event.key) && lab.views[Number(event.key) - 1]) {
      store.set({ view: lab.views[Number(event.key) - 1] }, true);
      return;
    }
    if (onMap && event.key.startsWith("Arrow")) {
      const [x, y] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key]!;
      lab.map.step(x * far, y * far);
      event.preventDefault();
      return;
    }
    if (onMap && event.key === "Enter") {
      const row = lab.map.nearest();
      if (row === null) return;
      if (event.shiftKey && state.pin !== null) store.set({ second: row }, true);
      else lab.pin(row);
      return;
    }
    // A button or a slider keeps the keys that it answers to.
    if (event.key === " " && target.closest("button")) return;
    const acts: Record<string, () => void> = {
      "?": () => lab.help.toggle(),
      "/": () => lab.root.querySelector<HTMLInputElement>("input[type=search]")!.focus(),
      e: () => store.set({ mode: "explore" }, true),
      d: () => store.set({ mode: "decode" }, true),
      s: () => store.set({ scale: state.scale === "spread" ? "true" : "spread" }, true),
      g: () => store.set({ grid: !state.grid }, true),
      t: () => store.set({ theme: lab.theme === "dark" ? "light" : "dark" }),
      f: () => lab.map.fit(true),
      p: () => lab.record(),
      "+": () => lab.map.zoomBy(1.5),
      "=": () => lab.map.zoomBy(1.5),
      "-": () => lab.map.zoomBy(1 / 1.5),
      " ": () => (dynamics ? lab.dynamics.togglePlay() : lab.togglePlay()),
      "[": () => (dynamics ? lab.dynamics.step(-far) : lab.stepMoment(-1)),
      "]": () => (dynamics ? lab.dynamics.step(far) : lab.stepMoment(1)),
    };
    const act = acts[event.key];
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  };
  lab.root.addEventListener("keydown", down);
  // The keys are there before anything is clicked, where the page is ours alone.
  const outside = (event: KeyboardEvent) => {
    if (lab.host.keeper === ADDRESS && event.target === document.body) down(event);
  };
  document.body.addEventListener("keydown", outside);
  return () => document.body.removeEventListener("keydown", outside);
}
