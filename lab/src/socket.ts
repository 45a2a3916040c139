// The live line to the server: questions by number, answers by number, and a word when it breaks.

import { button } from "./dom";
import type { LearnView } from "./learn";

/** Whoever shows what the server says. */
interface Listener {
  readonly closed: boolean;
  readonly learn: LearnView;
  tell(kind: "informs" | "waits" | "broke", text: string, ...more: Node[]): void;
}

export class Socket {
  private socket: WebSocket | null = null;
  private lab: Listener | null = null;
  private asked = 0;
  private wait = 1000;
  private readonly open = new Map<number, { answer: (rows: number[][]) => void; refuse: (error: Error) => void }>();

  constructor(private readonly address: string) {}

  /** Tell whoever shows what is heard from now on. */
  follow(lab: Listener): void {
    this.lab = lab;
    this.connect();
  }

  /** Ask for the rows of codes, or for the codes of rows. */
  ask(what: "decode" | "encode", given: number[][]): Promise<number[][]> {
    return new Promise((answer, refuse) => {
      if (this.socket?.readyState === WebSocket.CONNECTING) {
        this.socket.addEventListener("open", () => void this.ask(what, given).then(answer, refuse), { once: true });
        return;
      }
      if (this.socket?.readyState !== WebSocket.OPEN) {
        refuse(new Error("The server does not answer: what it decodes waits for it."));
        return;
      }
      const id = ++this.asked;
      this.open.set(id, { answer, refuse });
      const content = what === "decode" ? { codes: given } : { rows: given };
      this.socket.send(JSON.stringify({ type: what, id, ...content }));
    });
  }

  /** Say something that is not asked for an answer. */
  send(message: Record<string, unknown>): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
    else this.lab?.tell("waits", "The server does not answer: a training waits for it.");
  }

  private connect(): void {
    const socket = new WebSocket(this.address);
    this.socket = socket;
    socket.binaryType = "arraybuffer";
    socket.addEventListener("message", ({ data }) => {
      if (typeof data !== "string") {
        this.lab?.learn.see(data);
        return;
      }
      const told = JSON.parse(data);
      if (told.type === "opened") return location.assign(location.href.split("#")[0]);
      if (this.lab?.learn.hear(told)) return;
      if (told.type === "error" && !this.open.has(told.id)) return this.lab?.tell("broke", told.message);
      const { type, id, rows, codes, message } = told;
      const waiting = this.open.get(id);
      this.open.delete(id);
      if (type === "decoded") waiting?.answer(rows);
      else if (type === "encoded") waiting?.answer(codes);
      else waiting?.refuse(new Error(message));
    });
    socket.addEventListener("open", () => {
      if (this.wait > 1000) this.lab?.tell("informs", "The server is back.");
      this.wait = 1000;
    });
    socket.addEventListener("close", () => {
      for (const { refuse } of this.open.values()) refuse(new Error("The server has gone."));
      this.open.clear();
      if (this.lab?.closed) return;
      const seconds = Math.round(this.wait / 1000);
      const now = button({ onclick: () => (clearTimeout(timer), this.connect()) }, "Try now");
      this.lab?.tell(
        "waits",
        `The server does not answer. Everything on this page still works; next try in ${seconds} s.`,
        now,
      );
      const timer = setTimeout(() => this.connect(), this.wait);
      this.wait = Math.min(30_000, this.wait * 2);
    });
  }
}
