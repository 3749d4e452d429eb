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
  ): Promise<{ replay: Kept & { body: string } } | { run: string }>;
  /** Keeps the first answer. One that cannot be kept is done all the same: a repeat is told so, and nothing happens twice. */
  done(owner: string, key: string, run: string, answer: Kept): Promise<void>;
  failed(owner: string, key: string, run: string): Promise<void>;
  /** Deletes what is older than the promise to remember. */
  trim(): Promise<number>;
}

/** The first answer; `body` is null where it was a stream. */
export interface Kept {
  status: number;
  body: string | null;
  headers?: Record<string, string>;
}

export const KEY_CHARS_MAX = 128;
const REMEMBER_H = 24;
/** Larger answers are not kept. */
const BODY_CHARS_MAX = 256 * 1024;
const HEADERS_CHARS_MAX = 4_096;

/** @param secret the same in all processes of a house; a new one makes requests under an old key look different */
export function createIdempotency(sql: Sql, secret: string): Idempotency {
  return {
    fingerprint: (request) =>
      new Bun.CryptoHasher("sha256", secret).update(JSON.stringify(request)).digest("base64url"),
    async begin(owner, key, fingerprint, lease_ms) {
      const lease_s = lease_ms / 1000;
      const run = crypto.randomUUID();
      const [row] = await sql.pool<
        {
          run: string;
          state: string;
          fingerprint: string;
          status: number | null;
          body: string | null;
          headers: string | null;
        }[]
      >`
        INSERT INTO http_idempotency AS i (owner, key, fingerprint, run, state) VALUES (${owner}, ${key}, ${fingerprint}, ${run}, 'pending')
        ON CONFLICT (owner, key) DO UPDATE SET
          run = CASE WHEN i.fingerprint = excluded.fingerprint AND (i.state = 'failed'
            OR (i.state = 'pending' AND i.at < now() - make_interval(secs => ${lease_s}))) THEN excluded.run ELSE i.run END,
          state = CASE WHEN i.fingerprint = excluded.fingerprint AND i.state = 'failed' THEN 'pending' ELSE i.state END,
          at = CASE WHEN i.fingerprint = excluded.fingerprint AND (i.state = 'failed'
            OR (i.state = 'pending' AND i.at < now() - make_interval(secs => ${lease_s}))) THEN now() ELSE i.at END
        RETURNING run, state, fingerprint, status, body, headers`;
      if (!row || row.run === run) return { run };
      if (row.fingerprint !== fingerprint) {
        throw new Problem(
          422,
          "idempotency.other_request",
          "This Idempotency-Key was used for a different request. Use a new key.",
        );
      }
      if (row.state === "done") {
        if (row.body === null) {
          throw new Problem(
            409,
            "idempotency.answer_not_kept",
            "This was done under this Idempotency-Key, and its answer was too large to keep. Read what it made.",
          );
        }
        const headers = row.headers === null ? {} : (JSON.parse(row.headers) as Record<string, string>);
        return { replay: { status: row.status ?? 200, body: row.body, headers } };
      }
      throw new Problem(
        409,
        "idempotency.in_flight",
        "A request with this Idempotency-Key is still running. Try again shortly.",
        { retry_after_s: 1 },
      );
    },
    async done(owner, key, run, { status, body, headers }) {
      const kept = body !== null && body.length <= BODY_CHARS_MAX ? body : null;
      const text = headers && Object.keys(headers).length > 0 ? JSON.stringify(headers) : null;
      const kept_headers = text !== null && text.length <= HEADERS_CHARS_MAX ? text : null;
      await sql.pool`UPDATE http_idempotency SET state = 'done', status = ${status}, body = ${kept}, headers = ${kept_headers}
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
