import { createHash } from "node:crypto";

import { notFound, Problem } from "#kernel/errors.ts";
import { rfc3339 } from "#kernel/time.ts";
import type { SignedIn } from "#kernel/viewer.ts";
import { checkedUrl } from "#ports/outside/index.ts";
import { needStandingSession, PEOPLE_TOPIC, type PeopleEvent } from "#systems/people/index.ts";

import { SUBSCRIPTIONS_MAX } from "../bounds.ts";
import { tellSettings } from "../events.ts";
import type { Ground } from "../needs.ts";
import type { NotifySettings } from "../settings/contract.ts";
import * as inboxes from "../store.ts";
import { AUTH_BYTES, isPushKey } from "./aes128gcm.ts";
import * as store from "./store.ts";
import type { Vapid } from "./vapid.ts";

export interface Asked {
  endpoint: string;
  keys: { p256dh: string; auth: string };
  label: string;
  may_clear: boolean;
}
type Shown = NotifySettings["push"]["subscriptions"][number];

/** Browsers that take push. Each belongs to the session that made it, and ends with it. */
export interface Subscriptions {
  of(viewer: SignedIn): Promise<NotifySettings["push"]>;
  /** @throws Problem 422 `push.endpoint`, 422 `push.keys`, 403 `push.session_needed`, 401 `session.invalid` */
  put(viewer: SignedIn, asked: Asked): Promise<Shown>;
  /** @throws Problem 404 `subscription.not_found` */
  remove(viewer: SignedIn, id: string): Promise<void>;
}

export function createSubscriptions(
  { sql, log, clock, test_plain_push }: Pick<Ground, "sql" | "log" | "clock" | "test_plain_push">,
  vapid: Vapid,
): Subscriptions {
  const present = (row: store.SubscriptionRow, viewer: SignedIn): Shown => ({
    id: row.id,
    label: row.label,
    made_at: rfc3339(row.made_at),
    taken_at: row.taken_at && rfc3339(row.taken_at),
    current: row.session_id === viewer.credential.id,
  });

  return {
    async of(viewer) {
      const rows = await store.subscriptionsOf(sql.pool, viewer.person_id);
      return {
        public_key: vapid.public_key,
        subscriptions: rows.filter((row) => row.key_id === vapid.key_id).map((row) => present(row, viewer)),
      };
    },

    async put(viewer, { endpoint, keys, label, may_clear }) {
      const { person_id, credential } = viewer;
      if (credential.kind !== "session")
        throw new Problem(403, "push.session_needed", "Push belongs to a browser in which somebody signed in.");
      const url = endpointOf(endpoint, test_plain_push);
      const [p256dh, auth] = [bytesOf(keys.p256dh), bytesOf(keys.auth)];
      if (!isPushKey(p256dh) || auth.byteLength !== AUTH_BYTES)
        throw new Problem(422, "push.keys", "These are not the keys of a push subscription.");
      const row = await sql.tx(async (tx) => {
        await needStandingSession(tx, viewer);
        await inboxes.lockInboxes(tx, [person_id]);
        const put = await store.putSubscription(tx, {
          person_id,
          session_id: credential.id,
          endpoint: url,
          endpoint_hash: createHash("sha256").update(url).digest(),
          p256dh,
          auth,
          key_id: vapid.key_id,
          label,
          may_clear,
          made_at: new Date(clock.now()),
        });
        if (!put) throw refusedEndpoint();
        await store.trimSubscriptions(tx, person_id, SUBSCRIPTIONS_MAX);
        await tellSettings(log, tx, person_id);
        return put;
      });
      return present(row, viewer);
    },

    remove: (viewer, id) =>
      sql.tx(async (tx) => {
        if (!(await store.deleteSubscription(tx, viewer.person_id, id))) throw notFound("subscription");
        await tellSettings(log, tx, viewer.person_id);
      }),
  };
}

/** Where it leads is checked each time that something is sent there; here only whether it can be one. */
function endpointOf(text: string, plain: boolean): string {
  let url: URL;
  try {
    url = checkedUrl(text);
  } catch {
    throw refusedEndpoint();
  }
  if (url.protocol !== "https:" && !plain) throw refusedEndpoint();
  return url.href;
}

const refusedEndpoint = () =>
  new Problem(422, "push.endpoint", "This is not the address of a push service, or it is another browser's.");

const bytesOf = (base64url: string) => new Uint8Array(Buffer.from(base64url, "base64url"));

/** A session that ends takes its browser's push with it, wherever it was ended. */
export const startEnding = ({ log }: Pick<Ground, "log">): Disposable =>
  log.consume(PEOPLE_TOPIC, "notify.sessions", async (batch, tx) => {
    const ended = batch.flatMap((stored) => {
      const event = stored as unknown as PeopleEvent;
      if (event.type !== "people.session_revoked") return [];
      return event.data.credentials.flatMap(({ kind, id }) => (kind === "session" ? [id] : []));
    });
    await store.deleteOfSessions(tx, ended);
  });
