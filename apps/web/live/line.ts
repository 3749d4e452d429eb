import type { Json } from "#kernel/json.ts";
import { backoffMs } from "#kernel/retry.ts";
import {
  type ClientFrame,
  CLOSE,
  type Cursor,
  type HouseFrame,
  type Page,
  type PullAsked,
  type Refusal,
  RESUME_STREAMS_MAX,
} from "#systems/realtime/contract.ts";

import { createFollowed, type Followed, type Follower } from "./followed.ts";
import { createOutbox, type SentAnswer, type Waiting } from "./outbox.ts";

/** What the core stands on: a socket, timers and chance. A page, a program and a simulation each have their own. */
export interface LineNeeds {
  open(events: { heard(text: string): void; closed(code: number): void }): LineSocket;
  /** @returns what takes it back */
  after(ms: number, work: () => void): () => void;
  /** ms that never step back. */
  now(): number;
  /** In [0, 1). */
  random(): number;
  makeCid(): string;
  /** For programs; a page has its cookie. */
  token?: () => string;
  /** What was not answered before this started. */
  kept: readonly Waiting[];
  keep(waiting: Waiting): void;
  forget(cid: string): void;
  /** Of one's own, answered or refused; also of what was sent before this started. */
  sent?(waiting: Waiting, answer: SentAnswer): void;
  refused?(waiting: Waiting, refusal: Refusal): void;
  changed(state: LineState): void;
}

export interface LineSocket {
  say(text: string): void;
  close(): void;
}

export interface LineState {
  /** `signed_out` and `shut_out` stay so until `start`. */
  connection: "connecting" | "open" | "waiting" | "signed_out" | "shut_out" | "stopped";
  /** Sent, not answered. */
  unsent: number;
  /** Tries since the line was last open. */
  tries: number;
}

export interface Line {
  /** Begins, or comes back at once: the network is there again, the page is looked at, somebody signed in. */
  start(): void;
  stop(): void;
  /** One follower a stream at a time. @param from null: from now on. @returns what ends it */
  follow(stream: string, from: Cursor | null, follower: Follower): () => void;
  /** Sends, exactly once, as soon as there is a line. @returns the name under which the answer and the item come */
  send(stream: string, data: Json): string;
  /** A page of history; rejects when the line is lost, to be asked for again. */
  pull(stream: string, asked: PullAsked, limit: number): Promise<Page>;
  /** Up to here it was read; the newest is said again on every new line. */
  read(stream: string, seq: string): void;
  /** Up to here it has arrived on this device; kept and said as `read` is. */
  ack(stream: string, seq: string): void;
  ephemeral(stream: string, slot: string, data: Json): void;
  /** This device is in somebody's hand. */
  active(is_active: boolean): void;
  state(): LineState;
  unsent(): readonly Waiting[];
}

const WAIT = { base_ms: 500, delay_ms_max: 30_000 };
/** A line that ends sooner has not worked. */
const WORKED_MS = 10_000;
const HELLO_MS_MAX = 15_000;
const PONG_MS_MAX = 10_000;
/** After "too many" a quick return would be one more. */
const TOO_MANY_MS_MIN = 15_000;
const AGAIN_MS = 2_000;

export class LineLost extends Error {
  override readonly name = "LineLost";
}

export function createLine(needs: LineNeeds): Line {
  let socket: LineSocket | null = null;
  /** Whose frames count: those of the newest socket alone. */
  let turn = 0;
  let ready = false;
  let connection: LineState["connection"] = "stopped";
  let tries = 0;
  let opened_at = 0;
  let heartbeat_ms = 25_000;
  let heard_at = 0;
  let is_active = false;
  const timers = { retry: () => {}, beat: () => {}, move: () => {} };
  const followed = new Map<string, Followed>();
  const cursors = new Map<string, ["ack" | "read", string, string]>();
  const pulls: { stream: string; asked: string; done(page: Page): void; failed(error: Error): void }[] = [];

  function say(frame: ClientFrame): boolean {
    if (!ready || !socket) return false;
    socket.say(JSON.stringify(frame));
    return true;
  }
  const outbox = createOutbox(
    {
      say,
      after: needs.after,
      keep: needs.keep,
      forget: needs.forget,
      sent: (waiting, answer) => {
        tell();
        needs.sent?.(waiting, answer);
      },
      refused: (waiting, refusal) => {
        tell();
        needs.refused?.(waiting, refusal);
      },
    },
    needs.kept,
  );
  const state = (): LineState => ({ connection, unsent: outbox.all().length, tries });
  const tell = () => needs.changed(state());

  function connect(): void {
    timers.retry();
    drop();
    connection = "connecting";
    tell();
    const mine = ++turn;
    heard_at = needs.now();
    socket = needs.open({
      heard: (text) => {
        if (mine === turn) heard(text);
      },
      closed: (code) => {
        if (mine === turn) closed(code);
      },
    });
    beat(HELLO_MS_MAX);
  }

  /** Lets go of the socket; nothing more of it is heard. */
  function drop(): void {
    turn += 1;
    timers.beat();
    timers.move();
    const old = socket;
    socket = null;
    const was_ready = ready;
    ready = false;
    old?.close();
    if (!was_ready) return;
    for (const one of followed.values()) one.lost();
    outbox.lost();
    for (const pull of pulls.splice(0)) pull.failed(new LineLost("the line was lost"));
  }

  function closed(code: number): void {
    const worked = ready && needs.now() - opened_at >= WORKED_MS;
    drop();
    if (code === CLOSE.unauthorized) return rest("signed_out");
    if (code === CLOSE.forbidden) return rest("shut_out");
    if (worked) tries = 0;
    const at_least = code === CLOSE.too_many ? TOO_MANY_MS_MIN : 0;
    const wait_ms = at_least + backoffMs(tries, WAIT, needs.random);
    tries += 1;
    connection = "waiting";
    timers.retry = needs.after(wait_ms, connect);
    tell();
  }
  function rest(as: "signed_out" | "shut_out" | "stopped"): void {
    connection = as;
    tell();
  }

  /** A line that says nothing is asked whether it is there; one that then still says nothing is not. */
  function beat(ms: number): void {
    timers.beat();
    const mine = turn;
    timers.beat = needs.after(ms, () => {
      if (mine !== turn) return;
      const silent_ms = needs.now() - heard_at;
      if (!ready || silent_ms >= heartbeat_ms + PONG_MS_MAX) return closed(0);
      if (silent_ms < heartbeat_ms) return beat(Math.max(1, heartbeat_ms - silent_ms));
      say(["ping", null]);
      beat(PONG_MS_MAX);
    });
  }

  function heard(text: string): void {
    heard_at = needs.now();
    const frame = JSON.parse(text) as HouseFrame;
    switch (frame[0]) {
      case "hello":
        heartbeat_ms = frame[1].heartbeat_ms;
        if (frame[1].person_id !== null) return begin();
        if (!needs.token) return closed(CLOSE.unauthorized);
        return socket?.say(JSON.stringify(["identify", needs.token()] satisfies ClientFrame));
      case "identified":
        return begin();
      case "ready":
        for (const [stream, readiness] of Object.entries(frame[1])) {
          followed.get(stream)?.readied(readiness);
          if (readiness[0] === "refused" && readiness[1] !== "realtime.unavailable") followed.delete(stream);
        }
        return;
      case "items":
        return followed.get(frame[1])?.items(frame[2], Number(frame[3]), frame[4]);
      case "page":
        return paged(frame[1], frame[2]);
      case "lag":
        return followed.get(frame[1])?.lag(Number(frame[2]));
      case "gone": {
        const one = followed.get(frame[1]);
        followed.delete(frame[1]);
        return one?.gone(frame[2]);
      }
      case "sent":
        return outbox.answered(frame[1], frame[2], frame[3]);
      case "unsent":
        return outbox.turnedDown(frame[1], frame[2], frame[3]);
      case "eph":
        return followed.get(frame[1])?.ephemeral(frame[2], frame[3], frame[4]);
      case "move":
        timers.move();
        // At once: the waiting was this.
        timers.move = needs.after(frame[1], connect);
        return;
      case "problem":
        return troubled(frame[1]);
      case "pong":
        return;
    }
  }

  function begin(): void {
    ready = true;
    connection = "open";
    opened_at = needs.now();
    beat(heartbeat_ms);
    const streams = [...followed];
    for (let from = 0; from < streams.length; from += RESUME_STREAMS_MAX)
      say([
        "resume",
        Object.fromEntries(
          streams.slice(from, from + RESUME_STREAMS_MAX).map(([stream, one]) => [stream, one.cursor()]),
        ),
      ]);
    for (const cursor of cursors.values()) say(cursor);
    if (is_active) say(["active", true]);
    outbox.opened();
    tell();
  }

  function paged(stream: string, page: Page): void {
    const asked = JSON.stringify(page.asked);
    const at = pulls.findIndex((pull) => pull.stream === stream && pull.asked === asked);
    if (at >= 0) return pulls.splice(at, 1)[0]!.done(page);
    followed.get(stream)?.page(page);
  }

  /** A pull that failed is asked for again by whoever asked. */
  function troubled({ frame, stream, code, detail }: Refusal & { frame: string; stream?: string }): void {
    if (frame !== "pull" || stream === undefined) return;
    const at = pulls.findIndex((pull) => pull.stream === stream);
    if (at >= 0) return pulls.splice(at, 1)[0]!.failed(new LineLost(detail));
    if (code === "realtime.not_yours") return;
    const one = followed.get(stream);
    const mine = turn;
    needs.after(AGAIN_MS, () => {
      if (mine !== turn || followed.get(stream) !== one || !one) return;
      one.lost();
      say(["resume", { [stream]: one.cursor() }]);
    });
  }

  function move(what: "ack" | "read", stream: string, seq: string): void {
    const key = `${what} ${stream}`;
    if (Number(cursors.get(key)?.[2] ?? -1) >= Number(seq)) return;
    cursors.set(key, [what, stream, seq]);
    say([what, stream, seq]);
  }

  return {
    start() {
      if (connection === "open" || connection === "connecting") return;
      tries = 0;
      connect();
    },
    stop() {
      timers.retry();
      drop();
      rest("stopped");
    },
    follow(stream, from, follower) {
      const one = createFollowed(
        {
          stream,
          say,
          follower,
          later: (work) => {
            const mine = turn;
            needs.after(AGAIN_MS, () => {
              if (mine === turn) work();
            });
          },
        },
        from,
      );
      followed.set(stream, one);
      say(["resume", { [stream]: from }]);
      return () => {
        if (followed.get(stream) !== one) return;
        followed.delete(stream);
        say(["leave", [stream]]);
      };
    },
    send(stream, data) {
      const cid = needs.makeCid();
      outbox.add(stream, cid, data);
      tell();
      return cid;
    },
    pull(stream, asked, limit) {
      return new Promise((done, failed) => {
        const pull = { stream, asked: JSON.stringify(asked), done, failed };
        pulls.push(pull);
        if (say(["pull", stream, asked, limit])) return;
        pulls.splice(pulls.indexOf(pull), 1);
        failed(new LineLost("there is no line"));
      });
    },
    read: (stream, seq) => move("read", stream, seq),
    ack: (stream, seq) => move("ack", stream, seq),
    ephemeral: (stream, slot, data) => void say(["eph", stream, slot, data]),
    active(now) {
      is_active = now;
      say(["active", now]);
    },
    state,
    unsent: outbox.all,
  };
}
