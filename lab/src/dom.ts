// Elements in one line. Text from data is always text: nothing here reads markup.

type Child = Node | string | null | false | undefined;
type Attributes = Record<string, unknown>;

export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  return fill(document.createElement(tag), attributes, children);
}

export function svg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): SVGElementTagNameMap[K] {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function fill<E extends Element>(element: E, attributes: Attributes, children: Child[]): E {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value as EventListener);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((child): child is Node | string => !!child));
  return element;
}

const ICONS: Record<string, string> = {
  grid: "M4 4h16v16H4zM4 9.3h16M4 14.7h16M9.3 4v16M14.7 4v16",
  share: "M12 15V4M8 7.5 12 4l4 3.5M5 13v6h14v-6",
  moon: "M19 14.5A7.5 7.5 0 0 1 9.5 5 7.5 7.5 0 1 0 19 14.5z",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2v3M12 19v3M2 12h3M19 12h3M5 5l2 2M17 17l2 2M19 5l-2 2M7 17l-2 2",
  help: "M9 9.2a3 3 0 1 1 4.3 2.7c-.9.5-1.3 1-1.3 2.1M12 17.4v.1",
  close: "M6 6l12 12M18 6 6 18",
  plus: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  fit: "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5",
  search: "M10.5 4.5a6 6 0 1 0 0 12 6 6 0 0 0 0-12zM15 15l5 5",
  lasso: "M12 5c4.5 0 8 2 8 5s-3.500 5-8 5-8-2-8-5 3.500-5 8-5zM8 14.500c-1.500 1-1.500 4 .5 4.500s2 1 1 2",
  map: "M7 6.500a1.500 1.500 0 1 0 .01 0M14 5a1.500 1.500 0 1 0 .01 0M11 12a1.500 1.500 0 1 0 .01 0M17 11a1.500 1.500 0 1 0 .01 0M8 17a1.500 1.500 0 1 0 .01 0M15.500 17.500a1.500 1.500 0 1 0 .01 0",
  draw: "M5 19l1-4L16.500 4.500l3 3L9 18zM14.500 6.500l3 3",
  learn: "M4 20c5 0 5-7 8-10M12 10c2-2.500 4-3.500 8-3.500M9 4l6 2-4.500 4.500z",
  dynamics: "M3 18h6c4 0 3-12 7-12h5M3 20.500h8c5 0 4-7 7-7h3",
  play: "M8 5.500v13l11-6.500z",
  pause: "M8 5v14M16 5v14",
};

/** A picture that says nothing by itself: its button has the name. */
export function icon(name: string): SVGSVGElement {
  return svg(
    "svg",
    {
      viewBox: "0 0 24 24",
      width: 18,
      height: 18,
      fill: name === "play" ? "currentColor" : "none",
      stroke: "currentColor",
      "stroke-width": 1.7,
      "stroke-linecap": "round",
      "stroke-linejoin": "round",
      "aria-hidden": "true",
    },
    svg("path", { d: ICONS[name] }),
  );
}

/** A button with a name, and one sentence that it shows on hover and focus. */
export function button(
  attributes: Attributes & { sentence?: string },
  ...children: Child[]
): HTMLButtonElement {
  const { sentence, ...rest } = attributes;
  return h("button", { type: "button", "data-sentence": sentence, ...rest }, ...children);
}

/** Let a canvas have as many pixels as the screen has, and return its context in CSS pixels. */
export function sized(
  canvas: HTMLCanvasElement,
  width: number,
  height: number,
): CanvasRenderingContext2D {
  const ratio = Math.min(2, devicePixelRatio || 1);
  const [wide, high] = [Math.round(width * ratio), Math.round(height * ratio)];
  // To set a size is to throw the canvas away and make another.
  if (canvas.width !== wide || canvas.height !== high) {
    [canvas.width, canvas.height] = [wide, high];
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
  }
  const context = canvas.getContext("2d")!;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}

export const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
