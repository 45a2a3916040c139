// Colours of classes and of numbers, in light and dark; text is moved until it can be read.

export type Theme = "light" | "dark";
export type RGB = [number, number, number];

// The figures' ten, and the lab's for dark paper.
const CLASSES: Record<Theme, string[]> = {
  light: [
    "#3f90da", "#c78305", "#9d001e", "#499ab2", "#822db6",
    "#b56e4a", "#b43f00", "#a38d7b", "#58587f", "#506865",
  ],
  dark: [
    "#5aa6ee", "#ffb52e", "#f0563b", "#5fc0d8", "#b87ce6",
    "#cf9280", "#f98434", "#d3c98a", "#9c9cc8", "#a2e6e9",
  ],
};

export const PAPER: Record<Theme, RGB> = { light: [255, 255, 255], dark: [21, 25, 29] };
export const INK: Record<Theme, RGB> = { light: [32, 37, 43], dark: [232, 235, 238] };
export const LOST: Record<Theme, RGB> = { light: [178, 24, 43], dark: [255, 127, 102] };
export const INVENTED: Record<Theme, RGB> = { light: [33, 102, 172], dark: [95, 176, 245] };

export function rgb(hex: string): RGB {
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)) as RGB;
}

export function css([r, g, b]: RGB, alpha = 1): string {
  return `rgba(${Math.round(r)},${Math.round(g)},${Math.round(b)},${alpha})`;
}

export function mix(a: RGB, b: RGB, share: number): RGB {
  return a.map((v, i) => v + (b[i] - v) * share) as RGB;
}

export function classColour(place: number, theme: Theme): RGB {
  return rgb(CLASSES[theme][place % 10]);
}

/** The colour of a class as text: moved towards ink until its contrast on paper holds. */
export function classText(place: number, theme: Theme): RGB {
  const end: RGB = theme === "light" ? [0, 0, 0] : [255, 255, 255];
  const wanted = theme === "light" ? 4.6 : 7;
  let colour = classColour(place, theme);
  for (let share = 0; share < 1 && contrast(colour, PAPER[theme]) < wanted; share += 0.04) {
    colour = mix(classColour(place, theme), end, share);
  }
  return colour;
}

export function contrast(a: RGB, b: RGB): number {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (high + 0.05) / (low + 0.05);
}

function luminance(colour: RGB): number {
  const [r, g, b] = colour.map((v) => {
    const s = v / 255;
    return s <= 0.03928 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

// Five stops of viridis (light) and of its bright half (dark), between which colours are mixed.
const STOPS: Record<Theme, string[]> = {
  light: ["#440154", "#3b528b", "#21918c", "#4fb35d", "#c9a800"],
  dark: ["#6b4fa0", "#4f86c6", "#2bb5a8", "#7fd34e", "#fde725"],
};

/** The colour of a number between 0 and 1. */
export function shade(share: number, theme: Theme): RGB {
  const stops = STOPS[theme];
  const at = Math.min(0.9999, Math.max(0, share)) * (stops.length - 1);
  const i = Math.floor(at);
  return mix(rgb(stops[i]), rgb(stops[i + 1]), at - i);
}
