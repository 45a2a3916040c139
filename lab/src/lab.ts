// The lab: one document on the table; the map asks, the inspector answers, the strip below is time.

import type { Theme } from "./colours";
import { type Ask, type Decoder, makeDecoder, makeEarlierDecoder, makeEncoder } from "./decoder";
import { count, type Document, type Numbers, tell } from "./document";
import { calm, h } from "./dom";
import { type Drawing, DrawPad } from "./drawing";
import { DynamicsView } from "./dynamics";
import { Header } from "./header";
import { Help } from "./help";
import { Inspector } from "./inspector";
import { listenToKeys } from "./keys";
import { LearnView } from "./learn";
import { article, MapView } from "./map";
import { nearestRows } from "./neighbours";
import { Pictures } from "./pictures";
import { median, Plane } from "./plane";
import { Rail } from "./rail";
import { ADDRESS, type Keeper, START, type State, Store, type ViewName } from "./state";
import { Sentences } from "./sentences";
import style from "./style.css";
import { Timeline } from "./timeline";
import { Toolbar } from "./toolbar";

export interface Host {
  /** Decodes where the page cannot, or null. */
  ask: Ask | null;
  /** Encodes where the page cannot, or null. */
  encode?: Ask | null;
  /** Where the state is kept: in the address where the page is ours alone. */
  keeper: Keeper;
  /** Sends a message of a training, or null where nobody can train. */
  send?: ((message: Record<string, unknown>) => void) | null;
  /** Told of what a person has chosen: rows, and the code at the cursor. */
  chosen?(what: { selection?: number[] | null; code?: number[] }): void;
}

export class Lab {
  readonly root: HTMLElement;
  readonly store: Store;
  readonly plane: Plane;
  readonly pictures: Pictures | null;
  /** The decoder of the end of the training. */
  readonly lastDecoder: Decoder | null;
  readonly map: MapView;
  readonly help: Help;
  theme: Theme = "light";
  /** Rows inside the lasso, or null. */
  selection: number[] | null = null;
  lookAlikes: number[] = [];
  /** The codes of a path that was drawn. */
  path: Float64Array[] = [];
  recording = false;
  lassoing = false;
  range: [number, number] = [0, 1];
  closed = false;
  private readonly middle: Float64Array;
  readonly inspector: Inspector;
  private readonly timeline: Timeline;
  private readonly toolbar: Toolbar;
  readonly dynamics: DynamicsView;
  readonly pad: DrawPad;
  readonly learn: LearnView;
  /** What was drawn, and what became of it. */
  drawing: Drawing | null = null;
  private readonly encoder: ((row: Float64Array) => Float64Array) | null;
  private readonly rail: Rail;
  private readonly header: Header;
  private readonly card: HTMLElement;
  private readonly watch: ResizeObserver;
  private readonly dark = matchMedia("(prefers-color-scheme: dark)");
  private readonly stopKeys: () => void;

  constructor(
    place: HTMLElement,
    readonly document: Document,
    readonly host: Host,
  ) {
    adopt(place);
    const { told } = document;
    this.middle = middleOf(document);
    this.store = new Store(firstState(document), host.keeper);
    this.plane = new Plane(document);
    this.pictures = told.data.image_shape ? Pictures.from(document) : null;
    this.mend();
    this.lastDecoder = makeDecoder(document, host.ask);
    this.theme = this.chooseTheme();
    this.root = h("div", { class: "inscape-lab", "data-theme": this.theme });
    this.map = new MapView(this);
    this.inspector = new Inspector(this);
    this.timeline = new Timeline(this);
    this.toolbar = new Toolbar(this);
    this.encoder = makeEncoder(document);
    this.dynamics = new DynamicsView(this);
    this.pad = new DrawPad(this);
    const lab = this;
    const sets = [...new Set([told.data.name, "mnist", "digits", "fashion-mnist"])];
    this.learn = new LearnView(
      {
        get theme() {
          return lab.theme;
        },
        send: (message) => host.send?.(message),
        tell: (kind, text, ...more) => this.tell(kind, text, ...more),
        changed: () => this.header.update(),
      },
      sets,
    );
    this.rail = new Rail(this);
    this.header = new Header(this);
    this.help = new Help(this);
    this.card = h("div", { class: "state-card", role: "status", hidden: true });
    const hero = h("main", { class: "hero" }, this.toolbar.element, this.map.element);
    this.root.append(
      this.header.element,
      this.rail.element,
      hero,
      this.inspector.element,
      this.timeline.element,
      this.pad.element,
      this.learn.element,
      this.dynamics.element,
      this.card,
      this.help.element,
    );
    new Sentences(this.root);
    place.replaceChildren(this.root);
    // A page that is ours alone is filled; a cell of a notebook has no height of its own.
    place.classList.toggle("inscape-lab-page", host.keeper === ADDRESS);
    place.classList.toggle("inscape-lab-cell", host.keeper !== ADDRESS);
    // A notebook has keys of its own, some of which delete.
    if (host.keeper !== ADDRESS) this.root.dataset.lmSuppressShortcuts = "true";
    this.stopKeys = listenToKeys(this);
    this.showView();
    this.store.subscribe((state, changed) => this.follow(state, changed));
    this.dark.addEventListener("change", this.retheme);
    this.watch = new ResizeObserver(() => this.resize());
    this.watch.observe(this.root);
    this.watch.observe(this.map.element);
    this.resize();
    this.showMap();
    document.whenRows(() => this.rowsCame());
    if (!document.hasRows) this.waitForRows();
    // For who tests or teaches: the lab of an element.
    Object.assign(this.root, { inscape: this });
    this.root.dataset.ready = "true";
  }

  /** The views that there are. */
  get views(): ViewName[] {
    const { encoder } = this.document.told;
    const encodes = encoder?.type === "steps" || (encoder?.type === "server" && !!this.host.encode);
    const draw: ViewName[] = encodes && this.pictures?.oneInk ? ["draw"] : [];
    const learn: ViewName[] = this.host.send ? ["learn"] : [];
    return ["map", ...draw, ...learn, "dynamics"];
  }

  private laidOut = false;

  /** Whether the view has the map in it. */
  private get mapped(): boolean {
    return this.store.state.view === "map" || this.store.state.view === "draw";
  }

  /** Lay the map out when it is seen first: what is hidden has no size. */
  private showMap(): void {
    if (this.laidOut || !this.mapped) return;
    this.laidOut = true;
    this.map.layout();
    this.remember();
    this.inspector.update();
  }

  /** Show the view of the state, and nothing of the others. */
  private showView(): void {
    const { view } = this.store.state;
    this.root.dataset.view = view;
    this.rail.update(view);
    this.dynamics.element.hidden = view !== "dynamics";
    this.pad.element.hidden = view !== "draw";
    this.learn.element.hidden = view !== "learn";
    this.learn.draw();
    this.pad.update();
    if (view === "dynamics") this.dynamics.update();
    this.header.update();
  }

  /** Whether codes live in flat space, where straight distances mean something. */
  get flat(): boolean {
    return this.document.told.model.space === "flat";
  }

  /** Rows that are followed over the training: the first ones. */
  get momentRows(): number {
    const { curve, blobs } = this.document.told;
    return curve.length ? blobs[curve[0].blob].shape[0] : 0;
  }

  codesAt(moment: number | null): Numbers {
    const { curve } = this.document.told;
    return this.document.get(moment === null ? "codes" : curve[moment].blob);
  }

  /** The code of a row at the moment that is shown; of one that is not followed, that of the end. */
  codeAt(row: number): Float64Array {
    const { moment } = this.store.state;
    if (moment === null || row >= this.momentRows) return this.document.code(row);
    const { k } = this.document;
    return Float64Array.from(this.codesAt(moment).subarray(row * k, (row + 1) * k));
  }

  /** The code from which a cursor on the map starts: components that it does not show stay. */
  base(): Float64Array {
    const { code, pin } = this.store.state;
    if (code?.length === this.document.k) return Float64Array.from(code);
    return pin === null ? this.middle : this.codeAt(pin);
  }

  /** Numbers to colour by, or null where there are none of that name (yet). */
  valuesOf(colour: string): ((i: number) => number) | null {
    const { document } = this;
    const { errors, classes, data } = document.told;
    if (colour === "error") {
      const values = document.get(errors.blob);
      return (i) => Math.sqrt(values[i]);
    }
    if (colour === "label" && classes && !classes.names) {
      const values = document.get(classes.blob);
      return (i) => values[i];
    }
    const column = colour.startsWith("column:") ? data.feature_names?.indexOf(colour.slice(7)) : -1;
    if (column === undefined || column < 0 || !document.hasRows) return null;
    const rows = document.get(data.rows.blob);
    return (i) => rows[i * data.n_features + column];
  }

  nameOf(row: number): string {
    const name = this.document.className(row);
    return name === null ? this.document.rowName(row) : article(name);
  }

  // ------------------------------------------------------------------ acts

  pin(row: number): void {
    this.store.set({ pin: row, second: null, code: Array.from(this.codeAt(row)) }, true);
  }

  letGo(): void {
    const { state } = this.store;
    if (this.help.open) this.help.toggle();
    else if (this.lassoing) this.lassoing = false;
    else if (state.second !== null) this.store.set({ second: null }, true);
    else if (state.pin !== null) this.store.set({ pin: null }, true);
    else if (state.lasso || state.only !== null) this.store.set({ lasso: null, only: null }, true);
    else this.map.hideCard();
    this.toolbar.update();
  }

  /** Select rows by hand, such as all of one label. */
  select(rows: number[] | null): void {
    this.selection = rows;
    this.host.chosen?.({ selection: rows });
    this.map.paint();
    this.map.redraw();
    this.inspector.update();
  }

  moveCode(code: ArrayLike<number>): void {
    this.store.set({ code: Array.from(code) });
  }

  /** The cursor's code was changed on the map, where each movement is no step of the state. */
  codeMoved(): void {
    this.inspector.updateSliders();
    const { code } = this.store.state;
    if (code) this.host.chosen?.({ code });
  }

  /** Begin or end a path that is made with the arrow keys. */
  record(): void {
    this.recording = !this.recording;
    if (this.recording) this.path = [];
    this.tell(
      "informs",
      this.recording
        ? "The cursor’s way is kept as a path: move it with the arrow keys, and press p to end."
        : `A path of ${this.path.length} codes is kept: play or save it beside the map.`,
    );
    this.inspector.update();
  }

  togglePlay(): void {
    this.timeline.togglePlay();
  }

  /** Go to the moment before or after; after the last one is the end, with all rows. */
  stepMoment(by: number): void {
    const last = this.document.told.curve.length - 1;
    if (last < 0) return;
    const next = (this.store.state.moment ?? last) + by;
    this.store.set({ moment: next >= last ? null : Math.max(0, next) });
  }

  pathDone(): void {
    const { code } = this.store.state;
    if (code) {
      // The state was changed in place while dragging; now it is told.
      this.store.state = { ...this.store.state, code: null };
      this.store.set({ code });
    }
    this.inspector.update();
  }

  // ------------------------------------------------------------------ cards

  private readonly earlierDecoders = new Map<number, Decoder | null>();

  /** The decoder of a moment, or null where that was not kept. */
  private decoderOf(moment: number): Decoder | null {
    if (!this.earlierDecoders.has(moment)) {
      this.earlierDecoders.set(moment, makeEarlierDecoder(this.document, moment));
    }
    return this.earlierDecoders.get(moment)!;
  }

  /** The decoder of the moment that is shown; where it was not kept, that of the end. */
  get decoder(): Decoder | null {
    const { moment } = this.store.state;
    return (moment === null ? null : this.decoderOf(moment)) ?? this.lastDecoder;
  }

  /** Whether codes on the map are those that the decoder knows. */
  get decodes(): boolean {
    const { moment } = this.store.state;
    return (moment === null ? this.lastDecoder : this.decoderOf(moment)) !== null;
  }

  /** The row of a code, where the page can decode by itself. */
  decodeNow(code: Float64Array, decoder = this.decoder): Float64Array | null {
    if (!decoder?.local) return null;
    return (decoder.decode([code]) as Float64Array[])[0];
  }

  /** The code of a row, where the page can encode by itself. */
  encodeNow(row: Float64Array): Float64Array | null {
    return this.encoder?.(row) ?? null;
  }

  /** The code of a row, by whoever can encode. */
  async encode(row: Float64Array): Promise<Float64Array> {
    const [code] = await this.host.encode!([Array.from(row)]);
    return Float64Array.from(code);
  }

  /** Show what was drawn on the map. */
  setDrawing(drawing: Drawing | null): void {
    this.drawing = drawing;
    this.map.drawCursor();
  }

  /** Tell what became of it. */
  judgeDrawing(): void {
    if (!this.closed) this.inspector.update();
  }

  private measured: { means: Float64Array; spreads: Float64Array } | null = null;

  /** Mean and standard deviation of each column of the test rows. */
  columns(): { means: Float64Array; spreads: Float64Array } {
    if (this.measured) return this.measured;
    const { n_features, n_test, rows } = this.document.told.data;
    const [means, spreads] = [new Float64Array(n_features), new Float64Array(n_features)];
    if (!this.document.hasRows) return { means, spreads };
    const all = this.document.get(rows.blob);
    const factor = rows.high === null ? 1 : rows.high / 255;
    for (let i = 0; i < n_test; i++) {
      for (let j = 0; j < n_features; j++) means[j] += (all[i * n_features + j] * factor) / n_test;
    }
    for (let i = 0; i < n_test; i++) {
      for (let j = 0; j < n_features; j++) {
        spreads[j] += (all[i * n_features + j] * factor - means[j]) ** 2 / n_test;
      }
    }
    this.measured = { means, spreads: spreads.map(Math.sqrt) };
    return this.measured;
  }

  /** A card at the map's foot: blue informs, orange waits, red broke. */
  tell(kind: "informs" | "waits" | "broke", text: string, ...more: Node[]): void {
    this.card.dataset.kind = kind;
    const close = h("button", { type: "button", class: "close", "aria-label": "Close" }, "×");
    close.addEventListener("click", () => (this.card.hidden = true));
    this.card.replaceChildren(h("p", {}, text), ...more, close);
    this.card.hidden = false;
  }

  private progress: HTMLProgressElement | null = null;

  /** How much of the rows has come, as a share. */
  came(share: number): void {
    if (this.progress) this.progress.value = share;
  }

  private waitForRows(): void {
    const { told } = this.document;
    const size = told.blobs[told.data.rows.blob].shape.reduce((a, b) => a * b, 1);
    const megabytes = (size * (told.data.rows.high === null ? 4 : 1)) / 1e6;
    this.progress = h("progress", { max: 1, value: 0, "aria-label": "Rows that have come" });
    const what = this.pictures ? "pictures" : "rows";
    this.tell(
      "informs",
      `${count(this.document.n)} codes are here; ${tell(megabytes, 2)} MB of ${what} are still coming. ` +
        "You can zoom, decode and search already.",
      this.progress,
    );
  }

  private rowsCame(): void {
    if (this.progress) this.card.hidden = true;
    this.progress = null;
    this.root.dataset.rows = "true";
    if (!this.laidOut) return;
    this.remember();
    this.inspector.update();
    if (this.store.state.colour.startsWith("column:")) this.map.paint();
    this.map.redraw();
  }

  // ------------------------------------------------------------------ following the state

  private follow(state: State, changed: Set<keyof State>): void {
    this.mend();
    if (changed.has("theme")) this.retheme();
    if (changed.has("view")) this.showView();
    else if (changed.has("dynamics") && state.view === "dynamics") {
      this.dynamics.update();
      this.header.update();
    }
    if (!this.mapped) return;
    if (changed.has("view")) {
      this.resize();
      this.showMap();
    }
    if (["scale", "rows", "axes"].some((key) => changed.has(key as keyof State))) {
      if (!changed.has("camera")) this.store.state.camera = null;
      this.map.layout();
    } else if (changed.has("moment")) this.map.layout(true);
    else if (changed.has("turn")) this.map.layout();
    if (changed.has("camera") && state.camera) {
      [this.map.view.x, this.map.view.y, this.map.view.k] = state.camera;
    }
    if (["pin", "lasso", "rows", "axes"].some((key) => changed.has(key as keyof State))) this.remember();
    if (["colour", "only", "lasso", "pin"].some((key) => changed.has(key as keyof State))) {
      this.map.paint();
      this.map.redraw();
    }
    if (changed.has("grid")) this.map.redraw();
    if (changed.has("code") && state.code) this.host.chosen?.({ code: state.code });
    if (changed.has("mode")) this.map.hideCard();
    if (!(changed.size === 1 && (changed.has("camera") || changed.has("turn")))) {
      if (changed.size === 1 && changed.has("code")) this.inspector.updateSliders();
      else this.inspector.update();
    }
    this.map.drawCursor();
    this.timeline.update();
    this.toolbar.update();
    this.header.update();
  }

  /** Let go of what a link asked for and this document does not have. */
  private mend(): void {
    const { state } = this.store;
    const { document } = this;
    const rows = state.rows === "all" ? document.n : document.told.data.n_test;
    for (const key of ["pin", "second"] as const) {
      const value = state[key];
      if (value !== null && value >= rows) state[key] = null;
    }
    if (!this.views.includes(state.view)) state.view = "map";
    const { classes, curve } = document.told;
    // The last moment is the end, or something that was not kept.
    if (state.moment !== null && state.moment >= curve.length - 1) state.moment = null;
    if (state.only !== null && state.only >= (classes?.names?.length ?? 0)) state.only = null;
    if (state.code && state.code.length !== document.k) state.code = null;
  }

  /** What follows from the state and takes a moment: rows inside the lasso, look-alikes. */
  private remember(): void {
    const { lasso, pin, rows } = this.store.state;
    const before = this.selection;
    this.selection = lasso ? this.map.within(lasso) : null;
    if (before !== this.selection) this.host.chosen?.({ selection: this.selection });
    const n = rows === "all" ? this.document.n : this.document.told.data.n_test;
    this.lookAlikes = [];
    if (pin !== null && this.document.hasRows) {
      this.lookAlikes = nearestRows(this, pin, n, 6);
    }
  }

  private readonly retheme = (): void => {
    this.theme = this.chooseTheme();
    this.root.dataset.theme = this.theme;
    if (!this.laidOut) return this.showView();
    this.map.paint();
    this.map.redraw();
    this.inspector.update();
    this.timeline.update();
    this.showView();
  };

  private chooseTheme(): Theme {
    const { theme } = this.store.state;
    if (theme !== "system") return theme;
    return this.dark.matches ? "dark" : "light";
  }

  private resize(): void {
    const width = this.root.clientWidth;
    this.root.dataset.width = width < 640 ? "narrow" : width < 1200 ? "medium" : "wide";
    this.map.resize(this.map.element.clientWidth, this.map.element.clientHeight);
    this.timeline.update();
  }

  destroy(): void {
    this.closed = true;
    this.timeline.pause();
    this.watch.disconnect();
    this.dark.removeEventListener("change", this.retheme);
    this.stopKeys();
    this.store.destroy();
    this.dynamics.destroy();
    this.map.destroy();
  }

  /** Play something over a time, unless motion is unwelcome: then its end is shown at once. */
  play(milliseconds: number, draw: (share: number) => void, done: () => void = () => undefined): () => void {
    if (calm()) {
      draw(1);
      done();
      return () => undefined;
    }
    const started = performance.now();
    let stopped = false;
    const step = (now: number) => {
      if (stopped || this.closed) return;
      const share = Math.min(1, Math.max(0, (now - started) / milliseconds));
      draw(share);
      if (share < 1) requestAnimationFrame(step);
      else done();
    };
    requestAnimationFrame(step);
    return () => (stopped = true);
  }
}

function firstState(document: Document): State {
  const { classes, axes } = document.told;
  return {
    ...START,
    colour: classes ? "label" : "error",
    axes: axes ? "pca" : "1,2",
    scale: document.told.model.space === "flat" ? "spread" : "true",
  };
}

function middleOf(document: Document): Float64Array {
  const codes = document.get("codes");
  const n = document.told.data.n_test;
  return Float64Array.from({ length: document.k }, (_, a) =>
    median(Float64Array.from({ length: n }, (_, i) => codes[i * document.k + a])),
  );
}

let sheet: CSSStyleSheet | null = null;

/** The style goes with the root that the place is in: a page, or a notebook's shadow. */
export function adopt(place: HTMLElement): void {
  const root = place.getRootNode() as globalThis.Document | ShadowRoot;
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(style);
  }
  if (!root.adoptedStyleSheets.includes(sheet)) {
    root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
  }
}
