import { Agent, request } from "node:http";

/**
 * A process of its own that asks a house as many clients at once do; run by `storm.ts`, which sends what is wanted as JSON on
 * standard input. It ends with its time, or when its input ends. At its end it prints what it was answered.
 */
export interface StormWanted {
  url: string;
  seconds: number;
  clients: number;
  /** Between an answer and the next request of the same client. */
  gap_ms: number;
  /** After a refusal or an error, whatever the answer says of when to come back. */
  retry_gap_ms: number;
  /** Clients take them in turn; each has an address of its own where the house is on the loopback address. */
  tokens: readonly string[];
  /** Taken in turn. */
  asks: readonly { method: "GET" | "PUT" | "DELETE"; path: string }[];
}

export interface StormMet {
  asked: number;
  answered: number;
  refused: number;
  failed: number;
  unanswered: number;
}

const REQUEST_MS_MAX = 15_000;

if (import.meta.main) {
  const met: StormMet = { asked: 0, answered: 0, refused: 0, failed: 0, unanswered: 0 };
  const end = () => process.stdout.write(`${JSON.stringify(met)}\n`, () => process.exit(0));
  let text = "";
  const wanted = await new Promise<StormWanted>((resolve) => {
    process.stdin.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      if (text.endsWith("\n")) resolve(JSON.parse(text) as StormWanted);
    });
    process.stdin.on("end", end);
  });
  const until = performance.now() + wanted.seconds * 1_000;
  const clients = Array.from({ length: wanted.clients }, (_, i) => client(wanted, i, until, met));
  await Promise.race([Promise.all(clients), Bun.sleep(wanted.seconds * 1_000 + 1_000)]);
  end();
}

async function client(wanted: StormWanted, number: number, until: number, met: StormMet): Promise<void> {
  const { hostname, port } = new URL(wanted.url);
  const group = number % Math.max(1, wanted.tokens.length);
  const token = wanted.tokens[group];
  // All of 127.0.0.0/8 is this machine on Linux, so each group of clients comes from an address of its own.
  const own = hostname === "127.0.0.1" && process.platform === "linux" ? { localAddress: `127.0.77.${group + 1}` } : {};
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  for (let turn = number; performance.now() < until; turn++) {
    const { method, path } = wanted.asks[turn % wanted.asks.length]!;
    met.asked += 1;
    const status = await new Promise<number>((resolve) => {
      const asking = request(
        {
          hostname,
          port,
          path,
          method,
          agent,
          ...own,
          headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
          timeout: REQUEST_MS_MAX,
        },
        (response) => {
          response.on("error", () => resolve(0));
          response.on("end", () => resolve(response.statusCode ?? 0));
          response.resume();
        },
      );
      asking.on("error", () => resolve(0));
      asking.on("timeout", () => asking.destroy());
      asking.end();
    });
    const well = status >= 200 && status < 400;
    if (well) met.answered += 1;
    else if ([429, 503, 507].includes(status)) met.refused += 1;
    else if (status === 0) met.unanswered += 1;
    else met.failed += 1;
    await Bun.sleep(well ? wanted.gap_ms : wanted.retry_gap_ms);
  }
}
