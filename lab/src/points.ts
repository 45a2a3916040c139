// All points in one call of WebGL; places are computed on the card, from codes to the screen.

import type { Plane } from "./plane";
import { ProcessorPoints } from "./processor";
import type { View } from "./view";

export interface Points {
  /** How far points are on their way from where they were, between 0 and 1. */
  between: number;
  /** Centred coordinates (3 n) that points move to; they move from where they were, or at once. */
  places(to: Float32Array, from?: Float32Array): void;
  /** Red, green, blue and opacity of each point, as bytes. */
  colours(rgba: Uint8Array): void;
  /** Draw discs of `size` pixels. */
  draw(plane: Plane, view: View, size: number): void;
  destroy(): void;
}

/** Points drawn by the card, or by the processor where the browser has no WebGL 2. */
export function makePoints(canvas: HTMLCanvasElement): Points {
  const gl = canvas.getContext("webgl2", { premultipliedAlpha: true, antialias: false });
  return gl ? new CardPoints(canvas, gl) : new ProcessorPoints(canvas);
}

const VERTEX = `#version 300 es
in vec3 from; in vec3 to; in vec4 colour;
uniform float between, spread, unit, factor, size;
uniform vec2 stretch, middle, zoom;
uniform mat3 turn;
out vec4 shade;
vec3 drawn(vec3 at) {
  float u = length(at) / unit;
  // asinh of a small number has no digits of its own in 32 bits.
  float grown = u < 1e-3 ? 1.0 : log(u + sqrt(u * u + 1.0)) / u;
  return turn * (at * mix(factor, grown / unit, spread));
}
void main() {
  vec3 at = mix(drawn(from), drawn(to), between);
  gl_Position = vec4((at.xy * stretch - middle) * zoom, 0.0, 1.0);
  gl_PointSize = size;
  shade = colour;
}`;
const FRAGMENT = `#version 300 es
precision highp float;
in vec4 shade;
uniform float size;
out vec4 pixel;
void main() {
  float away = length(gl_PointCoord - 0.5) * size;
  float alpha = shade.a * clamp(size * 0.5 - away + 0.5, 0.0, 1.0);
  pixel = vec4(shade.rgb * alpha, alpha);
}`;

class CardPoints implements Points {
  private readonly uniforms: Record<string, WebGLUniformLocation | null> = {};
  private readonly buffers: Record<"from" | "to" | "colour", WebGLBuffer>;
  private n = 0;
  between = 1;

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly gl: WebGL2RenderingContext,
  ) {
    const program = gl.createProgram()!;
    for (const [kind, source] of [
      [gl.VERTEX_SHADER, VERTEX],
      [gl.FRAGMENT_SHADER, FRAGMENT],
    ] as const) {
      const shader = gl.createShader(kind)!;
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS)) throw new Error(gl.getShaderInfoLog(shader)!);
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(program)!);
    gl.useProgram(program);
    for (const name of ["between", "spread", "unit", "factor", "size", "stretch", "middle", "zoom", "turn"]) {
      this.uniforms[name] = gl.getUniformLocation(program, name);
    }
    this.buffers = { from: gl.createBuffer()!, to: gl.createBuffer()!, colour: gl.createBuffer()! };
    for (const name of ["from", "to", "colour"] as const) {
      const place = gl.getAttribLocation(program, name);
      gl.enableVertexAttribArray(place);
      gl.bindBuffer(gl.ARRAY_BUFFER, this.buffers[name]);
      if (name === "colour") gl.vertexAttribPointer(place, 4, gl.UNSIGNED_BYTE, true, 0, 0);
      else gl.vertexAttribPointer(place, 3, gl.FLOAT, false, 0, 0);
    }
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  }

  places(to: Float32Array, from: Float32Array = to): void {
    this.n = to.length / 3;
    this.upload("from", from);
    this.upload("to", to);
  }

  colours(rgba: Uint8Array): void {
    this.upload("colour", rgba);
  }

  private upload(name: "from" | "to" | "colour", values: Float32Array | Uint8Array): void {
    this.gl.bindBuffer(this.gl.ARRAY_BUFFER, this.buffers[name]);
    this.gl.bufferData(this.gl.ARRAY_BUFFER, values, this.gl.DYNAMIC_DRAW);
  }

  draw(plane: Plane, view: View, size: number): void {
    const { gl, uniforms } = this;
    gl.viewport(0, 0, this.canvas.width, this.canvas.height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    if (!this.n) return;
    gl.uniform1f(uniforms.between, this.between);
    gl.uniform1f(uniforms.spread, plane.scale === "spread" ? 1 : 0);
    gl.uniform1f(uniforms.unit, plane.unit);
    gl.uniform1f(uniforms.factor, plane.trueScaleFactor);
    gl.uniform1f(uniforms.size, size);
    gl.uniform2f(uniforms.stretch, ...plane.stretch);
    gl.uniform2f(uniforms.middle, view.x, view.y);
    gl.uniform2f(uniforms.zoom, (2 * view.k) / view.width, (2 * view.k) / view.height);
    const [c, s] = [Math.cos(plane.turn.yaw), Math.sin(plane.turn.yaw)];
    const [d, t] = [Math.cos(plane.turn.pitch), Math.sin(plane.turn.pitch)];
    const turned = plane.dimensions === 3;
    // Column by column: what becomes of x, of y and of z.
    const matrix = turned ? [c, t * s, -d * s, 0, d, t, s, -t * c, d * c] : [1, 0, 0, 0, 1, 0, 0, 0, 1];
    gl.uniformMatrix3fv(uniforms.turn, false, matrix);
    gl.drawArrays(gl.POINTS, 0, this.n);
  }

  destroy(): void {
    this.gl.getExtension("WEBGL_lose_context")?.loseContext();
  }
}
