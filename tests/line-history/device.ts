import type { Cursor } from "#systems/realtime/contract.ts";

import { createLine, type Line } from "../../apps/web/live/line.ts";
import type { Waiting } from "../../apps/web/live/outbox.ts";
import type { History } from "./check.ts";
import { openRaw, type RawClient } from "./raw-socket.ts";

/** A client as a program has it: the page's own core on a real socket, with a disk that outlives it. */
export interface Device {
  name: string;
  person_id: string;
  /** What it applied, in this order, by stream. */
  applied: Map<string, { seq: number; id: string; cid: string | null }[]>;
  issued: { stream: string; cid: string }[];
  acked: Map<string, { stream: string; seq: string }>;
  refused: Set<string>;
  ended: Set<string>;
  unsent(): number;
  /** What was wrong the moment it happened. */
  faults: string[];
  follow(stream: string, history: History): void;
  /** @param more words behind its own */
  send(stream: string, more?: string): void;
  start(): void;
  stop(): void;
  crash(): void;
  cut(): void;
  /** Reads nothing more for so long, of the line that is open then. */
  stall(ms: number): void;
  /** Half-open: nothing comes and nothing goes any more, and nobody is told. @returns whether there was a line */
  deafen(): boolean;
  /** How often it was told that it lags. */
  lags: number;
}

interface Held {
  client: RawClient | null;
  /** Nothing of it is heard any more. */
  left: boolean;
  deaf: boolean;
}

export interface DeviceNeeds {
  name: string;
  person_id: string;
  token: string;
  /** The port of some process. */
  port: () => number;
  random: () => number;
}

export function createDevice({ name, person_id, token, port, random }: DeviceNeeds): Device {
  const disk = new Map<string, Waiting>();
  const cursors = new Map<string, Cursor>();
  const follows: (() => void)[] = [];
  let line: Line | null = null;
  let held: Held | null = null;
  let life = 0;
  let made = 0;

  function open(events: { heard(text: string): void; closed(code: number): void }) {
    const mine: Held = { client: null, left: false, deaf: false };
    held = mine;
    const gone = () => {
      if (mine.left || mine.deaf) return;
      mine.left = true;
      events.closed(1006);
    };
    openRaw(
      { port: port(), path: "/v1/socket" },
      {
        opened(client) {
          mine.client = client;
          if (mine.left) client.cut();
        },
        heard(text) {
          if (mine.left || mine.deaf) return;
          if (text.startsWith('["lag"')) device.lags += 1;
          events.heard(text);
        },
        closed: gone,
      },
    ).catch(gone);
    return {
      say(text: string) {
        if (!mine.deaf && !mine.left) mine.client?.say(text);
      },
      close() {
        mine.left = true;
        mine.client?.cut();
      },
    };
  }

  const device: Device = {
    name,
    person_id,
    applied: new Map(),
    issued: [],
    acked: new Map(),
    refused: new Set(),
    ended: new Set(),
    faults: [],
    lags: 0,
    unsent: () => line?.state().unsent ?? disk.size,
    follow(stream, history) {
      const begin = () =>
        line?.follow(stream, cursors.get(stream) ?? [history.epoch, "0"], {
          items(items, cursor) {
            const applied = device.applied.get(stream) ?? [];
            device.applied.set(stream, applied);
            for (const { seq, id, cid = null } of items) {
              const next = (applied.at(-1)?.seq ?? 0) + 1;
              if (seq !== next) device.faults.push(`${name} applied ${seq} of ${stream} where ${next} was next`);
              const out = history.removals.find(
                (r) => `room:${r.room}` === stream && r.person_id === person_id && r.seq <= seq,
              );
              if (out) device.faults.push(`${name} got ${seq} of ${stream} after being taken out at ${out.seq}`);
              applied.push({ seq, id, cid });
            }
            cursors.set(stream, cursor);
          },
          anew(cursor) {
            device.faults.push(`${name} was told to begin ${stream} anew`);
            cursors.set(stream, cursor);
          },
          ended: () => void device.ended.add(stream),
        });
      follows.push(begin);
      begin();
    },
    send(stream, more = "") {
      if (!line || device.ended.has(stream)) return;
      device.issued.push({ stream, cid: `${name}-${made}` });
      line.send(stream, `${name} says ${made}${more}`);
    },
    start() {
      life += 1;
      const mine = life;
      line = createLine({
        open,
        after(ms, work) {
          const timer = setTimeout(() => mine === life && work(), ms);
          return () => clearTimeout(timer);
        },
        now: () => performance.now(),
        random,
        makeCid: () => `${name}-${made++}`,
        token: () => token,
        kept: [...disk.values()],
        keep: (waiting) => void disk.set(waiting.cid, waiting),
        forget: (cid) => void disk.delete(cid),
        sent: ({ cid, stream }, { seq }) => void device.acked.set(cid, { stream, seq }),
        refused: ({ cid }) => void device.refused.add(cid),
        changed() {},
      });
      for (const begin of follows) begin();
      line.start();
    },
    stop() {
      life += 1;
      line?.stop();
      line = null;
    },
    crash() {
      life += 1;
      // Gone without a word to anybody of ours; what is on the disk stays.
      if (held) {
        held.left = true;
        held.client?.cut();
      }
      line = null;
    },
    cut: () => held?.client?.cut(),
    stall(ms) {
      const client = held?.client;
      client?.pause();
      setTimeout(() => client?.resume(), ms);
    },
    deafen() {
      if (!held?.client || held.left || held.deaf) return false;
      held.deaf = true;
      return true;
    },
  };
  return device;
}
