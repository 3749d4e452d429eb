import { expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { mkdir, realpath, rm } from "node:fs/promises";
import { dirname, join } from "node:path";

import { createPost, homeFeed } from "#systems/feed/contract.ts";
import { createUpload, signParts } from "#systems/media/contract.ts";

import { personOf, startHouse } from "./house.ts";

const MINUTE = 60_000;
const MIB = 2 ** 20;
/** A house without films takes 90 MiB of it; the rest is taken away. */
const DISK_MIB = 192;
const POSTS_MAX = 3_000;
/** Which no compression makes fit. */
const noise = () => randomBytes(2_000).toString("base64");

const run = (...command: string[]) => {
  const { exitCode, stderr } = Bun.spawnSync(command, { stderr: "pipe" });
  if (exitCode !== 0) throw new Error(`${command.join(" ")}: ${stderr.toString()}`);
};
/** A file system of its own that can be filled to its last byte, without anybody else noticing. */
function mayMount(): boolean {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return false;
  const at = `/tmp/mount-${process.pid}`;
  Bun.spawnSync(["mkdir", "-p", at]);
  const { exitCode } = Bun.spawnSync(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", at], { stderr: "ignore" });
  if (exitCode === 0) Bun.spawnSync(["umount", at]);
  Bun.spawnSync(["rmdir", at]);
  return exitCode === 0;
}

test.skipIf(!mayMount())(
  "FU4: with not one byte left, for the database and for films alike, what is refused says so, reading goes on, nothing acknowledged is lost, and all heals when there is room (needs root that may mount)",
  async () => {
    const house = await startHouse({ FOLKHUS_FREE_MIB_MIN: "1" }, async (data) => {
      const aside = `${data}.aside`;
      await mkdir(aside);
      // Some of it may be elsewhere, with a link here.
      run("cp", "-a", await realpath(join(data, "postgres")), join(aside, "postgres"));
      run("ln", "-s", await realpath(join(data, "page")), join(aside, "page"));
      run("mount", "-t", "tmpfs", "-o", `size=${DISK_MIB}m,mode=711`, "tmpfs", data);
      run("cp", "-a", `${aside}/.`, data);
      await rm(aside, { recursive: true });
    });
    const ballast = join(house.data_folder, "ballast");
    try {
      const token = await personOf(house, "astrid");
      const post = async (text: string) => house.client.call(createPost, { token, body: { text, audience: "public" } });
      const first = (await post("before")).body.id;
      const begun = await house.client.call(createUpload, {
        token,
        body: { filename: "a.mp4", size_bytes: 4 * MIB, media_type: "video/mp4" },
      });
      const signed = await house.client.call(signParts, {
        token,
        params: { upload_id: begun.body.id },
        body: { part_numbers: [1] },
      });
      const put = () =>
        fetch(new URL(signed.body.parts[0]!.url, house.url), { method: "PUT", body: new Uint8Array(4 * MIB) });

      // To the last byte: by halves, until not even a page goes.
      for (let bytes = DISK_MIB * MIB; bytes >= 4_096;) {
        const size = Bun.file(ballast).size;
        const { exitCode } = Bun.spawnSync(
          ["fallocate", "--offset", String(size), "--length", String(bytes), ballast],
          { stderr: "ignore" },
        );
        if (exitCode !== 0) bytes = Math.floor(bytes / 2);
      }

      const part = await put();
      expect([part.status, ((await part.json()) as { code: string }).code]).toEqual([507, "blob.disk_full"]);
      const another = await house.client.call(createUpload, {
        token,
        body: { filename: "b.mp4", size_bytes: 4 * MIB, media_type: "video/mp4" },
      });
      expect(another.code).toBe("upload.no_space");

      const kept = [first];
      const refusals = new Map<string, number>();
      for (let i = 0; i < POSTS_MAX && (refusals.get("refused") ?? 0) < 5; i++) {
        const posted = await post(`${i} ${noise()}`);
        if (posted.status === 201) kept.push(posted.body.id);
        else if (posted.status === 429) await Bun.sleep(500);
        else {
          const { status, code } = posted;
          refusals.set("refused", (refusals.get("refused") ?? 0) + 1);
          refusals.set(`${status} ${code}`, (refusals.get(`${status} ${code}`) ?? 0) + 1);
        }
      }
      expect(refusals.get("refused")).toBe(5);
      expect([...refusals.keys()].filter((key) => key.startsWith("5") && !/^50[37] /.test(key))).toEqual([]);
      const home = await house.client.call(homeFeed, { token });
      expect([home.status, home.body.items.length > 0]).toEqual([200, true]);

      await rm(ballast);
      const until = async (isSo: () => Promise<boolean>) => {
        while (!(await isSo().catch(() => false))) await Bun.sleep(100);
      };
      await until(async () => (await post("there is room again")).status === 201);
      expect((await put()).status).toBe(200);
      await until(async () => (await fetch(`${house.url}/readyz`)).status === 200);
      await using sql = await house.database();
      const [found] = await sql.pool<{ count: number }[]>`
        SELECT count(*)::int AS count FROM feed_posts WHERE id = ANY(${sql.pool.array(kept, "BIGINT")})`;
      expect(found?.count).toBe(kept.length);
    } finally {
      await house.stop();
      run("umount", house.data_folder);
      await rm(dirname(house.data_folder), { recursive: true, force: true });
    }
  },
  4 * MINUTE,
);
