import { Problem } from "#kernel/errors.ts";
import type { Sql } from "#ports/sql/index.ts";

/**
 * `Idempotency-Key` on mutations: the first answer is kept and replayed. PENDING → DONE | FAILED in one row per
 * (person, key), with a fingerprint of the request. A process that dies leaves PENDING; after the lease the same request
 * may run again, and handlers that must not repeat store the key beside what they make.
 */
export interface Idempotency {
  /** Tells two requests apart. Keyed, because a body may hold a password and a plain hash of it could be guessed. */
  fingerprint(request: unknown): string;
  /** @param lease_ms after which a PENDING run counts as dead; longer than its request may take */
  begin(
    owner: string,
    key: string,
    fingerprint: string,
    lease_ms: number,
  ): Promise<{ replay: { status: number; body: string } } | { run: string }>;
  done(owner: string, key: string, run: string, status: number, body: string): Promise<void>;
  failed(owner: string, key: string, run: string): Promise<void>;
  /** Deletes what is older than the promise to remember. */
  trim(): Promise<number>;
}

export const KEY_CHARS_MAX = 128;
const REMEMBER_H = 24;
/** Larger answers are not kept; a repeat then runs again behind the handler's own uniqueness. */
const BODY_BYTES_MAX = 256 * 1024;

/** @param secret the same in all processes of a house; a new one makes requests under an old key look different */
export function createIdempotency(sql: Sql, secret: string): Idempotency {
  return {
    fingerprint: (request) =>
      new Bun.CryptoHasher("sha256", secret).update(JSON.stringify(request)).digest("base64url"),
    async begin(owner, key, fingerprint, lease_ms) {
      const lease_s = lease_ms / 1000;
      const run = crypto.randomUUID();
      const [row] = await sql.pool<
        { run: string; state: string; fingerprint: string; status: number | null; body: string | null }[]
      >`
        INSERT INTO http_idempotency AS i (owner, key, fingerprint, run, state) VALUES (${owner}, ${key}, ${fingerprint}, ${run}, 'pending')
        ON CONFLICT (owner, key) DO UPDATE SET
          run = CASE WHEN i.fingerprint = excluded.fingerprint AND (i.state = 'failed'
            OR (i.state = 'pending' AND i.at < now() - make_interval(secs => ${lease_s}))) THEN excluded.run ELSE i.run END,
          state = CASE WHEN i.fingerprint = excluded.fingerprint AND i.state = 'failed' THEN 'pending' ELSE i.state END,
          at = CASE WHEN i.fingerprint = excluded.fingerprint AND (i.state = 'failed'
            OR (i.state = 'pending' AND i.at < now() - make_interval(secs => ${lease_s}))) THEN now() ELSE i.at END
        RETURNING run, state, fingerprint, status, body`;
      if (!row || row.run === run) return { run };
      if (row.fingerprint !== fingerprint) {
        throw new Problem(
          422,
          "idempotency.other_request",
          "This Idempotency-Key was used for a different request. Use a new key.",
        );
      }
      if (row.state === "done") return { replay: { status: row.status ?? 200, body: row.body ?? "" } };
      throw new Problem(
        409,
        "idempotency.in_flight",
        "A request with this Idempotency-Key is still running. Try again shortly.",
        { retry_after_s: 1 },
      );
    },
    async done(owner, key, run, status, body) {
      if (body.length > BODY_BYTES_MAX) return this.failed(owner, key, run);
      await sql.pool`UPDATE http_idempotency SET state = 'done', status = ${status}, body = ${body}
        WHERE owner = ${owner} AND key = ${key} AND run = ${run}`;
    },
    async failed(owner, key, run) {
      await sql.pool`UPDATE http_idempotency SET state = 'failed' WHERE owner = ${owner} AND key = ${key} AND run = ${run}`;
    },
    async trim() {
      const gone =
        await sql.pool`DELETE FROM http_idempotency WHERE at < now() - make_interval(hours => ${REMEMBER_H})`;
      return gone.count;
    },
  };
}
