import { LINE_PATH } from "#systems/realtime/contract.ts";

import type { Answered } from "./ask.ts";
import { ANSWER_MS_MAX } from "./bounds.ts";

/** An open socket, as every page has one: what is said on it is answered, and where it breaks it is opened again. */
export interface OpenLine extends Disposable {
  ping(turn: number): Promise<Answered>;
}

const answered = (fate: Answered["fate"], because: string): Answered => ({ fate, because, body: null, etag: null });

export function openLine(base: string, token: string): OpenLine {
  const url = new URL(LINE_PATH, base.replace(/^http/, "ws"));
  const waiting = new Map<string, (fate: Answered) => void>();
  let socket: Promise<WebSocket> | null = null;

  function open(): Promise<WebSocket> {
    const mine = new Promise<WebSocket>((resolve, reject) => {
      const opening = new WebSocket(url);
      const broke = () => {
        // The one that is open now may be a later one.
        if (socket !== mine) return;
        socket = null;
        reject(new Error("no line"));
        for (const end of waiting.values()) end(answered("unanswered", "the line broke"));
        waiting.clear();
      };
      opening.addEventListener("close", broke);
      opening.addEventListener("error", broke);
      opening.addEventListener("message", ({ data }) => {
        const [name, word] = JSON.parse(String(data)) as unknown[];
        if (name === "hello") opening.send(JSON.stringify(["identify", token]));
        if (name === "identified") resolve(opening);
        if (name === "pong") {
          waiting.get(String(word))?.(answered("ok", "pong"));
          waiting.delete(String(word));
        }
      });
    });
    return mine;
  }

  return {
    async ping(turn) {
      const late = Promise.withResolvers<Answered>();
      const timer = setTimeout(() => late.resolve(answered("unanswered", "no answer in time")), ANSWER_MS_MAX);
      const word = String(turn);
      const asking = (async () => {
        try {
          if (socket === null) {
            socket = open();
            // Whoever pings next gets the failure; between two pings nobody waits for it.
            socket.catch(() => {});
          }
          const open_one = await socket;
          return await new Promise<Answered>((resolve) => {
            waiting.set(word, resolve);
            open_one.send(JSON.stringify(["ping", word]));
          });
        } catch {
          return answered("unanswered", "the line could not be opened");
        }
      })();
      try {
        return await Promise.race([asking, late.promise]);
      } finally {
        clearTimeout(timer);
        waiting.delete(word);
      }
    },
    [Symbol.dispose]() {
      socket?.then(
        (open_one) => open_one.close(),
        () => {},
      );
      socket = null;
    },
  };
}
