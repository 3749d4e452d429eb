import { Problem } from "#kernel/errors.ts";
import type { SignedIn } from "#kernel/viewer.ts";
import { createLocalLimiter } from "#ports/limiter/index.ts";
import { createGateway, type Gateway } from "#systems/realtime/gateway.ts";
import { createRulesBook } from "#systems/realtime/rules.ts";

import type { Time } from "./time.ts";
import { type Air, createTruthReader, type NewCommitted, type Truth } from "./truth.ts";

/** One process of the house: the real gateway on the simulation's truth, air and time. */
export interface SimNode {
  gateway: Gateway;
  alive: boolean;
  /** Commits, and tells the others unless this process dies between the two. */
  append(stream: string, item: NewCommitted): Promise<{ id: string; seq: string; at: Date; dup: boolean }>;
  crash(): void;
}

export function startNode(name: string, time: Time, truth: Truth, air: Air, trouble: () => boolean): SimNode {
  const node = { alive: true } as SimNode;
  const alive = () => node.alive;
  const clock = time.clock(alive);
  const bus = air.bus(alive);
  const rules = createRulesBook();

  node.append = async (stream, item) => {
    await clock.sleep(time.between(0.5, 6));
    if (trouble() && time.chance(0.03)) throw new Error("rolled back");
    const done = truth.commit(stream, item);
    // The answer may be lost where the commit was not.
    await clock.sleep(time.between(0.1, 3));
    if (!done.dup)
      bus.publish(`realtime.${stream.replace(":", ".")}`, {
        type: "items",
        epoch: truth.epoch,
        first_seq: String(done.seq),
        items: [done.text],
        rechecks: done.recheck_id === null ? [] : [[String(done.seq), done.recheck_id]],
      });
    if (trouble() && time.chance(0.03)) throw new Error("the connection broke after the commit");
    return { id: done.id, seq: String(done.seq), at: new Date(0), dup: done.dup };
  };

  rules.add("room", {
    async mayRead({ person_id }, key) {
      await clock.sleep(time.between(0.2, 3));
      const may = truth.members.get(`room:${key}`)!.has(person_id);
      await clock.sleep(time.between(0.2, 3));
      return may;
    },
    async send({ person_id }, key, cid, data) {
      const stream = `room:${key}`;
      await clock.sleep(time.between(0.2, 2));
      if (!truth.members.get(stream)!.has(person_id))
        throw new Problem(403, "room.not_yours", "You are not in this room.");
      if (trouble() && time.chance(0.05)) throw new Problem(429, "room.slow", "Slow down.", { retry_after_s: 1 });
      return node.append(stream, { kind: "message", data: String(data), sender_id: person_id, cid, recheck_id: null });
    },
  });
  node.gateway = createGateway({
    clock,
    bus,
    limiter: createLocalLimiter({ clock, keys_max: 1_000 }),
    reader: createTruthReader(truth, time, clock, trouble),
    rules,
    authenticate: async (token): Promise<SignedIn | null> => viewerOf(token),
    node: name,
    soon: (work) => void time.after(0, () => alive() && work()),
    onFailure: () => {},
  });
  node.crash = () => {
    node.alive = false;
  };
  return node;
}

export const viewerOf = (person_id: string): SignedIn => ({
  kind: "person",
  person_id,
  handle: `p${person_id}`,
  role: "member",
  suspended: false,
  credential: { kind: "session", id: person_id },
  scopes: ["read", "write"],
});
