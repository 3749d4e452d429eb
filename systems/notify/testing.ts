import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createOutboxMail, type Mail } from "#ports/mail/index.ts";
import { createOutside } from "#ports/outside/index.ts";
import { type TestFeed, testFeed } from "#systems/feed/testing.ts";

import { createNotify, type Notify, NOTIFY_FOLDER, type NotifyNeeds, serveNotify } from "./index.ts";
import { groupOf } from "./intake.ts";

/** A feed with notifications on top, a mailbox in a folder, and push services of our own on this machine. */
export interface TestNotify extends AsyncDisposable {
  feed: TestFeed;
  notify: Notify;
  mail: Mail;
  needs: NotifyNeeds;
  /** Waits until all that happened stands in the inboxes. */
  told(): Promise<void>;
}

export const TEST_SECRET = "a secret of notifications with enough letters";
export const TEST_URL = "https://house.example";

/** @param test_addresses where push services of tests listen (`127.0.0.1:4321`) */
export async function testNotify(
  more: Partial<NotifyNeeds> = {},
  test_addresses: readonly string[] = [],
): Promise<TestNotify> {
  const feed = await testFeed({}, [NOTIFY_FOLDER]);
  const { house, jobs } = feed;
  const { log } = house;
  const { sql } = house.db;
  let ahead_ms = 0;
  const later = feed.later;
  const clock = { ...house.db.clock, now: () => house.db.clock.now() + ahead_ms };
  feed.later = (ms) => {
    ahead_ms += ms;
    later(ms);
  };
  const folder = await mkdtemp(join(tmpdir(), "notify-"));
  const mail = createOutboxMail({ folder, clock });
  const needs: NotifyNeeds = {
    sql,
    log,
    jobs,
    clock,
    people: house.people,
    feed: feed.feed,
    mail,
    outside: createOutside({ clock, test_addresses }),
    secret: TEST_SECRET,
    public_url: TEST_URL,
    house_name: async () => "Test house",
    test_plain_push: true,
    ...more,
  };
  const notify = createNotify(needs);
  serveNotify(house.api, notify);
  const working = notify.work();
  return {
    feed,
    notify,
    mail,
    needs,
    async told() {
      for (const topic of ["feed", "people"]) await log.caughtUp(topic, groupOf(topic));
    },
    async [Symbol.asyncDispose]() {
      working[Symbol.dispose]();
      await feed[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
