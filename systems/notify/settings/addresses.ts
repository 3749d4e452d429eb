import { createHash, createHmac, timingSafeEqual } from "node:crypto";

import { Problem } from "#kernel/errors.ts";
import { isId, type PersonId } from "#kernel/ids.ts";
import type { SignedIn } from "#kernel/viewer.ts";
import { checkAddress, MailRefused } from "#ports/mail/index.ts";
import type { Query } from "#ports/sql/index.ts";

import { CONFIRM_AGAIN_MS, CONFIRM_LINK_MS } from "../bounds.ts";
import { tellSettings } from "../events.ts";
import type { Ground } from "../needs.ts";
import * as inboxes from "../store.ts";
import type { NotifySettings } from "./contract.ts";
import * as store from "./store.ts";

const LETTER_JOB = "notify.confirm_letter";

/** Where a person's digests go. Nothing is sent to an address until who reads there has said so. */
export interface Addresses {
  of(person_id: PersonId): Promise<NotifySettings["email"]>;
  /** @throws Problem 422 `notify.address`, 429 `notify.address_soon`, 409 `notify.no_url` */
  ask(viewer: SignedIn, address: string): Promise<void>;
  /** @throws Problem 404 `notify.link_invalid` */
  confirm(token: string): Promise<{ address: string }>;
  forget(person_id: PersonId): Promise<void>;
  /** A mail server takes nothing for this address, in these words: nothing goes there until it is confirmed anew. */
  refused(tx: Query, row: { person_id: PersonId; address: string }, words: string): Promise<void>;
  /** The same for ever for one person and address, and of no other use than to end letters. */
  unsubscribeToken(person_id: PersonId, address: string): string;
  /** @throws Problem 404 `notify.link_invalid` */
  unsubscribe(token: string): Promise<void>;
}

const linkInvalid = () =>
  new Problem(404, "notify.link_invalid", "This link is no good any more. Look into your settings instead.");

export function createAddresses({
  sql,
  log,
  jobs,
  clock,
  mail,
  secret,
  public_url,
  house_name,
  plan,
}: Pick<Ground, "sql" | "log" | "jobs" | "clock" | "mail" | "secret" | "public_url" | "house_name"> & {
  /** A letter is due for what is unread already. Under the inbox's lock. */
  plan: (tx: Query, person_id: PersonId) => Promise<void>;
}): Addresses {
  const now = () => new Date(clock.now());
  const sign = (text: string) => createHmac("sha256", secret).update(`notify ${text}`).digest("base64url");
  /** Made anew from the row when the letter is written, so that no job carries it. */
  const tokenOf = (person_id: PersonId, address: string, asked_at: Date) =>
    sign(`confirm ${person_id} ${asked_at.getTime()} ${address}`);
  const hashOf = (token: string) => createHash("sha256").update(token).digest();
  const unsubscribeToken = (person_id: PersonId, address: string) =>
    `${person_id}.${sign(`unsubscribe ${person_id} ${address}`)}`;

  const refused = async (tx: Query, row: Pick<store.AddressRow, "person_id" | "address">, words: string) => {
    if (await store.refuseAddress(tx, row, words, now())) await tellSettings(log, tx, row.person_id);
  };

  jobs.define({
    name: LETTER_JOB,
    class: "interactive",
    tries_max: 10,
    lease_ms: 60_000,
    run_ms_max: 50_000,
    concurrency_max: 2,
    async handle({ person_id }) {
      const row = await store.address(sql.pool, person_id as PersonId);
      if (!row || row.confirmed_at !== null || public_url === null) return;
      const token = tokenOf(row.person_id, row.address, row.asked_at);
      const name = await house_name();
      const sending = mail.send({
        key: `notify.confirm:${hashOf(token).toString("hex")}`,
        to: row.address,
        from_name: oneLine(name),
        subject: `Is this your address? ${oneLine(name)} asks`,
        text: [
          `Somebody in ${oneLine(name)} wants to have news sent to this address.`,
          "",
          "If it was you, open this within two days:",
          `${public_url}/notifications/confirm?token=${token}`,
          "",
          "If it was not, do nothing: then nothing is sent here.",
        ].join("\n"),
      });
      try {
        await sending;
      } catch (error) {
        if (!(error instanceof MailRefused)) throw error;
        // Whichever it refused, this letter is all that could have opened the address.
        await sql.tx((tx) => refused(tx, row, error.reply));
      }
    },
  });

  return {
    async of(person_id) {
      const row = await store.address(sql.pool, person_id);
      const house = public_url === null ? "no_url" : mail.leaves_house ? "ready" : "no_server";
      return {
        address: row?.address ?? null,
        confirmed: row?.confirmed_at != null,
        refused: row?.refused_words ?? null,
        house,
      };
    },

    async ask(viewer, text) {
      if (public_url === null)
        throw new Problem(
          409,
          "notify.no_url",
          "This house does not know its own address, so its letters could hold no links. Its keepers set FOLKHUS_URL.",
        );
      const address = checkAddress(text.trim());
      if (address === null)
        throw new Problem(422, "notify.address", "Give one mail address, such as anna@example.org.");
      const { person_id } = viewer;
      await sql.tx(async (tx) => {
        await inboxes.lockInboxes(tx, [person_id]);
        // Milliseconds only: what the letter's token is made of is read back from the row.
        const asked_at = now();
        const row = { person_id, address, asked_at, token_hash: hashOf(tokenOf(person_id, address, asked_at)) };
        if (!(await store.putAddress(tx, row, new Date(clock.now() - CONFIRM_AGAIN_MS))))
          throw new Problem(
            429,
            "notify.address_soon",
            "A letter was sent just now. Look for it, or wait two minutes.",
            {
              retry_after_s: CONFIRM_AGAIN_MS / 1_000,
            },
          );
        await jobs.enqueue(tx, LETTER_JOB, { person_id });
        await tellSettings(log, tx, person_id);
      });
    },

    async confirm(token) {
      const row = await sql.tx(async (tx) => {
        const found = await store.confirmAddress(tx, hashOf(token), now(), new Date(clock.now() - CONFIRM_LINK_MS));
        if (!found) return null;
        await inboxes.lockInboxes(tx, [found.person_id]);
        await plan(tx, found.person_id);
        await tellSettings(log, tx, found.person_id);
        return found;
      });
      if (!row) throw linkInvalid();
      return { address: row.address };
    },

    forget: (person_id) =>
      sql.tx(async (tx) => {
        await store.deleteAddress(tx, person_id);
        await tellSettings(log, tx, person_id);
      }),

    refused,
    unsubscribeToken,

    async unsubscribe(token) {
      const person_id = token.slice(0, Math.max(0, token.indexOf("."))) as PersonId;
      await sql.tx(async (tx) => {
        const row = isId(person_id) ? await store.address(tx, person_id) : null;
        if (!row || !sameText(unsubscribeToken(person_id, row.address), token)) throw linkInvalid();
        await inboxes.lockInboxes(tx, [person_id]);
        const before = (await store.wishes(tx, [person_id])).get(person_id) ?? store.WISHES_USUAL;
        await store.putWishes(tx, person_id, { ...before, digest: "off" }, now());
        await tellSettings(log, tx, person_id);
      });
    },
  };
}

const sameText = (one: string, two: string): boolean =>
  one.length === two.length && timingSafeEqual(Buffer.from(one), Buffer.from(two));

/** A house's name is one line anyway; a header must never hang on it. */
const oneLine = (text: string): string => text.replace(/[\p{Cc}\s]+/gu, " ").slice(0, 80);
