import { afterAll, beforeAll, describe, expect, test } from "bun:test";

import type { Blobs } from "./index.ts";

const film = { media_type: "video/mp4" };
const bytes = new TextEncoder().encode("0123456789");
const inAnHour = () => Date.now() + 3_600_000;

/** What may be taken back: addresses bound to a holder, and what edges keep. Part of the contract of every engine. */
export function holdersContract(engine: string, open: () => Promise<AsyncDisposable & { blobs: Blobs }>): void {
  describe(`holders and edges on ${engine}`, () => {
    let under: Awaited<ReturnType<typeof open>>;
    let blobs: Blobs;
    let server: ReturnType<typeof Bun.serve>;
    const revoked = new Set<string>();
    const taken = new Set<string>();
    const withdrawn = new Set<string>();

    beforeAll(async () => {
      under = await open();
      blobs = under.blobs;
      server = Bun.serve({ port: 0, fetch: (request) => blobs.handler(request) });
      blobs.guardWith({
        isRevoked: (holder) => revoked.has(holder),
        isWithdrawn: async (name, holder) => withdrawn.has(name) && holder !== "owner",
        isShown: async (name) => (name.startsWith("public/t/") ? !taken.has(name) : null),
      });
      for (const name of ["h/1.mp4", "h/2.mp4", "public/h/1.mp4"]) await blobs.put(name, bytes, film);
    });
    afterAll(async () => {
      await server.stop(true);
      await under[Symbol.asyncDispose]();
    });
    const ask = (url: string, init?: RequestInit) => fetch(new URL(url, server.url), { redirect: "manual", ...init });
    /** 200 where we serve, 307 where a store does. */
    const good = [200, 307];
    const codeOf = async (answer: Response) => ((await answer.json()) as { code: string }).code;
    const allowed = async (url: string) => {
      const answer = await ask(url.replace("/blobs/", "/blobs-allow/"));
      return [answer.status, answer.headers.get("x-refused")];
    };

    test("BL44: a holder taken off, changed or put on by somebody else is no signature", async () => {
      const prefix = blobs.urlSignedPrefix("h/", inAnHour());
      const one = blobs.urlSigned("h/1.mp4", { expires_at_ms: inAnHour(), download_as: "a.mp4" });
      for (const url of [`${prefix}1.mp4`, one]) {
        const bound = blobs.bindTo(url, "ann");
        expect(good).toContain((await ask(bound)).status);
        const [, mac = ""] = /\.([\w-]{43})\//.exec(url) ?? [];
        const [, bound_mac = ""] = /\.([\w-]{43})\//.exec(bound) ?? [];
        for (const forged of [
          bound.replace(".ann.", "."),
          bound.replace(".ann.", ".bob."),
          bound.replace(".ann.", ".."),
          bound.replace(".ann.", ".ann.bob."),
          bound.replace(bound_mac, mac),
          url.replace(`.${mac}`, `.ann.${mac}`),
          bound.replace("1.mp4", "2.mp4").replace("/h/", "/public/"),
        ])
          expect([403, 404], forged).toContain((await ask(forged)).status);
      }
    });

    test("BL44: binding a text binds what we signed, once, and makes nothing good that was not", async () => {
      const prefix = blobs.urlSignedPrefix("h/", inAnHour());
      const open_url = blobs.urlPublic("public/h/1.mp4");
      const forged = `/blobs/s/${inAnHour()}.1.${"A".repeat(43)}/h/1.mp4`;
      const text = JSON.stringify({ list: [`${prefix}1.mp4`, `${prefix}2.mp4`], open_url, words: `see ${forged}` });
      const bound = blobs.bindTo(text, "ann");
      const { list, open_url: same, words } = JSON.parse(bound) as { list: string[]; open_url: string; words: string };
      expect(same).toBe(open_url);
      for (const url of list) expect(good).toContain((await ask(url)).status);
      expect(list.every((url) => url.includes(".ann."))).toBe(true);
      expect((await ask(words.slice(4))).status).toBe(403);
      expect(blobs.bindTo(bound, "bob")).toBe(bound);
      expect(blobs.bindTo(text, "ann")).toBe(bound);
      for (const holder of ["", "a.b", "a/b", "a b", "x".repeat(65)])
        expect(() => blobs.bindTo(text, holder)).toThrow(RangeError);
    });

    test("BL45: what was given to a holder is refused from the moment that they are revoked, and to nobody else", async () => {
      const prefix = blobs.urlSignedPrefix("h/", inAnHour());
      const [ann, bob] = [blobs.bindTo(`${prefix}1.mp4`, "ann"), blobs.bindTo(`${prefix}1.mp4`, "bob")];
      expect(good).toContain((await ask(ann)).status);
      revoked.add("ann");
      const refused = await ask(ann);
      expect([refused.status, await codeOf(refused)]).toEqual([403, "blob.revoked"]);
      expect(await allowed(ann)).toEqual([403, "blob.revoked"]);
      expect(good).toContain((await ask(bob)).status);
      expect(await allowed(bob)).toEqual([204, null]);
      revoked.delete("ann");
      expect(good).toContain((await ask(ann)).status);
    });

    test("BL52: what the guard withdraws is gone for who asks, while its bytes are there, and not for whom it is kept", async () => {
      const signed = `${blobs.urlSignedPrefix("h/", inAnHour())}2.mp4`;
      const [open, own] = [blobs.urlPublic("public/h/1.mp4"), blobs.bindTo(signed, "owner")];
      for (const url of [signed, open, own]) expect(good).toContain((await ask(url)).status);
      withdrawn.add("h/2.mp4").add("public/h/1.mp4");
      for (const url of [signed, open]) {
        const refused = await ask(url);
        expect([refused.status, await codeOf(refused)]).toEqual([404, "blob.gone"]);
        expect(await allowed(url)).toEqual([403, "blob.gone"]);
      }
      expect(good).toContain((await ask(own)).status);
      expect((await ask(open)).headers.get("cache-control")).toBe("no-store");
      withdrawn.clear();
      for (const url of [signed, open]) expect(good).toContain((await ask(url)).status);
    });

    test("BL46: an edge is told whether an address holds: forged, expired, not there, a part, or good", async () => {
      const prefix = blobs.urlSignedPrefix("h/", inAnHour());
      const one = blobs.urlSigned("h/1.mp4", { expires_at_ms: inAnHour() });
      for (const url of [prefix, `${prefix}1.mp4`, one, blobs.urlPublic("public/h/1.mp4"), "/blobs/public/h/"])
        expect([url, ...(await allowed(url))]).toEqual([url, 204, null]);
      expect(await allowed(prefix.replace("/h/", "/other/"))).toEqual([403, "blob.signature"]);
      expect(await allowed(blobs.urlSignedPrefix("h/", Date.now() - 1))).toEqual([403, "blob.url_expired"]);
      expect(await allowed(blobs.urlPublic("public/h/3.mp4"))).toEqual([403, "blob.gone"]);
      expect(await allowed("/blobs/public/nothing/")).toEqual([403, "blob.gone"]);
      expect(await allowed("/blobs/h/1.mp4")).toEqual([403, "blob.not_found"]);
      expect(await allowed("/blobs/parts/1.2.abc/up/1")).toEqual([403, "blob.signature"]);
      expect((await ask(prefix.replace("/blobs/", "/blobs-allow/"), { method: "POST" })).status).toBe(405);
    });

    test("BL46: the answer says how long it may be kept, and for how long when we are away: never beyond the signature", async () => {
      const cache = async (url: string) =>
        (await ask(url.replace("/blobs/", "/blobs-allow/"))).headers.get("cache-control");
      expect(await cache("/blobs/public/h/")).toBe("max-age=1, stale-if-error=86400");
      expect(await cache(blobs.urlSignedPrefix("h/", inAnHour()))).toBe("max-age=1, stale-if-error=300");
      expect(await cache(blobs.urlSignedPrefix("h/", Date.now() + 20_500))).toMatch(/stale-if-error=(19|18)$/);
      expect(await cache(blobs.urlSignedPrefix("h/", Date.now() - 1))).toBe("max-age=1");
      expect(await cache(`/blobs/s/${inAnHour()}.1.${"A".repeat(43)}/h/`)).toBe("no-store");
    });

    test("BL46: what the guard takes down is gone for edges while its bytes are still there", async () => {
      await blobs.put("public/t/1.mp4", bytes, film);
      expect(await allowed(blobs.urlPublic("public/t/1.mp4"))).toEqual([204, null]);
      taken.add("public/t/1.mp4").add("public/t/");
      expect(await allowed(blobs.urlPublic("public/t/1.mp4"))).toEqual([403, "blob.gone"]);
      expect(await allowed("/blobs/public/t/")).toEqual([403, "blob.gone"]);
    });
  });
}
