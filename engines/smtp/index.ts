import { createPrivateKey } from "node:crypto";
import { readFile } from "node:fs/promises";

import { LRUCache } from "lru-cache";
import { createTransport } from "nodemailer";

import { type Deadline, within } from "#kernel/deadline.ts";
import { DeadlinePassed, Throttled, Transient } from "#kernel/errors.ts";
import {
  type Calls,
  createCalls,
  createFlights,
  deadlineHere,
  isUnasked,
  onOwnTime,
  TooSlow,
} from "#ports/calls/index.ts";
import type { Clock } from "#ports/clock/index.ts";
import { checkMessage, type Mail, type MailMessage } from "#ports/mail/index.ts";

import { meaningOf } from "./answers.ts";
import * as bounds from "./bounds.ts";
import { domainOf, letterFor } from "./letter.ts";
import { nameOf, parseSmtpUrl, type SmtpPlace } from "./url.ts";

export { messageIdOf } from "./letter.ts";
export { parseSmtpUrl, senderOf, type SmtpPlace } from "./url.ts";

export interface SmtpMailNeeds {
  /** `SMTP_URL` (see `url.ts`), or what is in it. */
  url: string | SmtpPlace;
  /** The address that all letters come from. */
  from: string;
  /** The house's own, the same in all its processes. */
  secret: string;
  /** Letters are signed (DKIM) with this key for the sender's domain; its public half is in DNS below the selector. */
  dkim?: { selector: string; key_pem: string } | null;
  clock: Clock;
  /** Those of the house, where it is seen how the server does; its own where nothing is said. */
  calls?: Calls;
  /** For tests, which cannot wait. */
  send_ms_max?: number;
  silence_ms_max?: number;
}

export interface SmtpMail extends Mail, AsyncDisposable {
  /** Connects, seals, signs in, and leaves. @throws Error with what is wrong */
  check(): Promise<void>;
}

/**
 * Letters by an SMTP server. A key is sent once by this process, for as long as it is known here; a process that dies after the
 * server took a letter and before its caller noted that leaves it to be sent again, under the same `Message-ID`.
 */
export async function createSmtpMail(needs: SmtpMailNeeds): Promise<SmtpMail> {
  const place = typeof needs.url === "string" ? parseSmtpUrl(needs.url) : needs.url;
  const { from, secret, clock, dkim = null, send_ms_max = bounds.SEND_MS_MAX } = needs;
  const silence_ms = needs.silence_ms_max ?? bounds.SILENCE_MS_MAX;
  if (dkim) checkDkim(dkim);
  const ca = place.ca_file === null ? undefined : await readFile(place.ca_file, "utf8");
  const name = nameOf(place);
  const transport = createTransport({
    pool: true,
    host: place.host,
    port: place.port,
    // What the server is told of us: the house's domain, never this machine's name.
    name: domainOf(from),
    secure: place.seal === "tls",
    requireTLS: place.seal === "starttls",
    ignoreTLS: place.seal === "none",
    ...(place.login ? { auth: { user: place.login.user, pass: place.login.password } } : {}),
    tls: {
      minVersion: "TLSv1.2",
      ...(ca === undefined ? {} : { ca }),
      ...(name === undefined ? {} : { servername: name }),
    },
    ...(dkim ? { dkim: signing(from, dkim) } : {}),
    maxConnections: bounds.LINES_MAX,
    maxMessages: bounds.LETTERS_PER_LINE_MAX,
    idleTimeout: bounds.IDLE_MS_MAX,
    // Once, where a line that was used before turns out to be gone and not a byte of this letter was sent. What the server
    // has perhaps taken is not for the library to send again (ML18).
    maxRequeues: 1,
    connectionTimeout: Math.min(bounds.CONNECT_MS_MAX, silence_ms),
    greetingTimeout: Math.min(bounds.GREETING_MS_MAX, silence_ms),
    dnsTimeout: Math.min(bounds.CONNECT_MS_MAX, silence_ms),
    socketTimeout: silence_ms,
    maxResponseSize: bounds.REPLY_BYTES_MAX,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const sent = new LRUCache<string, true>({ max: bounds.KEYS_KNOWN_MAX });
  const going = createFlights<void>({
    clock,
    at_once_max: bounds.WAITING_MAX + bounds.LINES_MAX,
    busy: () => new Throttled("Too many letters wait for the mail server."),
  });
  const under_way = new Set<Promise<void>>();
  const server = (needs.calls ?? createCalls({ clock })).to({
    name: "mail",
    away: "The mail server takes no letters now. They wait and are tried again for about a day; the log says why.",
    at_once_max: bounds.LINES_MAX,
    waiting_max: bounds.WAITING_MAX,
    try_ms_max: send_ms_max,
    failures_max: bounds.FAILURES_MAX,
    away_ms_min: bounds.AWAY_MS_MIN,
    away_ms_max: bounds.AWAY_MS_MAX,
  });

  async function hand(message: MailMessage, signal: AbortSignal): Promise<void> {
    try {
      await transport.sendMail({ ...letterFor({ from, secret }, message, new Date(clock.now())), signal });
      sent.set(message.key, true);
    } catch (error) {
      throw meaningOf(error);
    }
  }

  /** Once: what the server has perhaps taken is not for the engine to send again. */
  async function deliver(message: MailMessage, by: Deadline): Promise<void> {
    // A server that says a little now and then is silent never and done never; this ends it. Who leaves does not: half a letter
    // may be a whole one there.
    const deadline = within({ at_ms: by.at_ms, signal: null }, clock.monotonic(), send_ms_max);
    try {
      await server.call((signal) => hand(message, signal), { deadline });
    } catch (error) {
      if (isUnasked(error)) throw new Transient(`The letter waits: ${error.message}`, againOf(error));
      const is_late = error instanceof TooSlow || error instanceof DeadlinePassed;
      throw is_late ? new Transient(`The mail server is too slow: ${error.message}`) : error;
    }
  }

  return {
    leaves_house: true,
    async send(message) {
      const checked = checkMessage(message);
      const { key } = checked;
      if (sent.has(key)) return;
      const by = deadlineHere();
      await onOwnTime(() =>
        going.join(key, () => {
          const way = deliver(checked, by).finally(() => under_way.delete(way));
          under_way.add(way);
          return way;
        }),
      );
    },
    outbox: async () => [],
    async check() {
      try {
        await transport.verify();
      } catch (error) {
        throw meaningOf(error);
      }
    },
    async [Symbol.asyncDispose]() {
      transport.close({ force: true });
      await Promise.allSettled(under_way);
    },
  };
}

const againOf = (error: Transient) => ({ cause: error, retry_after_ms: error.retry_after_ms });

/** The library leaves a letter unsigned where its key is none, and says nothing; so the key is looked at first. */
function checkDkim({ selector, key_pem }: { selector: string; key_pem: string }): void {
  if (!/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i.test(selector))
    throw new RangeError("The DKIM selector is not one label of a name in DNS, such as house1.");
  let kind: string | undefined;
  try {
    kind = createPrivateKey(key_pem).asymmetricKeyType;
  } catch {
    throw new RangeError("The DKIM key is not a private key in PEM.");
  }
  if (kind !== "rsa") throw new RangeError("The DKIM key is not an RSA key, the one kind that all servers know.");
}

/** The library signs the headers that lists have, but not yet the one of RFC 8058, which has to be among them. */
const signing = (from: string, { selector, key_pem }: { selector: string; key_pem: string }) => ({
  domainName: domainOf(from),
  keySelector: selector,
  privateKey: key_pem,
  headerFieldNames: SIGNED.join(":"),
});

const SIGNED = [
  "From",
  "Subject",
  "Date",
  "Message-ID",
  "To",
  "MIME-Version",
  "Content-Type",
  "Content-Transfer-Encoding",
  "Auto-Submitted",
  "List-Unsubscribe",
  "List-Unsubscribe-Post",
];
