import { createDecipheriv, createECDH, hkdfSync, randomBytes } from "node:crypto";

import type { PushMessage } from "./contract.ts";

/** A push service on this machine: it keeps what it took, by path, and answers as it is told. Disposing stops it. */
export interface TestPushService extends AsyncDisposable {
  /** Where it listens: `127.0.0.1:4321`. */
  here: string;
  answers: Map<string, () => Response>;
  /** Of all that it took. */
  paths(): string[];
  /** Forgets what it took and how it was told to answer. */
  clear(): void;
  /** A browser of somebody: its keys, and what it reads of what the service took. */
  browser(path?: string): TestBrowser;
}

export interface TestBrowser {
  path: string;
  /** What it subscribes with. */
  body(more?: { may_clear?: boolean; label?: string }): {
    endpoint: string;
    keys: { p256dh: string; auth: string };
    may_clear?: boolean;
    label?: string;
  };
  read(): PushMessage[];
  headers(): Headers[];
}

export function testPushService(): TestPushService {
  const taken: { path: string; headers: Headers; body: Uint8Array }[] = [];
  const answers = new Map<string, () => Response>();
  let made = 0;
  const service = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      const path = new URL(request.url).pathname;
      const answer = answers.get(path)?.() ?? new Response(null, { status: 201 });
      if (answer.ok) taken.push({ path, headers: request.headers, body: await request.bytes() });
      return answer;
    },
  });
  const here = `127.0.0.1:${service.port}`;
  return {
    here,
    answers,
    paths: () => taken.map(({ path }) => path),
    clear() {
      taken.length = 0;
      answers.clear();
    },
    browser(path = `/b${made++}`) {
      const keys = createECDH("prime256v1");
      keys.generateKeys();
      const auth = randomBytes(16);
      return {
        path,
        body: (more = {}) => ({
          endpoint: `http://${here}${path}`,
          keys: { p256dh: keys.getPublicKey("base64url"), auth: auth.toString("base64url") },
          ...more,
        }),
        read: () => taken.filter((one) => one.path === path).map(({ body }) => open(body, keys, auth)),
        headers: () => taken.filter((one) => one.path === path).map(({ headers }) => headers),
      };
    },
    async [Symbol.asyncDispose]() {
      await service.stop(true);
    },
  };
}

function open(message: Uint8Array, keys: ReturnType<typeof createECDH>, auth: Uint8Array): PushMessage {
  const all = Buffer.from(message);
  const [salt, theirs] = [all.subarray(0, 16), all.subarray(21, 86)];
  const info = Buffer.concat([Buffer.from("WebPush: info\0"), keys.getPublicKey(), theirs]);
  const ikm = new Uint8Array(hkdfSync("sha256", keys.computeSecret(theirs), auth, info, 32));
  const of = (name: string, bytes: number) =>
    new Uint8Array(hkdfSync("sha256", ikm, salt, `Content-Encoding: ${name}\0`, bytes));
  const decipher = createDecipheriv("aes-128-gcm", of("aes128gcm", 16), of("nonce", 12));
  decipher.setAuthTag(all.subarray(-16));
  const text = Buffer.concat([decipher.update(all.subarray(86, -16)), decipher.final()]);
  return JSON.parse(text.subarray(0, -1).toString()) as PushMessage;
}
