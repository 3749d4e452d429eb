import { afterAll, describe, expect, test } from "bun:test";

import { MINUTE_MS } from "#kernel/time.ts";
import { createSystemClock } from "#ports/clock/index.ts";

import { PASSKEYS_PER_PERSON_MAX } from "./bounds.ts";
import { peopleRoutes as r } from "./contract.ts";
import { TEST_PASSWORD, testHouse } from "./testing.ts";

const system = createSystemClock();
let ahead_ms = 0;
const house = await testHouse([], { clock: { ...system, now: () => system.now() + ahead_ms } });
const { client } = house;
afterAll(async () => {
  expect(house.broken).toEqual([]);
  await house[Symbol.asyncDispose]();
});

const ORIGIN = "http://house.test";
const b64 = (bytes: Uint8Array | ArrayBuffer) => Buffer.from(bytes as Uint8Array).toString("base64url");
const sha256 = (bytes: Uint8Array | string) => new Uint8Array(new Bun.CryptoHasher("sha256").update(bytes).digest());

/** As much CBOR as an authenticator writes. */
function cbor(value: unknown): Buffer {
  const head = (major: number, n: number) =>
    Buffer.from(n < 24 ? [(major << 5) | n] : n < 256 ? [(major << 5) | 24, n] : [(major << 5) | 25, n >> 8, n & 255]);
  if (typeof value === "number") return value >= 0 ? head(0, value) : head(1, -1 - value);
  if (typeof value === "string") return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (value instanceof Uint8Array) return Buffer.concat([head(2, value.length), value]);
  if (Array.isArray(value)) return Buffer.concat([head(4, value.length), ...value.map(cbor)]);
  const entries = [...(value as Map<unknown, unknown>)];
  return Buffer.concat([head(5, entries.length), ...entries.flatMap(([k, v]) => [cbor(k), cbor(v)])]);
}

/** A device with one key: what a browser and its authenticator would send. */
async function device(rp = "house.test") {
  const keys = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign"]);
  const jwk = await crypto.subtle.exportKey("jwk", keys.publicKey);
  const id = crypto.getRandomValues(new Uint8Array(32));
  const cose = cbor(
    new Map<number, unknown>([
      [1, 2],
      [3, -7],
      [-1, 1],
      [-2, Buffer.from(jwk.x!, "base64url")],
      [-3, Buffer.from(jwk.y!, "base64url")],
    ]),
  );
  let count = 0;
  const authData = (flags: number, attested: Buffer) => {
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(count);
    return Buffer.concat([sha256(rp), Buffer.from([flags]), counter, attested]);
  };
  const clientData = (type: string, challenge: string, origin: string) =>
    Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin: false }));
  const der = (raw: Uint8Array) => {
    const int = (part: Uint8Array) => {
      let bytes = Buffer.from(part);
      while (bytes.length > 1 && bytes[0] === 0 && bytes[1]! < 128) bytes = bytes.subarray(1);
      if (bytes[0]! >= 128) bytes = Buffer.concat([Buffer.from([0]), bytes]);
      return Buffer.concat([Buffer.from([2, bytes.length]), bytes]);
    };
    const body = Buffer.concat([int(raw.slice(0, 32)), int(raw.slice(32))]);
    return Buffer.concat([Buffer.from([0x30, body.length]), body]);
  };
  return {
    id: b64(id),
    create(
      challenge: string,
      { origin = ORIGIN, flags = 0x45, fmt = "none", attStmt = new Map<string, unknown>() } = {},
    ) {
      const attested = Buffer.concat([Buffer.alloc(16), Buffer.from([0, id.length]), id, cose]);
      const attestation = cbor(
        new Map<string, unknown>([
          ["fmt", fmt],
          ["attStmt", attStmt],
          ["authData", authData(flags, attested)],
        ]),
      );
      return {
        id: b64(id),
        rawId: b64(id),
        type: "public-key" as const,
        response: {
          clientDataJSON: b64(clientData("webauthn.create", challenge, origin)),
          attestationObject: b64(attestation),
          transports: ["internal" as const],
        },
        clientExtensionResults: {},
      };
    },
    async get(challenge: string, { origin = ORIGIN, flags = 0x05, broken = false } = {}) {
      count++;
      const data = authData(flags, Buffer.alloc(0));
      const client_data = clientData("webauthn.get", challenge, origin);
      const signed = Buffer.concat([data, sha256(broken ? "something else" : client_data)]);
      const signature = new Uint8Array(
        await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, keys.privateKey, signed),
      );
      return {
        id: b64(id),
        rawId: b64(id),
        type: "public-key" as const,
        response: { clientDataJSON: b64(client_data), authenticatorData: b64(data), signature: b64(der(signature)) },
        clientExtensionResults: {},
      };
    },
  };
}

const options = async (token: string) =>
  (await client.call(r.passkeyRegistration, { token, body: { password: TEST_PASSWORD } })).body.challenge;
const challenge = async () => (await client.call(r.passkeyChallenge)).body.challenge;
const register = (
  token: string,
  response: Awaited<ReturnType<Awaited<ReturnType<typeof device>>["create"]>>,
  name = "Key",
) => client.call(r.registerPasskey, { token, body: { name, response } });
const signIn = (response: Awaited<ReturnType<Awaited<ReturnType<typeof device>>["get"]>>) =>
  client.call(r.passkeySignIn, { body: { response } });

describe("people: passkeys", () => {
  test("PE50: adding one takes the password again, and a session", async () => {
    const p = await house.person("keyless");
    expect(
      (await client.call(r.passkeyRegistration, { token: p.token, body: { password: "not the password" } })).code,
    ).toBe("people.wrong_password");
    const pat = await client.call(r.createToken, { token: p.token, body: { name: "t", scopes: ["account"] } });
    expect(
      (await client.call(r.passkeyRegistration, { token: pat.body.secret, body: { password: TEST_PASSWORD } })).code,
    ).toBe("people.session_needed");
    const d = await device();
    expect((await register(pat.body.secret, d.create(await options(p.token)))).code).toBe("people.session_needed");
  });

  test("PE51: an answer to another's challenge, to none, twice, from another site, without its user, or with certificates is refused", async () => {
    const [p, other] = [await house.person("careful"), await house.person("another")];
    const d = await device();
    const evil = await device("evil.test");
    const refused = async (response: ReturnType<typeof d.create>) =>
      expect((await register(p.token, response)).code).toBe("people.passkey_invalid");
    await refused(d.create(await options(other.token)));
    await refused(d.create(b64(new Uint8Array(32))));
    await refused(d.create(await challenge()));
    await refused(d.create(await options(p.token), { origin: "http://evil.test" }));
    await refused(evil.create(await options(p.token)));
    await refused(d.create(await options(p.token), { flags: 0x41 }));
    await refused(
      d.create(await options(p.token), {
        fmt: "packed",
        attStmt: new Map<string, unknown>([
          ["alg", -7],
          ["sig", Buffer.alloc(8)],
          ["x5c", [Buffer.alloc(8)]],
        ]),
      }),
    );
    await refused({
      ...d.create(await options(p.token)),
      response: { clientDataJSON: "AAAA", attestationObject: "AAAA", transports: ["internal"] },
    });
    const once = await options(p.token);
    expect((await register(p.token, d.create(once), "Phone")).body).toMatchObject({
      name: "Phone",
      last_used_at: null,
    });
    await refused(d.create(once));
    await refused(d.create(await options(p.token)));
    const late = await options(p.token);
    ahead_ms += 6 * MINUTE_MS;
    await refused((await device()).create(late));
    ahead_ms = 0;
  });

  test("PE52: a passkey signs its person in; a wrong signature, an unknown key, a spent challenge and a counter that went back do not", async () => {
    const p = await house.person("keyed_in");
    const d = await device();
    await register(p.token, d.create(await options(p.token)));
    const refused = async (response: Awaited<ReturnType<typeof d.get>>) =>
      expect((await signIn(response)).code).toBe("people.passkey_invalid");
    await refused(await d.get(await challenge(), { broken: true }));
    await refused(await (await device()).get(await challenge()));
    await refused(await d.get(await challenge(), { origin: "http://evil.test" }));
    await refused(await d.get(await challenge(), { flags: 0x01 }));
    await refused(await d.get(await options(p.token)));
    const spent = await challenge();
    const { status, body, headers } = await signIn(await d.get(spent));
    expect([status, body.person.handle]).toEqual([201, "keyed_in"]);
    expect(headers.get("set-cookie")).toContain("HttpOnly");
    expect((await client.call(r.me, { token: body.token })).body.id).toBe(p.id);
    await refused(await d.get(spent));
    await house.db.sql.pool`UPDATE people_passkeys SET sign_count = 1000 WHERE person_id = ${p.id}`;
    await refused(await d.get(await challenge()));
  });

  test("PE53: a person sees and removes their own; a removed one signs nobody in, and a reset removes them all", async () => {
    const [p, other] = [await house.person("remover"), await house.person("another")];
    const [one, two] = [await device(), await device()];
    const { body } = await register(p.token, one.create(await options(p.token)), "One");
    await register(p.token, two.create(await options(p.token)), "Two");
    expect((await client.call(r.listPasskeys, { token: p.token })).body.items.map((k) => k.name)).toEqual([
      "Two",
      "One",
    ]);
    expect((await client.call(r.removePasskey, { token: other.token, params: { id: body.id } })).code).toBe(
      "passkey.not_found",
    );
    expect((await client.call(r.removePasskey, { token: p.token, params: { id: body.id } })).status).toBe(204);
    expect((await signIn(await one.get(await challenge()))).code).toBe("people.passkey_invalid");
    expect((await signIn(await two.get(await challenge()))).status).toBe(201);
    await house.people.setPassword("remover", "eleven odd kettles");
    expect((await signIn(await two.get(await challenge()))).code).toBe("people.passkey_invalid");
  });

  test(`PE55: one person has at most ${PASSKEYS_PER_PERSON_MAX} passkeys`, async () => {
    const p = await house.person("hoarder");
    await house.db.sql.pool`INSERT INTO people_passkeys (id, person_id, name, credential_id, public_key, created_at)
      SELECT n, ${p.id}, 'x', 'c' || n, 'x', now() FROM generate_series(1, ${PASSKEYS_PER_PERSON_MAX - 1}) n`;
    const [one, two] = [await device(), await device()];
    expect((await register(p.token, one.create(await options(p.token)))).status).toBe(201);
    expect((await register(p.token, two.create(await options(p.token)))).code).toBe("people.too_many");
  });
});
