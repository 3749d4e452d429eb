import type { PersonId } from "#kernel/ids.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { Log } from "#ports/log/index.ts";
import type { Query, Sql } from "#ports/sql/index.ts";

import type { LiveTimeline, TimelineChoice } from "./live.ts";
import { findChoice, forgetChoice, saveChoice } from "./store.ts";

/** Apart from what people do, so that who follows the feed does not meet it and a switch overtakes a busy feed. */
export const CHOICES_TOPIC = "feed_choices";

/** What is chosen, by whom, and what would hold if nobody had. */
export interface Chosen extends TimelineChoice {
  /** Null where the configuration decides. */
  changed_at: Date | null;
  changed_by: PersonId | null;
  by_config: TimelineChoice;
}

/** The strategy of this house: a row in the database, followed by every node. */
export interface Choices extends AsyncDisposable {
  chosen(): Promise<Chosen>;
  /** Holds here at once and on every node when the event has arrived. Null: as the configuration says. */
  choose(choice: TimelineChoice | null, by: PersonId | null): Promise<Chosen>;
}

/** Live before the row is first read, so that no change falls between. */
export async function createChoices(needs: {
  sql: Sql;
  log: Log;
  clock: Clock;
  timeline: Pick<LiveTimeline, "choose">;
  by_config: TimelineChoice;
}): Promise<Choices> {
  const { sql, log, by_config } = needs;

  async function chosen(): Promise<Chosen> {
    const row = await findChoice(sql.pool);
    return { ...(row ?? { ...by_config, changed_at: null, changed_by: null }), by_config };
  }
  async function refresh(): Promise<Chosen> {
    const now = await chosen();
    needs.timeline.choose({ strategy: now.strategy, push_followers_max: now.push_followers_max });
    return now;
  }

  const tail = await log.tail(CHOICES_TOPIC, async () => void (await refresh()));
  try {
    await refresh();
  } catch (error) {
    await tail[Symbol.asyncDispose]();
    throw error;
  }
  return {
    chosen,
    async choose(choice, by) {
      await sql.tx(async (tx) => {
        if (choice === null) await forgetChoice(tx);
        else await saveChoice(tx, { ...choice, changed_at: new Date(needs.clock.now()), changed_by: by });
        await tellChoice(log, tx, choice, by);
      });
      return refresh();
    },
    [Symbol.asyncDispose]: () => tail[Symbol.asyncDispose](),
  };
}

const tellChoice = (log: Log, tx: Query, choice: TimelineChoice | null, by: PersonId | null): Promise<void> =>
  log.append(tx, CHOICES_TOPIC, "timelines", {
    type: "feed.timelines_chosen",
    version: 1,
    data: { strategy: choice?.strategy ?? null, push_followers_max: choice?.push_followers_max ?? null, by },
  });
