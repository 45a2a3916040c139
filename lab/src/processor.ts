// Points where the browser has no WebGL (a virtual machine, a remote desktop): the same discs at the
// same places, blended by the processor into one picture.

import type { Plane } from "./plane";
import type { Points } from "./points";
import type { View } from "./view";

// A disc is drawn once for each of so many places within a pixel, along each side.
const FINE = 4;

export class ProcessorPoints implements Points {
  private readonly context: CanvasRenderingContext2D;
  private from: Float32Array = new Float32Array(0);
  private to: Float32Array = new Float32Array(0);
  private rgba: Uint8Array = new Uint8Array(0);
  private discs: { size: number; side: number; shares: Float32Array[] } = { size: 0, side: 0, shares: [] };
  between = 1;

  constructor(readonly canvas: HTMLCanvasElement) {
    this.context = canvas.getContext("2d")!;
  }

  places(to: Float32Array, from: Float32Array = to): void {
    this.to = to;
    this.from = from;
  }

  colours(rgba: Uint8Array): void {
    this.rgba = rgba;
  }

  draw(plane: Plane, view: View, size: number): void {
    const { width, height } = this.canvas;
    const ratio = width / view.width;
    const { side, shares } = this.discsOf(size);
    // Premultiplied, as numbers with digits to spare: four a pixel.
    const sum = new Float32Array(4 * width * height);
    for (let i = 0; 3 * i < this.to.length; i++) {
      let [u, v] = plane.drawn(this.to[3 * i], this.to[3 * i + 1], this.to[3 * i + 2]);
      if (this.between < 1) {
        const [a, b] = plane.drawn(this.from[3 * i], this.from[3 * i + 1], this.from[3 * i + 2]);
        [u, v] = [a + (u - a) * this.between, b + (v - b) * this.between];
      }
      const [px, py] = view.toScreen(u, v);
      const [x, y] = [px * ratio - side / 2, py * ratio - side / 2];
      const [left, top] = [Math.floor(x), Math.floor(y)];
      if (!(left >= 0 && top >= 0 && left + side <= width && top + side <= height)) continue;
      const share = shares[Math.floor((y - top) * FINE) * FINE + Math.floor((x - left) * FINE)];
      const alpha = this.rgba[4 * i + 3] / 255;
      for (let k = 0; k < side * side; k++) {
        if (share[k] === 0) continue;
        const opaque = alpha * share[k];
        const at = 4 * ((top + Math.floor(k / side)) * width + left + (k % side));
        for (let c = 0; c < 3; c++) sum[at + c] = this.rgba[4 * i + c] * opaque + sum[at + c] * (1 - opaque);
        sum[at + 3] = 255 * opaque + sum[at + 3] * (1 - opaque);
      }
    }
    const image = new ImageData(width, height);
    for (let at = 0; at < sum.length; at += 4) {
      const opacity = sum[at + 3];
      if (opacity === 0) continue;
      for (let c = 0; c < 3; c++) image.data[at + c] = (255 * sum[at + c]) / opacity;
      image.data[at + 3] = opacity;
    }
    this.context.putImageData(image, 0, 0);
  }

  /** How much of each pixel of a square a disc covers, for each place of its middle within a pixel. */
  private discsOf(size: number) {
    if (this.discs.size === size) return this.discs;
    const side = Math.ceil(size + 2);
    const shares = Array.from({ length: FINE * FINE }, (_, place) => {
      const [dx, dy] = [((place % FINE) + 0.5) / FINE, (Math.floor(place / FINE) + 0.5) / FINE];
      return Float32Array.from({ length: side * side }, (_, k) => {
        const [x, y] = [(k % side) + 0.5 - dx - side / 2, Math.floor(k / side) + 0.5 - dy - side / 2];
        return Math.min(1, Math.max(0, size / 2 - Math.hypot(x, y) + 0.5));
      });
    });
    this.discs = { size, side, shares };
    return this.discs;
  }

  destroy(): void {}
}
