// Rows as pictures: ink on paper for one channel, colours as they are for three.

import { css, INK, INVENTED, LOST, mix, PAPER, type RGB, type Theme } from "./colours";
import type { Document } from "./document";
import { h } from "./dom";

export class Pictures {
  readonly height: number;
  readonly width: number;
  private readonly channels: number;

  private constructor(
    shape: number[],
    private readonly low: number,
    private readonly high: number,
  ) {
    [this.height, this.width, this.channels] = [...shape, 1];
  }

  /** Pictures of a shape, with the values of paper and of full ink. */
  static of(shape: number[], shown: [number, number]): Pictures {
    return new Pictures(shape, ...shown);
  }

  /** The pictures of a document. */
  static from(document: Document): Pictures {
    const { image_shape, shown } = document.told.data;
    return Pictures.of(image_shape!, shown!);
  }

  /** How much ink each pixel of a row has, between 0 and 1. */
  shares(row: ArrayLike<number>): Float64Array {
    return Float64Array.from({ length: this.width * this.height }, (_, p) => {
      const share = (row[p * this.channels] - this.low) / (this.high - this.low || 1);
      return Math.min(1, Math.max(0, share));
    });
  }

  /** The row of a picture of one channel with so much ink. */
  rowOf(shares: Float64Array): Float64Array {
    return shares.map((share) => this.low + share * (this.high - this.low));
  }

  /** Whether a pen can draw one: it has one ink. */
  get oneInk(): boolean {
    return this.channels === 1;
  }

  /** The pixels of a row; with `clear` paper is transparent. */
  pixels(row: ArrayLike<number>, theme: Theme, clear = false): ImageData {
    const image = new ImageData(this.width, this.height);
    const { data } = image;
    const scale = 255 / (this.high - this.low || 1);
    const size = this.width * this.height;
    if (this.channels === 1) {
      const shades = shadesOf(theme, clear);
      const whole = new Uint32Array(data.buffer);
      for (let p = 0; p < size; p++) {
        whole[p] = shades[Math.min(255, Math.max(0, Math.round((row[p] - this.low) * scale)))];
      }
      return image;
    }
    for (let p = 0; p < size; p++) {
      for (let c = 0; c < 3; c++) data[4 * p + c] = (row[p * this.channels + c] - this.low) * scale;
      data[4 * p + 3] = 255;
    }
    return image;
  }

  /** What was lost (red) and what was invented (blue). */
  residual(row: ArrayLike<number>, back: ArrayLike<number>, theme: Theme): ImageData {
    const image = new ImageData(this.width, this.height);
    const scale = 1 / (this.high - this.low || 1);
    for (let p = 0; p < this.width * this.height; p++) {
      let away = 0;
      for (let c = 0; c < this.channels; c++) {
        const at = p * this.channels + c;
        away += ((row[at] - back[at]) * scale) / this.channels;
      }
      const end: RGB = away > 0 ? LOST[theme] : INVENTED[theme];
      const colour = mix(PAPER[theme], end, Math.min(1, Math.abs(away)));
      image.data.set([...colour, 255], 4 * p);
    }
    return image;
  }

  /** A canvas with the picture, `size` CSS pixels wide, or as an element that says what it shows. */
  canvas(image: ImageData, size: number, label: string): HTMLCanvasElement {
    const canvas = h("canvas", { role: "img", "aria-label": label, class: "picture" });
    this.paint(canvas, image, size);
    return canvas;
  }

  paint(canvas: HTMLCanvasElement, image: ImageData, size: number): void {
    if (canvas.width !== this.width || canvas.height !== this.height) {
      [canvas.width, canvas.height] = [this.width, this.height];
    }
    if (canvas.style.width !== `${size}px`) {
      canvas.style.width = `${size}px`;
      canvas.style.height = `${(size * this.height) / this.width}px`;
    }
    canvas.getContext("2d")!.putImageData(image, 0, 0);
  }

  /** Draw on a context, smoothed, `size` pixels wide. */
  stamp(
    context: CanvasRenderingContext2D,
    image: ImageData,
    x: number,
    y: number,
    size: number,
  ): void {
    stamp.width = this.width;
    stamp.height = this.height;
    stamp.getContext("2d")!.putImageData(image, 0, 0);
    context.drawImage(stamp, x, y, size, (size * this.height) / this.width);
  }
}

const stamp = document.createElement("canvas");

const made = new Map<string, Uint32Array>();

/** The 256 colours from paper to ink, as pixels; what is clear is ink of so much opacity. */
function shadesOf(theme: Theme, clear: boolean): Uint32Array {
  const name = `${theme} ${clear}`;
  const found = made.get(name);
  if (found) return found;
  const bytes = new Uint8ClampedArray(4 * 256);
  for (let k = 0; k < 256; k++) {
    bytes.set(clear ? [...INK[theme], k] : [...mix(PAPER[theme], INK[theme], k / 255), 255], 4 * k);
  }
  made.set(name, new Uint32Array(bytes.buffer));
  return made.get(name)!;
}

/** A histogram of the test rows' errors, with one row's marked. */
export function histogram(
  canvasWidth: number,
  errors: ArrayLike<number>,
  own: number | null,
  theme: Theme,
  context: CanvasRenderingContext2D,
  height: number,
): number {
  const sorted = Float64Array.from(errors).sort();
  const most = Math.max(sorted[Math.floor(0.998 * (sorted.length - 1))], own ?? 0) || 1;
  const bins = new Float64Array(44);
  for (const error of sorted) {
    if (error <= most) bins[Math.min(43, Math.floor((error / most) * 44))]++;
  }
  const highest = bins.reduce((a, b) => Math.max(a, b), 1);
  const wide = canvasWidth / bins.length;
  for (let i = 0; i < bins.length; i++) {
    const bar = (bins[i] / highest) * (height - 10);
    const before = own === null || ((i + 0.5) / bins.length) * most <= own;
    context.fillStyle = before
      ? css(mix(PAPER[theme], theme === "light" ? [31, 111, 191] : [109, 179, 242], 0.55))
      : css(mix(PAPER[theme], INK[theme], 0.18));
    context.fillRect(i * wide, height - bar, wide - 1, bar);
  }
  if (own !== null) {
    const x = (own / most) * canvasWidth;
    context.fillStyle = css(INK[theme]);
    context.fillRect(x - 1, 0, 2, height);
    context.beginPath();
    context.moveTo(x - 5, 0);
    context.lineTo(x + 5, 0);
    context.lineTo(x, 6);
    context.fill();
  }
  return most;
}
