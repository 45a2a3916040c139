// Which part of the plane the panel shows: its middle, and pixels a unit of the plane.

export class View {
  x = 0;
  y = 0;
  k = 100;
  width = 1;
  height = 1;
  private smallest = 1;

  resize(width: number, height: number): void {
    this.width = Math.max(1, width);
    this.height = Math.max(1, height);
  }

  /** Show a box of the plane whole, with a margin in pixels. */
  fit([x0, y0, x1, y1]: [number, number, number, number], margin: number): void {
    this.x = (x0 + x1) / 2;
    this.y = (y0 + y1) / 2;
    const wide = Math.max(x1 - x0, 1e-9);
    const high = Math.max(y1 - y0, 1e-9);
    const inner = (length: number) => Math.max(length * 0.5, length - 2 * margin);
    this.k = Math.min(inner(this.width) / wide, inner(this.height) / high);
    this.smallest = this.k / 4;
  }

  toScreen(u: number, v: number): [number, number] {
    return [this.width / 2 + (u - this.x) * this.k, this.height / 2 - (v - this.y) * this.k];
  }

  toPlane(px: number, py: number): [number, number] {
    return [this.x + (px - this.width / 2) / this.k, this.y - (py - this.height / 2) / this.k];
  }

  pan(dx: number, dy: number): void {
    this.x -= dx / this.k;
    this.y += dy / this.k;
  }

  zoom(factor: number, px: number, py: number): void {
    const [u, v] = this.toPlane(px, py);
    this.k = Math.min(this.smallest * 4000, Math.max(this.smallest, this.k * factor));
    const [qx, qy] = this.toScreen(u, v);
    this.pan(px - qx, py - qy);
  }
}
