import type { Clock } from "#ports/clock/index.ts";
import { addressKey, type LimitAsked, type LimitBook } from "#ports/http/index.ts";
import type { LimitClaim, LimitDecision, Limiter } from "#ports/limiter/index.ts";

import * as b from "./bounds.ts";
import type { Counts } from "./counts.ts";
import type { InForce } from "./in-force.ts";
import type { Reserved } from "./reserved.ts";
import { type Draw, patienceOf } from "./rule-set-book.ts";
import type { Tiers } from "./tiers.ts";
import type { Where } from "./where.ts";

export interface BookNeeds {
  limiter: Limiter;
  clock: Clock;
  in_force: InForce;
  reserved: Reserved;
  tiers: Pick<Tiers, "grantOf">;
  where: Where;
  counts: Counts;
}

export interface Book extends LimitBook, AsyncDisposable {
  /** Tried rules that are being asked, and those that were not because too many were. */
  shadows(): { pending: number; skipped: number };
  /** Requests that wait for their place now, or may come to. */
  waiting(): number;
}

const ADDRESS_CHARS_MAX = 64;

/** The rule set in force, as the house's door asks it: some microseconds a request, without a look anywhere, but for spaces. */
export function createBook({ limiter, clock, in_force, reserved, tiers, where, counts }: BookNeeds): Book {
  /** Claims that hold, with those that are only tried beside them; nothing where there are none. */
  const tried = new WeakMap<LimitClaim[], Draw[]>();
  const asking = new Set<Promise<void>>();
  let skipped = 0;
  let waiting = 0;

  function drawNow(asked: LimitAsked, space: { id: string; is_member: boolean } | null): LimitClaim[] {
    const { viewer } = asked;
    const isNobody = viewer.kind === "nobody";
    const { holds, shadows } = in_force.now.set.draw({
      route: asked.route,
      cost_tokens: asked.cost_tokens,
      address: isNobody ? addressKey(asked.address).slice(0, ADDRESS_CHARS_MAX) : null,
      person_id: isNobody ? null : viewer.person_id,
      token_id: isNobody || viewer.credential.kind !== "token" ? null : viewer.credential.id,
      space,
      person_grant: isNobody ? null : tiers.grantOf("person", viewer.person_id),
      space_grant: space && tiers.grantOf("space", space.id),
      is_inner: asked.is_inner ?? false,
    });
    if (shadows.length > 0) tried.set(holds, shadows);
    return holds;
  }

  async function ask(shadows: Draw[]): Promise<{ release: () => void } | null> {
    const decision = await limiter.take(shadows, patienceOf(shadows));
    if (decision.allowed) counts.wouldAllow(shadows);
    else counts.wouldRefuse(shadows.find(({ rule }) => rule === decision.rule) ?? shadows[0]!);
    const { hold } = decision;
    return hold && { release: () => own(limiter.release(hold)) };
  }

  /** Keeps hold of what nobody waits for, until it ends. A try that fails is no decision, and is not counted. */
  function own(work: Promise<unknown>): void {
    const mine: Promise<void> = work.then(
      () => {},
      () => {},
    );
    asking.add(mine);
    // The set is this book's own, and `Symbol.asyncDispose` waits for all that is in it.
    void mine.finally(() => asking.delete(mine));
  }

  function tryShadows(shadows: Draw[]): (() => void) | void {
    if (asking.size >= b.SHADOWS_AT_ONCE_MAX) {
      skipped++;
      return;
    }
    const asked = ask(shadows);
    own(asked);
    if (shadows.some(({ rule }) => rule.kind === "slots")) return () => own(asked.then((held) => held?.release()));
  }

  return {
    draw(asked) {
      const kept = reserved.draw(asked.route, asked.viewer, addressKey(asked.address).slice(0, ADDRESS_CHARS_MAX));
      if (kept) return [{ ...kept, cost_tokens: kept.of.rule.counts === "requests" ? 1 : asked.cost_tokens }];
      const param = in_force.now.set.wantsSpace(asked.route) ? where.paramOf(asked.route) : null;
      const name = param === null ? undefined : asked.params?.[param];
      if (name === undefined) return drawNow(asked, null);
      return where.find(name, asked.viewer).then((space) => drawNow(asked, space));
    },

    patience(claims) {
      if (!in_force.now.set.is_patient || waiting >= b.WAITING_AT_ONCE_MAX) return null;
      const ms = patienceOf(claims as Draw[]);
      if (ms === 0) return null;
      // Counted from here on, so that many who are asked about at once are no more than may wait.
      waiting++;
      return {
        ms,
        end: (wait_ms) => (wait_ms > 0 ? clock.sleep(wait_ms) : Promise.resolve()).finally(() => waiting--),
      };
    },

    decided(_, claims, decision: LimitDecision | null) {
      const draws = claims as Draw[];
      if (decision !== null && !decision.allowed) {
        counts.refused(draws.find(({ rule }) => rule === decision.rule) ?? draws[0]!);
        return;
      }
      counts.allowed(draws);
      const shadows = tried.get(claims);
      return shadows && tryShadows(shadows);
    },

    waiting: () => waiting,
    shadows: () => ({ pending: asking.size, skipped }),
    async [Symbol.asyncDispose]() {
      while (asking.size > 0) await Promise.all(asking);
    },
  };
}
