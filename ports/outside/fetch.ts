import { lookup } from "node:dns/promises";
import { isIP } from "node:net";

import { type Deadline, deadlineIn } from "#kernel/deadline.ts";
import { DeadlinePassed, Problem, Transient } from "#kernel/errors.ts";
import { createCalls, isUnasked, TooSlow } from "#ports/calls/index.ts";

import { isOpenAddress } from "./addresses.ts";
import {
  ADDRESSES_TRIED_MAX,
  HEAD_MS_MAX,
  HOST_AT_ONCE_MAX,
  HOST_AWAY_MS_MAX,
  HOST_AWAY_MS_MIN,
  HOST_WAITING_MAX,
  HOSTS_KNOWN_MAX,
  NAME_MS_MAX,
  NAMES_AT_ONCE_MAX,
  OUTSIDE_AT_ONCE_MAX,
  OUTSIDE_WAITING_MAX,
  REDIRECTS_MAX,
  STALL_MS_MAX,
} from "./bounds.ts";
import type { AskedOutside, FromOutside, Outside, OutsideNeeds } from "./index.ts";
import { checkedUrl } from "./url.ts";

const AGENT = "folkhus";
/** The time of all is over for a head first, and only then for who reads the body: so a head that is late is told from one that is not wanted. */
const HEAD_FIRST_MS = 50;

/** One hop's request: to whom, with what, until when. */
interface Hop {
  headers: Record<string, string>;
  deadline: Deadline;
  /** Ends the answer's body too. */
  signal: AbortSignal;
  sent?: { method: "POST"; body: Uint8Array };
  /** What it means that it was sent, and no head came until the deadline. */
  late: () => Error;
}

export function createOutside(needs: OutsideNeeds): Outside {
  const { clock, calls = createCalls({ clock }) } = needs;
  const hosts = calls.toEach({
    name: "outside",
    at_once_max: HOST_AT_ONCE_MAX,
    waiting_max: HOST_WAITING_MAX,
    all_at_once_max: OUTSIDE_AT_ONCE_MAX,
    all_waiting_max: OUTSIDE_WAITING_MAX,
    keys_max: HOSTS_KNOWN_MAX,
    away_ms_min: HOST_AWAY_MS_MIN,
    away_ms_max: HOST_AWAY_MS_MAX,
  });
  const resolve =
    needs.resolve ?? (async (hostname) => (await lookup(hostname, { all: true })).map(({ address }) => address));

  const names = calls.to({
    name: "names",
    away: "Names of other servers cannot be looked up (DNS): previews, imports, pushes and webhooks wait.",
    at_once_max: NAMES_AT_ONCE_MAX,
    waiting_max: OUTSIDE_WAITING_MAX,
    try_ms_max: NAME_MS_MAX,
    tries_max: 2,
  });

  /** The system waits for its name servers as long as it likes, and nothing can end that: so nobody waits with it. */
  async function lookUp(hostname: string, deadline: Deadline): Promise<string[]> {
    try {
      return await names.call(() => resolve(hostname).catch(nowhere), { deadline, idempotent: true });
    } catch (error) {
      throw error instanceof TooSlow ? cannotLookUp(error) : error;
    }
  }

  /** Every address of the name must be open: one that is not is a sign of somebody's trick, not of bad luck. */
  async function addressesOf(url: URL, deadline: Deadline): Promise<string[]> {
    const hostname = url.hostname.replace(/^\[|\]$/g, "");
    const port = url.port || (url.protocol === "https:" ? "443" : "80");
    const addresses = isIP(hostname) ? [hostname] : await lookUp(hostname, deadline);
    const ok = (address: string) =>
      isOpenAddress(address) || needs.test_addresses?.includes(`${address}:${port}`) === true;
    if (addresses.length === 0 || !addresses.every(ok)) throw refusedAddress();
    return addresses.slice(0, ADDRESSES_TRIED_MAX);
  }

  /** One request to one address that was checked, under the name that was asked for. */
  async function connect(url: URL, address: string, { headers, sent }: Hop, signal: AbortSignal): Promise<Response> {
    const to = new URL(url);
    to.hostname = address.includes(":") ? `[${address}]` : address;
    const named = isIP(url.hostname.replace(/^\[|\]$/g, "")) === 0;
    return fetch(to, {
      headers: { ...headers, host: url.host },
      redirect: "manual",
      ...sent,
      // A line of another name to the same address must not be taken.
      keepalive: false,
      decompress: false,
      signal,
      tls: {
        ...(named ? { serverName: url.hostname } : {}),
        ...(needs.test_ca === undefined ? {} : { ca: needs.test_ca }),
      },
    } as BunFetchRequestInit);
  }

  /**
   * To the answer's head. Whether the host answers is known by its name, not by its addresses, and whatever status it says is
   * an answer: a path of somebody's that is broken must not stop what others have at the same host.
   */
  async function hop(url: URL, asked: Hop): Promise<Response> {
    const { deadline } = asked;
    try {
      const addresses = await addressesOf(url, deadline);
      // What was sent may have arrived though no answer came, so it is for the caller to say whether it goes again.
      const tried = asked.sent ? addresses.slice(0, 1) : addresses;
      const work = (signal: AbortSignal) => firstThatAnswers(url, tried, asked, signal);
      return await hosts.of(url.host).call(work, { deadline, try_ms_max: HEAD_MS_MAX * tried.length });
    } catch (error) {
      throw error instanceof DeadlinePassed && !isUnasked(error) ? asked.late() : error;
    }
  }

  async function firstThatAnswers(url: URL, addresses: string[], asked: Hop, given_up: AbortSignal): Promise<Response> {
    const signal = AbortSignal.any([asked.signal, given_up]);
    let failure: unknown = null;
    for (const address of addresses) {
      signal.throwIfAborted();
      const late = new AbortController();
      const timer = setTimeout(() => late.abort(noAnswer()), HEAD_MS_MAX);
      try {
        return await connect(url, address, asked, AbortSignal.any([signal, late.signal]));
      } catch (error) {
        signal.throwIfAborted();
        failure = error;
      } finally {
        clearTimeout(timer);
      }
    }
    throw failure instanceof Transient
      ? failure
      : new Transient(`The other side cannot be reached: ${(failure as Error).message}`);
  }

  return {
    async sendOutside(to, { headers, body, ms_max, answer_bytes_max = 0, signal }) {
      const ended = new AbortController();
      const deadline = deadlineIn(clock.monotonic(), ms_max, signal ?? null);
      const over = setTimeout(() => ended.abort(noAnswer()), ms_max + HEAD_FIRST_MS);
      try {
        const both = signal ? AbortSignal.any([signal, ended.signal]) : ended.signal;
        const response = await hop(checkedUrl(to), {
          headers: { "user-agent": AGENT, ...headers },
          deadline,
          signal: both,
          sent: { method: "POST", body },
          late: noAnswer,
        });
        const { status } = response;
        const retry_after = response.headers.get("retry-after");
        if (answer_bytes_max > 0)
          return { status, retry_after, words: await beginningOf(response, answer_bytes_max, both) };
        // Nobody wants its words, and they may be endless.
        await response.body?.cancel();
        return { status, retry_after };
      } finally {
        clearTimeout(over);
        ended.abort(new Transient("It has been answered."));
      }
    },

    async fetchOutside(from, asked) {
      const ended = new AbortController();
      const deadline = deadlineIn(clock.monotonic(), asked.ms_max, asked.signal ?? null);
      const over = setTimeout(() => ended.abort(tooSlow()), asked.ms_max + HEAD_FIRST_MS);
      const signal = asked.signal ? AbortSignal.any([asked.signal, ended.signal]) : ended.signal;
      let handed = false;
      try {
        const headers: Record<string, string> = { "user-agent": AGENT, accept: "*/*", "accept-encoding": "identity" };
        if (asked.resume) {
          headers.range = `bytes=${asked.resume.from_byte}-`;
          headers["if-range"] = asked.resume.etag;
        }
        let url = checkedUrl(from);
        for (let hops = 0; ; hops++) {
          const response = await hop(url, { headers, deadline, signal, late: tooSlow });
          const location = response.headers.get("location");
          if (response.status >= 300 && response.status < 400 && location !== null) {
            await response.body?.cancel();
            if (hops >= REDIRECTS_MAX)
              throw new Problem(422, "outside.redirects", `This address leads on more than ${REDIRECTS_MAX} times.`);
            url = checkedUrl(location, url);
            continue;
          }
          const answer = read(response, url, asked, signal, () => {
            clearTimeout(over);
            ended.abort(new Transient("The reader left."));
          });
          handed = true;
          return answer;
        }
      } finally {
        if (!handed) {
          clearTimeout(over);
          ended.abort(new Transient("It was not read."));
        }
      }
    },
  };

  function read(response: Response, url: URL, asked: AskedOutside, signal: AbortSignal, done: () => void): FromOutside {
    const { status, headers } = response;
    if (status === 429 || status >= 500) throw new Transient(`The other side answered ${status}.`);
    if (status !== 200 && !(status === 206 && asked.resume))
      throw new Problem(422, "outside.status", `The other side answered ${status} where a file should be.`);
    if ((headers.get("content-encoding") ?? "identity").toLowerCase() !== "identity")
      throw new Problem(422, "outside.encoding", "The other side sends this packed, though it was asked not to.");
    const media_type = (headers.get("content-type") ?? "").toLowerCase().split(";", 1)[0]!.trim();
    if (!asked.accepts(media_type, url.href))
      throw new Problem(
        415,
        "outside.type_refused",
        `There is ${media_type || "something without a type"} at this address, which is not taken.`,
      );
    const range = /^bytes (\d{1,15})-\d{1,15}\/(\d{1,15})$/.exec(headers.get("content-range") ?? "");
    if (status === 206 && Number(range?.[1]) !== asked.resume?.from_byte)
      throw new Problem(422, "outside.range", "The other side answered with another part than was asked for.");
    const from_byte = status === 206 ? Number(range?.[1]) : 0;
    const told = headers.get("content-length");
    const size_bytes =
      status === 206 ? Number(range?.[2]) : told !== null && /^\d{1,15}$/.test(told) ? Number(told) : null;
    if (size_bytes !== null && size_bytes - from_byte > asked.bytes_max) throw tooLarge(asked.bytes_max);
    const etag = headers.get("etag");
    const reader = response.body?.getReader();
    const drop = async () => {
      done();
      await reader?.cancel().catch(() => {});
    };
    const left_bytes = size_bytes === null ? null : size_bytes - from_byte;
    return {
      drop,
      url: url.href,
      media_type,
      charset: /;\s*charset="?([\w.:-]{1,40})/i.exec(headers.get("content-type") ?? "")?.[1]?.toLowerCase() ?? null,
      size_bytes,
      etag: etag !== null && /^"[\x21\x23-\x7e]{0,200}"$/.test(etag) ? etag : null,
      from_byte,
      body: bodyOf(reader, asked.bytes_max, left_bytes, signal, drop),
    };
  }

  async function* bodyOf(
    reader: ReadableStreamDefaultReader<Uint8Array> | undefined,
    bytes_max: number,
    promised_bytes: number | null,
    signal: AbortSignal,
    drop: () => Promise<void>,
  ): AsyncGenerator<Uint8Array> {
    let bytes = 0;
    try {
      while (reader) {
        const stalled = new AbortController();
        const next = await Promise.race([
          reader.read(),
          clock.sleep(STALL_MS_MAX, AbortSignal.any([stalled.signal, signal])).then(() => "stalled" as const),
        ]).catch((error: unknown) => {
          signal.throwIfAborted();
          throw new Transient(`The line broke: ${(error as Error).message}`);
        });
        stalled.abort();
        if (next === "stalled") throw new Transient("Nothing came for a while.");
        if (next.done) break;
        bytes += next.value.byteLength;
        if (bytes > bytes_max) throw tooLarge(bytes_max);
        yield next.value;
      }
      if (promised_bytes !== null && bytes < promised_bytes) throw new Transient("The line broke before the end.");
    } finally {
      await drop();
    }
  }
}

/** Its status has come, and that is the answer: what its words lack when the time is over, they lack. */
async function beginningOf(response: Response, bytes_max: number, signal: AbortSignal): Promise<Uint8Array> {
  const reader = response.body?.getReader();
  const words = new Uint8Array(bytes_max);
  let bytes = 0;
  try {
    while (reader && bytes < bytes_max && !signal.aborted) {
      const { done, value } = await reader.read();
      if (done) break;
      const taken = value.subarray(0, bytes_max - bytes);
      words.set(taken, bytes);
      bytes += taken.byteLength;
    }
  } catch {
    // A line that breaks here has said enough.
  } finally {
    await reader?.cancel().catch(() => {});
  }
  return words.subarray(0, bytes);
}

/** The same for a name that does not exist and one that leads inside: nobody learns here what is behind our walls. */
const refusedAddress = () =>
  new Problem(422, "outside.address_refused", "This address does not lead to the open internet, or to nobody at all.");

const cannotLookUp = (cause: unknown) => new Transient("Names cannot be looked up now.", { cause });

function nowhere(error: unknown): never {
  if (["EAI_AGAIN", "ETIMEOUT", "ESERVFAIL"].includes(String((error as NodeJS.ErrnoException).code)))
    throw cannotLookUp(error);
  throw refusedAddress();
}

const noAnswer = () => new Transient("The other side did not answer in time.");
const tooSlow = () => new Problem(422, "outside.too_slow", "This took too long and was given up.");

const tooLarge = (bytes_max: number) =>
  new Problem(413, "outside.too_large", `What is at this address has more than the ${bytes_max} bytes that may come.`);
