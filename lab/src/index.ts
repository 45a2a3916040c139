// Three hosts, one lab: a page with a server, a file without one, and a notebook's widget.

import { type Description, Document } from "./document";
import { h } from "./dom";
import { type Host, Lab } from "./lab";
import type { DynamicsState } from "./dynamics";
import { Greenhouse } from "./greenhouse";
import { Nursery } from "./nursery";
import { ADDRESS } from "./state";
import { Socket } from "./socket";

/** A page that a server gives: the document comes in pieces, and what is there is shown at once. */
export async function openPage(
  place: HTMLElement,
  { base, token }: { base: string; token: string },
): Promise<Lab | null> {
  const address = (path: string) => `${base}${path}?token=${encodeURIComponent(token)}`;
  const socket = new Socket(address("socket").replace(/^http/, "ws"));
  try {
    const told = await (await ask(address("document"))).json();
    if (told.empty) {
      new Nursery(place, socket);
      return null;
    }
    if (told.dynamics) {
      new Greenhouse(place, told.dynamics);
      return null;
    }
    const document = new Document(told);
    const rows = document.told.data.rows.blob;
    const first = Object.keys(document.told.blobs).filter((name) => name !== rows);
    await Promise.all(
      first.map(async (name) => document.add(name, await (await ask(address(`blob/${name}`))).arrayBuffer())),
    );
    const host: Host = {
      ask: (codes) => socket.ask("decode", codes),
      encode: (rows) => socket.ask("encode", rows),
      send: (message) => socket.send(message),
      keeper: ADDRESS,
    };
    const lab = new Lab(place, document, host);
    socket.follow(lab);
    await pour(await ask(address(`blob/${rows}`)), document, rows, (share) => lab.came(share));
    return lab;
  } catch (error) {
    fail(place, error);
    return null;
  }
}

/** A file that carries all: nothing is asked of anybody. */
export function openFile(
  place: HTMLElement,
  description: Description,
  blobs: Record<string, ArrayBuffer> | Map<string, ArrayBuffer>,
): Lab | null {
  try {
    if ("dynamics" in description) {
      new Greenhouse(place, description.dynamics as DynamicsState);
      return null;
    }
    const document = new Document(description);
    const entries = blobs instanceof Map ? blobs : new Map(Object.entries(blobs));
    for (const [name, buffer] of entries) document.add(name, buffer);
    return new Lab(place, document, { ask: null, keeper: ADDRESS });
  } catch (error) {
    fail(place, error);
    return null;
  }
}

interface Model {
  get(name: string): unknown;
  set(name: string, value: unknown): void;
  save_changes(): void;
  on(event: string, call: () => void): void;
  off(event: string, call: () => void): void;
}

/** A widget, by the anywidget specification: selection and code go back to Python. */
function render({ model, el }: { model: Model; el: HTMLElement }): () => void {
  try {
    const document = new Document(JSON.parse(model.get("description") as string));
    const blobs = model.get("blobs") as Record<string, DataView>;
    for (const [name, view] of Object.entries(blobs)) {
      const { buffer, byteOffset, byteLength } = view;
      document.add(name, buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer);
    }
    const lab = new Lab(el, document, {
      ask: null,
      keeper: {
        read: () => model.get("state") as string,
        write(text) {
          model.set("state", text);
          model.save_changes();
        },
        listen(call) {
          model.on("change:state", call);
          return () => model.off("change:state", call);
        },
      },
      chosen: (what) => {
        for (const [name, value] of Object.entries(what)) model.set(name, value ?? []);
        model.save_changes();
      },
    });
    return () => lab.destroy();
  } catch (error) {
    fail(el, error);
    return () => undefined;
  }
}

export default { render };

async function ask(address: string): Promise<Response> {
  const response = await fetch(address);
  if (!response.ok) {
    throw new Error(`The lab answered ${response.status}: ${(await response.text()).slice(0, 300)}`);
  }
  return response;
}

/** Read a large blob as it comes, and say how much of it there is. */
async function pour(
  response: Response,
  document: Document,
  name: string,
  came: (share: number) => void,
): Promise<void> {
  const { type, shape } = document.told.blobs[name];
  const width = { uint8: 1, int32: 4, float32: 4, float64: 8 }[type]!;
  const whole = new Uint8Array(shape.reduce((a, b) => a * b, width));
  const reader = response.body!.getReader();
  let at = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    whole.set(value, at);
    at += value.length;
    came(at / whole.length);
  }
  if (at !== whole.length) throw new Error("The rows did not come whole: reload the page.");
  document.add(name, whole.buffer);
}

function fail(place: HTMLElement, error: unknown): void {
  const text = error instanceof Error ? error.message : String(error);
  place.replaceChildren(h("p", { role: "alert", class: "inscape-lab-failed" }, text));
}
