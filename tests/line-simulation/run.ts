import { createDevice, type Device } from "./device.ts";
import { type SimNode, startNode } from "./node.ts";
import { createTime } from "./time.ts";
import { createAir, createTruth } from "./truth.ts";

export interface LifeReport {
  seed: number;
  faults: string[];
  /** What happened, so that one can see that something did. */
  items: number;
  applied: number;
  sent: number;
  crashes: number;
  cuts: number;
  removals: number;
  lost: number;
  steps: number;
  healed_ms: number;
}

const NODES = 3;
const ROOMS = 2;
const PEOPLE = ["11", "12", "13", "14"];
/** Two devices of the first, one of each other. */
const DEVICES = ["11", "11", "12", "13", "14"];
const FLOOD_ITEMS = 220;
const TROUBLE_MS = 12_000;
/** Where nothing is wrong, nobody waits for the nodes' look at the database, which comes every five seconds. */
const CALM_ROOMS = 5;
const CALM_MS_MAX = 2_000;
const LAST_WORD_MS_MAX = 7_000;
/** By then all must have everything: a half-open line alone takes 35 s to be noticed, and a wait may be 30. */
const HEAL_MS_MAX = 240_000;

/** One life of the line: people send, nodes and programs die, networks break, members come and go; then all heals. */
export async function liveThrough(seed: number): Promise<LifeReport> {
  const time = createTime(seed);
  let troubled = true;
  const trouble = () => troubled;
  const truth = createTruth(time);
  const air = createAir(time, trouble);
  const rooms = Array.from({ length: ROOMS }, (_, i) => `room:r${i}`);
  for (const room of rooms) {
    truth.members.set(room, new Set(PEOPLE));
    truth.streams.set(room, []);
  }
  let crashes = 0;
  let cuts = 0;
  let steps = 0;
  const nodes: SimNode[] = Array.from({ length: NODES }, (_, i) => startNode(`n${i}`, time, truth, air, trouble));
  const alive = () => nodes.filter((node) => node.alive);
  const pickNode = () => (alive().length === 0 ? null : time.pick(alive()));
  const devices: Device[] = DEVICES.map((person_id, i) => createDevice(person_id, `d${i}`, time, truth, pickNode));
  for (const device of devices) {
    for (const room of rooms) device.follow(room);
    device.start();
  }

  const memberOf = (device: Device, room: string) => truth.members.get(room)!.has(device.person_id);
  function remove(room: string, person_id: string): void {
    if (!truth.members.get(room)!.delete(person_id)) return;
    const { seq, ...item } = truth.commit(room, {
      kind: "removed",
      data: person_id,
      sender_id: null,
      cid: null,
      recheck_id: person_id,
    });
    truth.removals.push({ stream: room, person_id, seq, back_at: Number.POSITIVE_INFINITY });
    announce(room, seq, item.text, person_id);
  }
  function letIn(room: string, person_id: string): void {
    if (truth.members.get(room)!.has(person_id)) return;
    truth.members.get(room)!.add(person_id);
    const { seq, text } = truth.commit(room, {
      kind: "added",
      data: person_id,
      sender_id: null,
      cid: null,
      recheck_id: null,
    });
    for (const r of truth.removals)
      if (r.stream === room && r.person_id === person_id) r.back_at = Math.min(r.back_at, time.now());
    announce(room, seq, text, null);
    // Somebody tells them, a moment later, and their devices follow again.
    time.after(time.between(1, 500), () => {
      for (const device of devices)
        if (device.person_id === person_id && device.disk.ended.has(room) && memberOf(device, room))
          device.follow(room);
    });
  }
  function announce(room: string, seq: number, text: string, recheck: string | null): void {
    air
      .bus(() => true)
      .publish(`realtime.${room.replace(":", ".")}`, {
        type: "items",
        epoch: truth.epoch,
        first_seq: String(seq),
        items: [text],
        rechecks: recheck === null ? [] : [[String(seq), recheck]],
      });
  }

  /** More at once than anybody who is away for it is pushed. */
  function flood(room: string): void {
    for (let i = 0; i < FLOOD_ITEMS; i++) {
      const { seq, text } = truth.commit(room, {
        kind: "word",
        data: String(i),
        sender_id: null,
        cid: null,
        recheck_id: null,
      });
      announce(room, seq, text, null);
    }
  }

  function happen(): void {
    if (!troubled) return;
    const what = time.random();
    const device = time.pick(devices);
    const room = time.pick(rooms);
    if (what < 0.68) {
      for (let i = Math.floor(time.between(1, 5)); i > 0; i--) device.send(room);
    } else if (what < 0.78) {
      cuts += 1;
      device.cut(time.chance(0.25));
    } else if (what < 0.83) {
      crashes += 1;
      device.crash();
      time.after(time.between(10, 4_000), () => device.start());
    } else if (what < 0.88) {
      const node = time.pick(nodes);
      if (node.alive) {
        crashes += 1;
        node.crash();
        const at = nodes.indexOf(node);
        time.after(time.between(100, 5_000), () => {
          nodes[at] = startNode(`n${at}`, time, truth, air, trouble);
        });
        for (const each of devices) if (time.chance(0.5)) each.cut(false);
      }
    } else if (what < 0.93) device.stall(time.between(500, 6_000));
    else if (what < 0.94) flood(room);
    else if (what < 0.97) remove(room, time.pick(PEOPLE.slice(1)));
    else letIn(room, time.pick(PEOPLE));
    time.after(time.between(5, 160), happen);
  }
  happen();
  time.after(TROUBLE_MS, () => {
    troubled = false;
    for (const room of rooms) for (const person_id of PEOPLE.slice(0, 3)) letIn(room, person_id);
    for (const device of devices) time.after(time.between(0, 5_000), () => device.start());
  });

  const behind = (): string[] =>
    devices.flatMap((device, i) => [
      ...device.line.unsent().map(({ cid }) => `${cid} was never answered`),
      ...rooms
        .filter((room) => memberOf(device, room))
        .filter((room) => (device.disk.applied.get(room)?.length ?? 0) < truth.streams.get(room)!.length)
        .map(
          (room) =>
            `d${i} has ${device.disk.applied.get(room)?.length ?? 0} of ${truth.streams.get(room)!.length} of ${room}`,
        ),
    ]);
  let looked_at = TROUBLE_MS + 6_000;
  while (time.now() < TROUBLE_MS + HEAL_MS_MAX) {
    steps += 1;
    if (!(await time.step())) break;
    if (time.now() < looked_at) continue;
    looked_at = time.now() + 500;
    // Who was told that it is over after they were let in again hears of it from elsewhere.
    for (const device of devices) for (const room of device.disk.ended) if (memberOf(device, room)) device.follow(room);
    // Who is in none of the rooms is behind in nothing, and may yet have to find out that its line is dead, and to come back.
    if (behind().length === 0 && devices.every((device) => device.isReached())) break;
  }

  const slow: string[] = [];
  for (let i = 0; i < CALM_ROOMS && behind().length === 0; i++) {
    const room = `room:calm${i}`;
    rooms.push(room);
    truth.members.set(room, new Set(PEOPLE));
    truth.streams.set(room, []);
    // Opened on all nodes while it is being written to.
    for (const device of devices) time.after(time.between(0, 60), () => device.follow(room));
    for (let n = 0; n < (i === 0 ? 4 : 1); n++)
      time.after(time.between(0, i === 0 ? 140 : 70), () => {
        const { seq, text } = truth.commit(room, {
          kind: "word",
          data: String(n),
          sender_id: null,
          cid: null,
          recheck_id: null,
        });
        announce(room, seq, text, null);
      });
    const until = time.now() + CALM_MS_MAX;
    while (time.now() < until) await time.step();
    slow.push(...behind().map((one) => `${one}, although all was calm`));
    // A process dies between the commit and the message, and nothing more is said.
    truth.commit(room, { kind: "word", data: "last", sender_id: null, cid: null, recheck_id: null });
    const latest = time.now() + LAST_WORD_MS_MAX;
    while (time.now() < latest) await time.step();
    slow.push(...behind().map((one) => `${one}, and nobody looked`));
  }

  const faults = [
    ...devices.flatMap((device) => device.faults),
    ...behind(),
    ...slow,
    ...contradictions(devices, rooms, truth),
  ];
  return {
    seed,
    faults,
    items: rooms.reduce((sum, room) => sum + truth.streams.get(room)!.length, 0),
    applied: devices.reduce((sum, d) => sum + [...d.disk.applied.values()].reduce((n, all) => n + all.length, 0), 0),
    sent: devices.reduce((sum, d) => sum + d.disk.acked.size, 0),
    crashes,
    cuts,
    removals: truth.removals.length,
    lost: air.stats.lost,
    steps,
    healed_ms: time.now() - TROUBLE_MS,
  };
}

/** What every history must be, whoever looks at it. */
function contradictions(
  devices: readonly Device[],
  rooms: readonly string[],
  truth: ReturnType<typeof createTruth>,
): string[] {
  const wrong: string[] = [];
  for (const room of rooms) {
    const items = truth.streams.get(room)!;
    const cids = items.flatMap(({ cid }) => (cid === null ? [] : [cid]));
    if (new Set(cids).size < cids.length) wrong.push(`something stands twice in ${room}`);
    const issued = new Set(devices.flatMap(({ disk }) => disk.issued.map(({ cid }) => cid)));
    for (const cid of cids) if (!issued.has(cid)) wrong.push(`${cid} in ${room} was never sent`);
    for (const [i, { disk }] of devices.entries()) {
      for (const [n, { seq, id, cid }] of (disk.applied.get(room) ?? []).entries())
        if (items[n]?.seq !== seq || items[n].id !== id || items[n].cid !== cid)
          wrong.push(`d${i} has another ${seq} of ${room}`);
      // One device's words stand in the order in which they were said.
      const places = disk.issued
        .filter(({ stream }) => stream === room)
        .flatMap(({ cid }) => items.find((item) => item.cid === cid)?.seq ?? []);
      if (places.some((place, n) => n > 0 && place <= places[n - 1]!))
        wrong.push(`d${i}'s words in ${room} changed places`);
    }
  }
  for (const [i, { disk }] of devices.entries())
    for (const { cid } of disk.issued)
      if (!disk.acked.has(cid) && !disk.refused.has(cid)) wrong.push(`d${i}: ${cid} was forgotten`);
  for (const [i, { disk }] of devices.entries())
    for (const [cid, { stream, seq }] of disk.acked)
      if (truth.streams.get(stream)![Number(seq) - 1]?.cid !== cid)
        wrong.push(`d${i}: ${cid} was acknowledged and is not there`);
  return wrong;
}
