import type { SocketPart } from "#ports/http/index.ts";

import { createLine, type Line } from "../../apps/web/live/line.ts";
import type { Waiting } from "../../apps/web/live/outbox.ts";
import { type SimNode, viewerOf } from "./node.ts";
import type { Time } from "./time.ts";
import type { Truth } from "./truth.ts";

/** A client: the real core, with what it keeps on its disk, and a network that breaks. */
export interface Device {
  person_id: string;
  line: Line;
  disk: Disk;
  running: boolean;
  /** What stays wrong for ever once it happened. */
  faults: string[];
  /** It runs, and what is said to it arrives: a line that died unseen is none, whatever the program believes. */
  isReached(): boolean;
  follow(stream: string): void;
  send(stream: string): void;
  /** The program dies; what is on its disk stays. */
  crash(): void;
  start(): void;
  /** Cuts its line: both ends learn of it, or (`half`) neither. */
  cut(half: boolean): void;
  stall(ms: number): void;
}

export interface Disk {
  outbox: Map<string, Waiting>;
  /** By stream: what was applied, with its number. Kept together with the cursor. */
  applied: Map<string, { seq: number; id: string; cid: string | null; at: number }[]>;
  cursors: Map<string, [string, string]>;
  /** By cid: the order of sending and the answer. */
  issued: { stream: string; cid: string }[];
  acked: Map<string, { stream: string; seq: string }>;
  refused: Set<string>;
  /** Streams that ended for them. */
  ended: Set<string>;
}

interface Link {
  open: boolean;
  half: boolean;
  part: Pick<SocketPart, "said" | "closed"> | null;
  /** Nothing overtakes on a line. */
  down_at: number;
  up_at: number;
  waiting: number;
  closed(code: number): void;
}

export function createDevice(
  person_id: string,
  name: string,
  time: Time,
  truth: Truth,
  pickNode: () => SimNode | null,
): Device {
  const disk: Disk = {
    outbox: new Map(),
    applied: new Map(),
    cursors: new Map(),
    issued: [],
    acked: new Map(),
    refused: new Set(),
    ended: new Set(),
  };
  const faults: string[] = [];
  const followed = new Set<string>();
  let link: Link | null = null;
  let stalled_until = 0;
  let life = 0;
  let made = 0;

  function open(events: { heard(text: string): void; closed(code: number): void }) {
    const mine = life;
    const here = () => mine === life;
    const node = pickNode();
    const made_link: Link = {
      open: true,
      half: false,
      part: null,
      down_at: 0,
      up_at: 0,
      waiting: 0,
      closed: (code) => here() && events.closed(code),
    };
    link = made_link;
    /** Each way in order, as slow as it likes. */
    const down = (bytes: number, work: () => void) => {
      made_link.down_at = Math.max(made_link.down_at, time.now() + time.between(0.5, 30), stalled_until);
      made_link.waiting += bytes;
      time.after(made_link.down_at - time.now(), () => {
        made_link.waiting -= bytes;
        work();
      });
    };
    const up = (work: () => void) => {
      made_link.up_at = Math.max(made_link.up_at, time.now() + time.between(0.5, 30));
      time.after(made_link.up_at - time.now(), work);
    };
    const end = (code: number) => {
      if (!made_link.open) return;
      made_link.open = false;
      if (!made_link.half) time.after(time.between(1, 200), () => made_link.closed(code));
      const { part } = made_link;
      // The house notices a dead line too, later where nobody tells it.
      time.after(made_link.half ? 60_000 : time.between(1, 200), () => node?.alive && part?.closed());
    };
    up(() => {
      if (!made_link.open) return;
      if (!node?.alive) return end(1006);
      const connection = node.gateway.connect({
        viewer: viewerOf(person_id),
        token: person_id,
        line: {
          send(text) {
            if (made_link.open && node.alive && !made_link.half)
              down(text.length, () => made_link.open && !made_link.half && here() && events.heard(text));
            return true;
          },
          close(code) {
            down(0, () => {
              if (!made_link.half) made_link.closed(code);
            });
            made_link.open = false;
            node.gateway.lines.closed(connection);
          },
          // What a slow reader leaves, as if it were much.
          waiting: () => (time.now() < stalled_until ? made_link.waiting * 2_000 : 0),
        },
      });
      made_link.part = {
        said: (text) => connection.said(text),
        closed() {
          connection.ended();
          node.gateway.lines.closed(connection);
        },
      };
    });
    return {
      say: (text: string) =>
        up(() => {
          if (made_link.open && !made_link.half && node?.alive) made_link.part?.said(text);
          else if (made_link.open && !node?.alive) end(1006);
        }),
      close() {
        made_link.closed = () => {};
        end(1000);
      },
    };
  }

  function startLine(): Line {
    life += 1;
    const mine = life;
    return createLine({
      open,
      after: (ms, work) => time.after(ms, () => mine === life && work()),
      now: () => time.now(),
      random: () => time.random(),
      makeCid: () => `${name}-${made++}`,
      kept: [...disk.outbox.values()],
      keep: (waiting) => void disk.outbox.set(waiting.cid, waiting),
      forget: (cid) => void disk.outbox.delete(cid),
      sent({ cid, stream }, { seq }) {
        const before = disk.acked.get(cid);
        if (before && before.seq !== seq) faults.push(`${cid} was answered ${before.seq} and then ${seq}`);
        disk.acked.set(cid, { stream, seq });
      },
      refused: ({ cid }) => void disk.refused.add(cid),
      changed() {},
    });
  }

  const device: Device = {
    person_id,
    line: null as unknown as Line,
    disk,
    running: false,
    faults,
    isReached: () => device.running && link?.open === true && !link.half && device.line.state().connection === "open",
    follow(stream) {
      followed.add(stream);
      disk.ended.delete(stream);
      if (!device.running) return;
      device.line.follow(stream, disk.cursors.get(stream) ?? [truth.epoch, "0"], {
        items(items, cursor) {
          const applied = disk.applied.get(stream) ?? [];
          disk.applied.set(stream, applied);
          for (const item of items) {
            const next = (applied.at(-1)?.seq ?? 0) + 1;
            if (item.seq !== next) faults.push(`${name} applied ${item.seq} of ${stream} where ${next} was next`);
            const removed = truth.removals.find(
              (r) => r.stream === stream && r.person_id === person_id && r.seq <= item.seq && time.now() < r.back_at,
            );
            if (removed) faults.push(`${name} got ${item.seq} of ${stream} after being taken out at ${removed.seq}`);
            applied.push({ seq: item.seq, id: item.id, cid: item.cid ?? null, at: time.now() });
          }
          disk.cursors.set(stream, cursor);
        },
        anew: (cursor) => void faults.push(`${name} was told to begin ${stream} anew at ${cursor.join(" ")}`),
        ended() {
          disk.ended.add(stream);
          followed.delete(stream);
        },
      });
    },
    send(stream) {
      if (!device.running) return;
      disk.issued.push({ stream, cid: `${name}-${made}` });
      device.line.send(stream, `${name} says ${made}`);
    },
    crash() {
      if (!device.running) return;
      device.running = false;
      life += 1;
      const left = link;
      link = null;
      if (!left) return;
      left.open = false;
      time.after(time.between(1, 200), () => left.part?.closed());
    },
    start() {
      if (device.running) return;
      device.running = true;
      device.line = startLine();
      for (const stream of followed) device.follow(stream);
      device.line.start();
    },
    cut(half) {
      if (!link?.open) return;
      if (half) {
        link.half = true;
        const cut = link;
        time.after(60_000, () => cut.part?.closed());
        return;
      }
      link.open = false;
      const cut = link;
      time.after(time.between(0, 150), () => cut.closed(1006));
      time.after(time.between(0, 150), () => cut.part?.closed());
    },
    stall(ms) {
      stalled_until = time.now() + ms;
    },
  };
  return device;
}
