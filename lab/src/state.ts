// What is shown, as one value: it lives in the address's fragment, so that a link shows the same thing,
// or with a notebook's widget, so that a saved notebook does.

import type { DynamicsState } from "./dynamics";

export type ViewName = "map" | "draw" | "learn" | "dynamics";
export const VIEWS: ViewName[] = ["map", "draw", "learn", "dynamics"];

export interface State {
  view: ViewName;
  mode: "explore" | "decode";
  scale: "spread" | "true";
  grid: boolean;
  /** "label", "error", "part", "none", or "column:NAME". */
  colour: string;
  rows: "test" | "all";
  axes: string;
  turn: [number, number];
  /** The pinned row, and a second one: their interpolation plays. */
  pin: number | null;
  second: number | null;
  /** The cursor: a code. */
  code: number[] | null;
  /** Which recorded moment the map shows; null is the end. */
  moment: number | null;
  /** A class that all others are dimmed for. */
  only: number | null;
  /** A lasso, in drawn places. */
  lasso: [number, number][] | null;
  camera: [number, number, number] | null;
  theme: "system" | "light" | "dark";
  /** What the sliders of Dynamics say; null is as at first. */
  dynamics: DynamicsState | null;
}

export const START: State = {
  view: "map",
  mode: "explore",
  scale: "spread",
  grid: true,
  colour: "label",
  rows: "test",
  axes: "1,2",
  turn: [0.6, -0.35],
  pin: null,
  second: null,
  code: null,
  moment: null,
  only: null,
  lasso: null,
  camera: null,
  theme: "system",
  dynamics: null,
};

type Listener = (state: State, changed: Set<keyof State>) => void;

/** Where the state is kept, as the text of a fragment. */
export interface Keeper {
  read(): string;
  /** Keep it; with `step` as a step that can be gone back. */
  write(text: string, step: boolean): void;
  /** Call when somebody else has changed it; what is returned ends that. */
  listen(call: () => void): () => void;
}

/** The address of a page that is ours alone. */
export const ADDRESS: Keeper = {
  read: () => location.hash,
  write(text, step) {
    const address = `${location.pathname}${location.search}${text ? `#${text}` : ""}`;
    if (step) history.pushState(null, "", address);
    else history.replaceState(null, "", address);
  },
  listen(call) {
    addEventListener("popstate", call);
    addEventListener("hashchange", call);
    return () => {
      removeEventListener("popstate", call);
      removeEventListener("hashchange", call);
    };
  },
};

export class Store {
  state: State;
  private listeners: Listener[] = [];
  private timer = 0;
  private readonly stop: () => void;
  private written: string | null = null;

  constructor(
    readonly first: State,
    private readonly keeper: Keeper,
  ) {
    this.state = parse(keeper.read(), first);
    this.stop = keeper.listen(() => {
      const text = keeper.read();
      if (text === this.written) return;
      this.written = text;
      this.apply(parse(text, this.first), false, false);
    });
  }

  subscribe(listener: Listener): void {
    this.listeners.push(listener);
  }

  /** Change the state; with `step` it is a step that the browser's back button undoes. */
  set(patch: Partial<State>, step = false): void {
    this.apply({ ...this.state, ...patch }, true, step);
  }

  destroy(): void {
    clearTimeout(this.timer);
    this.listeners = [];
    this.stop();
  }

  private apply(next: State, write: boolean, step: boolean): void {
    const before = this.state;
    const keys = Object.keys(next) as (keyof State)[];
    const changed = new Set(keys.filter((key) => !same(next[key], before[key])));
    if (!changed.size) return;
    this.state = next;
    for (const listener of this.listeners) listener(next, changed);
    if (!write) return;
    clearTimeout(this.timer);
    if (step) this.write(true);
    // Browsers refuse hundreds of addresses a second.
    else this.timer = window.setTimeout(() => this.write(false), 200);
  }

  private write(step: boolean): void {
    this.written = format(this.state, this.first);
    this.keeper.write(this.written, step);
  }

  /** The address that shows just this. */
  link(): string {
    clearTimeout(this.timer);
    this.write(false);
    return location.href;
  }
}

const same = (a: unknown, b: unknown) => a === b || JSON.stringify(a) === JSON.stringify(b);

const short = (value: number) => String(Number(value.toPrecision(9)));

function format(state: State, first: State): string {
  const told = new URLSearchParams();
  for (const key of Object.keys(state) as (keyof State)[]) {
    const value = state[key];
    if (same(value, first[key])) continue;
    if (value === null) told.set(key, "none");
    else if (key === "dynamics") told.set(key, JSON.stringify(value));
    else if (key === "lasso") told.set(key, state.lasso!.flat().map(short).join(","));
    else if (Array.isArray(value)) told.set(key, (value as number[]).map(short).join(","));
    else told.set(key, String(value));
  }
  return told.toString().replaceAll("%2C", ",").replaceAll("%3A", ":");
}

/** Read a fragment; what it does not say, or says badly, is as at first. */
function parse(hash: string, first: State): State {
  const told = new URLSearchParams(hash.replace(/^#/, ""));
  const next: State = { ...first };
  const word = <K extends keyof State>(key: K, words: readonly State[K][]) => {
    const value = told.get(key) as State[K] | null;
    if (value !== null && words.includes(value)) next[key] = value;
  };
  const numbers = (key: keyof State): number[] | null => {
    const parts = told.get(key)?.split(",").map(Number) ?? [];
    return parts.length && parts.every(Number.isFinite) ? parts : null;
  };
  word("view", VIEWS);
  word("mode", ["explore", "decode"]);
  word("scale", ["spread", "true"]);
  word("rows", ["test", "all"]);
  word("theme", ["system", "light", "dark"]);
  if (told.has("grid")) next.grid = told.get("grid") === "true";
  next.colour = told.get("colour") ?? first.colour;
  next.axes = told.get("axes") ?? first.axes;
  for (const key of ["pin", "second", "moment", "only"] as const) {
    if (told.get(key) === "none") next[key] = null;
    else {
      const value = numbers(key);
      if (value && Number.isInteger(value[0]) && value[0] >= 0) next[key] = value[0];
    }
  }
  next.code = told.get("code") === "none" ? null : (numbers("code") ?? first.code);
  const turn = numbers("turn");
  if (turn?.length === 2) next.turn = [turn[0], turn[1]];
  const camera = numbers("camera");
  if (camera?.length === 3 && camera[2] > 0) next.camera = [camera[0], camera[1], camera[2]];
  next.dynamics = readDynamics(told.get("dynamics")) ?? first.dynamics;
  const lasso = numbers("lasso");
  if (lasso && lasso.length >= 6 && lasso.length % 2 === 0) {
    next.lasso = Array.from({ length: lasso.length / 2 }, (_, i) => [lasso[2 * i], lasso[2 * i + 1]]);
  }
  return next;
}

/** Read what a link says of Dynamics; a link may come from anybody, so that each part is checked. */
function readDynamics(text: string | null): DynamicsState | null {
  if (text === null) return null;
  try {
    const told = JSON.parse(text);
    const within = (value: unknown, low: number, high: number) =>
      typeof value === "number" && value >= low && value <= high;
    const whole = (value: unknown, low: number, high: number) =>
      within(value, low, high) && Number.isInteger(value);
    const { kingdom, cell } = told;
    const P = kingdom.items.length;
    const F = kingdom.features.length;
    const places: number[] = [];
    const walk = (branch: unknown): void => {
      if (Array.isArray(branch)) branch.forEach(walk);
      else places.push(branch as number);
    };
    walk(kingdom.tree);
    const good =
      within(told.rate, 1, 200) &&
      within(told.gamma, 0.9e-15, 10.1) &&
      whole(told.hidden, 1, 64) &&
      whole(told.layers, 0, 4) &&
      whole(told.epochs, 10, 1000) &&
      whole(told.seed, 0, 1e6) &&
      whole(told.epoch, 0, 1000) &&
      whole(P, 1, 32) &&
      whole(F, 1, 64) &&
      kingdom.items.concat(kingdom.features).every((name: unknown) => typeof name === "string") &&
      kingdom.truth.length === P &&
      kingdom.truth.every(
        (row: unknown[]) => row.length === F && row.every((v) => v === 1 || v === -1),
      ) &&
      places.length === P &&
      places.sort((a, b) => a - b).every((place, i) => place === i) &&
      whole(cell[0], 0, P - 1) &&
      whole(cell[1], 0, F - 1) &&
      (!kingdom.gram ||
        (kingdom.gram.length === P * P && kingdom.gram.every((v: unknown) => Number.isFinite(v)))) &&
      within(kingdom.unnamed, 0, 1e9) &&
      within(kingdom.flip, 0, 0.5);
    return good ? told : null;
  } catch {
    return null;
  }
}
