import type { PersonId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";

import { type Channel, type Kind, KIND_FACTS } from "../kinds-contract.ts";
import type { DigestWish } from "./contract.ts";
import type { QuietHours } from "./local-time.ts";

export interface Wishes {
  time_zone: string;
  quiet: QuietHours | null;
  digest: DigestWish;
}

/** Of who chose nothing. */
export const WISHES_USUAL: Wishes = { time_zone: "UTC", quiet: null, digest: "daily" };

interface WishesRow {
  person_id: PersonId;
  time_zone: string;
  quiet_from_min: number | null;
  quiet_to_min: number | null;
  digest: DigestWish;
}

const bigints = (q: Query, list: readonly string[]) => q.array([...list], "BIGINT");

const wishesOf = ({ time_zone, quiet_from_min, quiet_to_min, digest }: WishesRow): Wishes => ({
  time_zone,
  digest,
  quiet: quiet_from_min === null || quiet_to_min === null ? null : { from_min: quiet_from_min, to_min: quiet_to_min },
});

/** Those who chose nothing are missing. */
export async function wishes(q: Query, person_ids: readonly PersonId[]): Promise<Map<PersonId, Wishes>> {
  const rows = (await q`
    SELECT person_id, time_zone, quiet_from_min, quiet_to_min, digest FROM notify_settings
    WHERE person_id = ANY(${bigints(q, person_ids)})`) as WishesRow[];
  return new Map(rows.map((row) => [row.person_id, wishesOf(row)]));
}

export async function putWishes(
  tx: Query,
  person_id: PersonId,
  { time_zone, quiet, digest }: Wishes,
  at: Date,
): Promise<void> {
  const [from_min, to_min] = [quiet?.from_min ?? null, quiet?.to_min ?? null];
  await tx`
    INSERT INTO notify_settings (person_id, time_zone, quiet_from_min, quiet_to_min, digest, at)
    VALUES (${person_id}, ${time_zone}, ${from_min}, ${to_min}, ${digest}, ${at})
    ON CONFLICT (person_id) DO UPDATE SET time_zone = excluded.time_zone, quiet_from_min = excluded.quiet_from_min,
      quiet_to_min = excluded.quiet_to_min, digest = excluded.digest, at = excluded.at`;
}

/** What of the kinds goes where for one person. */
export type Switches = (kind: Kind, channel: Channel) => boolean;

interface SwitchRow {
  person_id: PersonId;
  kind: string;
  channel: Channel;
  is_on: boolean;
}

/** What is off in the inbox does not come in, so it is off everywhere. */
export async function switches(q: Query, person_ids: readonly PersonId[]): Promise<(person_id: PersonId) => Switches> {
  const rows = (await q`
    SELECT person_id, kind, channel, is_on FROM notify_switches WHERE person_id = ANY(${bigints(q, person_ids)})`) as SwitchRow[];
  const chosen = new Map(rows.map((row) => [`${row.person_id} ${row.kind} ${row.channel}`, row.is_on]));
  return (person_id) => (kind, channel) => {
    const is_on = (of: Channel) => chosen.get(`${person_id} ${kind} ${of}`) ?? KIND_FACTS[kind][of];
    return is_on("inbox") && is_on(channel);
  };
}

/** As somebody set them, one by one; also those below an inbox that is off. */
export async function switchTable(q: Query, person_id: PersonId): Promise<(kind: Kind, channel: Channel) => boolean> {
  const rows = (await q`
    SELECT person_id, kind, channel, is_on FROM notify_switches WHERE person_id = ${person_id}`) as SwitchRow[];
  const chosen = new Map(rows.map((row) => [`${row.kind} ${row.channel}`, row.is_on]));
  return (kind, channel) => chosen.get(`${kind} ${channel}`) ?? KIND_FACTS[kind][channel];
}

export interface SwitchChange {
  kind: Kind;
  channel: Channel;
  on: boolean;
}

/** What the house proposes anyway is not written down, so that a better proposal reaches those who never chose. */
export async function putSwitches(
  tx: Query,
  person_id: PersonId,
  changes: readonly SwitchChange[],
  at: Date,
): Promise<void> {
  // Of two about one switch the later holds.
  const last = [...new Map(changes.map((change) => [`${change.kind} ${change.channel}`, change])).values()];
  const own = last.filter(({ kind, channel, on }) => KIND_FACTS[kind][channel] !== on);
  const usual = last.filter(({ kind, channel, on }) => KIND_FACTS[kind][channel] === on);
  const texts = (list: readonly string[]) => tx.array([...list], "TEXT");
  if (usual.length > 0)
    await tx`
      DELETE FROM notify_switches s USING unnest(${texts(usual.map((c) => c.kind))}, ${texts(usual.map((c) => c.channel))}) AS u (kind, channel)
      WHERE s.person_id = ${person_id} AND s.kind = u.kind AND s.channel = u.channel`;
  if (own.length > 0)
    await tx`
      INSERT INTO notify_switches (person_id, kind, channel, is_on, at)
      SELECT ${person_id}::bigint, kind, channel, is_on, ${at}::timestamptz
      FROM unnest(${texts(own.map((c) => c.kind))}, ${texts(own.map((c) => c.channel))},
        ${tx.array(
          own.map((c) => c.on),
          "BOOLEAN",
        )}) AS o (kind, channel, is_on)
      ON CONFLICT (person_id, kind, channel) DO UPDATE SET is_on = excluded.is_on, at = excluded.at`;
}

export const kindsWith = (of: Switches, channel: Channel): Kind[] =>
  (Object.keys(KIND_FACTS) as Kind[]).filter((kind) => of(kind, channel));

export interface AddressRow {
  person_id: PersonId;
  address: string;
  asked_at: Date;
  confirmed_at: Date | null;
  /** What a mail server said that takes nothing for this address. */
  refused_words: string | null;
}

export async function address(q: Query, person_id: PersonId): Promise<AddressRow | null> {
  const [row] = (await q`
    SELECT person_id, address, asked_at, confirmed_at, refused_words FROM notify_addresses WHERE person_id = ${person_id}`) as AddressRow[];
  return row ?? null;
}

/** Whose mail is known to reach them. */
export async function reachedByMail(q: Query, person_ids: readonly PersonId[]): Promise<Set<PersonId>> {
  const rows = (await q`
    SELECT person_id FROM notify_addresses WHERE person_id = ANY(${bigints(q, person_ids)}) AND confirmed_at IS NOT NULL`) as {
    person_id: PersonId;
  }[];
  return new Set(rows.map((row) => row.person_id));
}

/** Confirmed anew, whatever was before. @returns false where the last letter is younger than `not_after` */
export async function putAddress(
  tx: Query,
  row: { person_id: PersonId; address: string; token_hash: Uint8Array; asked_at: Date },
  not_after: Date,
): Promise<boolean> {
  const done = await tx`
    INSERT INTO notify_addresses AS a (person_id, address, token_hash, asked_at)
    VALUES (${row.person_id}, ${row.address}, ${row.token_hash}, ${row.asked_at})
    ON CONFLICT (person_id) DO UPDATE SET address = excluded.address, token_hash = excluded.token_hash,
      asked_at = excluded.asked_at, confirmed_at = NULL, refused_at = NULL, refused_words = NULL
    WHERE a.asked_at <= ${not_after} RETURNING 1`;
  return done.length > 0;
}

/** The same link a second time finds it confirmed already, and that is fine. */
export async function confirmAddress(
  tx: Query,
  token_hash: Uint8Array,
  at: Date,
  asked_after: Date,
): Promise<AddressRow | null> {
  const [row] = (await tx`
    UPDATE notify_addresses SET confirmed_at = coalesce(confirmed_at, ${at}::timestamptz),
      refused_at = NULL, refused_words = NULL
    WHERE token_hash = ${token_hash} AND (confirmed_at IS NOT NULL OR asked_at > ${asked_after})
    RETURNING person_id, address, asked_at, confirmed_at, refused_words`) as AddressRow[];
  return row ?? null;
}

/** Nothing goes there until it is confirmed anew. What was put in its place meanwhile is not meant. */
export async function refuseAddress(
  tx: Query,
  { person_id, address }: Pick<AddressRow, "person_id" | "address">,
  words: string,
  at: Date,
): Promise<boolean> {
  const done = await tx`
    UPDATE notify_addresses SET confirmed_at = NULL, refused_at = ${at}, refused_words = ${words}
    WHERE person_id = ${person_id} AND address = ${address} RETURNING 1`;
  return done.length > 0;
}

export async function deleteAddress(tx: Query, person_id: PersonId): Promise<void> {
  await tx`DELETE FROM notify_addresses WHERE person_id = ${person_id}`;
}

export async function eraseSettings(tx: Query, person_id: PersonId): Promise<void> {
  await tx`DELETE FROM notify_switches WHERE person_id = ${person_id}`;
  await tx`DELETE FROM notify_settings WHERE person_id = ${person_id}`;
  await deleteAddress(tx, person_id);
}
