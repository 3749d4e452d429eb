import { afterAll, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createAsker } from "#ports/calls/index.ts";
import { createSystemClock } from "#ports/clock/index.ts";

import type { Sandbox, SandboxCommand, SandboxLimits } from "./index.ts";

const MB = 1024 * 1024;
const LIMITS: SandboxLimits = {
  wall_ms_max: 20_000,
  cpu_s_max: 10,
  memory_bytes_max: 512 * MB,
  processes_max: 64,
  file_bytes_max: 4 * MB,
  output_bytes_max: 64 * 1024,
};

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** Every engine of the sandbox keeps these. `walls` says whether the rules marked so in SPEC.md are expected too. */
export function sandboxContract(name: string, sandbox: Sandbox, walls: boolean): void {
  // Open to others, as a folder that a program under another account is to use must be.
  const home = mkdtempSync(join(tmpdir(), "sandbox-suite-"));
  chmodSync(home, 0o755);
  const outside = join(home, "outside");
  mkdirSync(outside);
  writeFileSync(join(outside, "secret.txt"), "the house's secret");
  afterAll(() => rmSync(home, { recursive: true, force: true }));

  let folders = 0;
  const folder = () => {
    const path = join(home, `work-${folders++}`);
    mkdirSync(path);
    return path;
  };
  const command = (
    script: string,
    more: Partial<SandboxCommand> = {},
    limits: Partial<SandboxLimits> = {},
  ): SandboxCommand => ({
    argv: ["sh", "-c", script],
    read_paths: [],
    ...more,
    limits: { ...LIMITS, ...limits },
  });
  const run = (...args: Parameters<typeof command>) => sandbox.run(command(...args));
  /** Whether the processes of this script still write: it appends a letter every 20 ms. */
  const stillWrites = async (file: string) => {
    const before = existsSync(file) ? readFileSync(file).length : 0;
    await Bun.sleep(120);
    return (existsSync(file) ? readFileSync(file).length : 0) > before;
  };
  const untilWritten = async (file: string) => {
    while (!existsSync(file) || readFileSync(file).length === 0) await Bun.sleep(5);
  };

  describe(`${name}: refusals and bounds`, () => {
    test("SB18: a command that cannot be meant is thrown back", async () => {
      await expect(sandbox.run(command("", { argv: [] }))).rejects.toThrow("nothing to run");
      await expect(run("true", { read_paths: ["etc/passwd"] })).rejects.toThrow("absolute");
      await expect(run("true", { read_paths: ["/tmp/../etc"] })).rejects.toThrow("normal");
      await expect(run("true", { write_folder: "/" })).rejects.toThrow("below the root");
      await expect(run("true", {}, { wall_ms_max: 0 })).rejects.toThrow("wall_ms_max");
      await expect(run("true", { argv: ["true", "a\0b"] })).rejects.toThrow("zero byte");
    });

    test("SB2: it is not root, and holds no capability", async () => {
      const result = await run("id -u; grep CapEff /proc/self/status");
      const [uid, capabilities] = text(result.stdout).trim().split("\n");
      expect(Number(uid)).toBeGreaterThan(0);
      if (process.platform === "linux") expect(capabilities).toBe("CapEff:\t0000000000000000");
    });

    if (process.getuid?.() === 0)
      test("SB2: as root, a file closed to others is refused before the start", async () => {
        const closed = join(home, "closed.bin");
        writeFileSync(closed, "x", { mode: 0o600 });
        await expect(run("true", { read_paths: [closed] })).rejects.toThrow("never runs as root");
      });

    if (walls)
      test("SB3: there is no network, not even a socket for one", async () => {
        const server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
        try {
          const result = await run(`exec 3<>/dev/tcp/127.0.0.1/${server.port}`, {
            argv: ["bash", "-c", `exec 3<>/dev/tcp/127.0.0.1/${server.port}`],
          });
          expect(result.exit_code).not.toBe(0);
          expect(result.stderr).toContain("Address family not supported");
          expect(text((await run("cat /proc/net/dev | tail -n +3 | cut -d: -f1 | tr -d ' '")).stdout).trim()).toBe(
            "lo",
          );
        } finally {
          server.stop();
        }
      });

    if (walls)
      test("SB4: it sees nothing outside: no accounts, no data folder, no other process", async () => {
        const work = folder();
        const result = await run(
          `cat /etc/passwd /etc/shadow ${outside}/secret.txt; ls ${home} ${tmpdir()} /root /home /var /etc; ls /proc | grep -c '^[0-9]'`,
          { write_folder: work },
        );
        expect(text(result.stdout)).not.toContain("secret");
        expect(text(result.stdout)).not.toContain("root:");
        expect(result.stderr).toContain("/etc/passwd: No such file");
        expect(Number(text(result.stdout).trim().split("\n").at(-1))).toBeLessThan(8);
      });

    if (walls)
      test("SB5: it cannot write outside its folder, nor to what it may read", async () => {
        const read = join(home, "read-only");
        mkdirSync(read, { recursive: true });
        chmodSync(read, 0o777);
        const work = folder();
        const result = await run(
          `for f in ${read}/x ${outside}/x /x /usr/x /etc/x /dev/x /dev/shm/x /proc/sys/kernel/hostname; do echo a > $f && echo wrote $f; done; echo in > ${work}/in; echo t > /tmp/t && cat /tmp/t`,
          { read_paths: [read], write_folder: work },
        );
        expect(text(result.stdout).replace("t\n", "")).toBe("");
        expect(readFileSync(join(work, "in"), "utf8")).toBe("in\n");
        expect(existsSync(join(read, "x"))).toBe(false);
        expect(existsSync("/tmp/t")).toBe(false);
      });

    if (walls)
      test("SB17: calls that escapes are made of are refused", async () => {
        const result = await run(
          "unshare -U true; unshare -n true; mount -t tmpfs none /tmp; grep Seccomp: /proc/self/status",
        );
        expect(text(result.stdout)).toContain("Seccomp:\t2");
        expect(result.stderr.match(/Operation not permitted|must be superuser/g)?.length).toBe(3);
      });

    test("SB6: its environment is its own", async () => {
      process.env.FOLKHUS_SUITE_SECRET = "leaked";
      const result = await run("env", { env: { ASKED: "for" } });
      delete process.env.FOLKHUS_SUITE_SECRET;
      expect(text(result.stdout)).toContain("ASKED=for");
      expect(text(result.stdout)).not.toContain("leaked");
    });

    test("SB7: wall_ms_max ends it and what it started", async () => {
      const work = folder();
      const result = await run(
        "(while :; do echo -n x >> alive; sleep 0.02; done) & sleep 60",
        { write_folder: work },
        { wall_ms_max: 300 },
      );
      expect(result.ended).toBe("wall_ms_max");
      expect(await stillWrites(join(work, "alive"))).toBe(false);
    });

    test("SB8: cpu_s_max ends one that spins, and several that spin together", async () => {
      const one = await run("while :; do :; done", {}, { cpu_s_max: 1 });
      expect(one.ended).toBe("cpu_s_max");
      expect(one.cpu_s).toBeGreaterThan(0.8);
      const two = await run("(while :; do :; done) & (while :; do :; done) & wait", {}, { cpu_s_max: 1 });
      expect(two.ended).toBe("cpu_s_max");
      expect(two.cpu_s).toBeLessThan(3);
    }, 20_000);

    test("SB9: one process cannot allocate beyond memory_bytes_max", async () => {
      const result = await run(
        "",
        { argv: ["dd", "if=/dev/zero", "of=/dev/null", "bs=200M", "count=1"] },
        { memory_bytes_max: 32 * MB },
      );
      expect(result.exit_code).not.toBe(0);
      expect(result.stderr).toContain("memory");
    });

    if (process.platform === "linux")
      test("SB9: several processes together are ended beyond it", async () => {
        // dd holds its block in memory while it waits for its reader; each alone is within the bound.
        const result = await run(
          "for i in 1 2 3 4; do (dd if=/dev/zero bs=20M count=9 2>/dev/null | sleep 30) & done; wait",
          {},
          { memory_bytes_max: 48 * MB },
        );
        expect(result.ended).toBe("memory_bytes_max");
      });

    test("SB10: file_bytes_max stops a file from growing", async () => {
      const work = folder();
      const result = await run(
        "dd if=/dev/zero of=big bs=65536 count=64",
        { write_folder: work },
        { file_bytes_max: 512 * 1024 },
      );
      expect(result.exit_code).not.toBe(0);
      expect(readFileSync(join(work, "big")).length).toBeLessThanOrEqual(512 * 1024);
    });

    if (process.platform === "linux")
      test("SB11: processes_max stops it from multiplying", async () => {
        const result = await run(
          "for i in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 5 & done; wait",
          {},
          { processes_max: 6 },
        );
        // Either the kernel refuses the seventh, or the watch ends all of them.
        if (result.ended === "processes_max") return;
        expect(result.stderr).toContain("fork");
      });

    test("SB12: output beyond its bound is dropped and said; stdout keeps its beginning, stderr its end", async () => {
      const result = await run(
        "echo first; head -c 300000 /dev/zero | tr '\\0' a; echo begin >&2; head -c 300000 /dev/zero | tr '\\0' b >&2; echo last >&2; exit 3",
        {},
        { output_bytes_max: 1_000 },
      );
      expect(result.truncated).toBe(true);
      expect(result.exit_code).toBe(3);
      expect(result.stdout.length).toBe(1_000);
      expect(text(result.stdout).startsWith("first\n")).toBe(true);
      expect(result.stderr.length).toBe(1_000);
      expect(result.stderr.endsWith("last\n")).toBe(true);
    });

    test("SB13: an abort ends the grandchildren too, also one that left its group", async () => {
      const work = folder();
      const stop = new AbortController();
      const running = run(
        "(setsid sh -c 'while :; do echo -n x >> alive; sleep 0.02; done' &) ; (sh -c 'while :; do echo -n x >> other; sleep 0.02; done' &); sleep 60",
        { write_folder: work, signal: stop.signal },
      );
      await untilWritten(join(work, "alive"));
      await untilWritten(join(work, "other"));
      stop.abort();
      expect((await running).ended).toBe("aborted");
      expect(await stillWrites(join(work, "alive"))).toBe(false);
      expect(await stillWrites(join(work, "other"))).toBe(false);
    });

    test("SB13: a signal that fired before starts nothing", async () => {
      const work = folder();
      const result = await run("echo ran > ran", { write_folder: work, signal: AbortSignal.abort() });
      expect(result).toMatchObject({ ended: "aborted", exit_code: -1 });
      expect(existsSync(join(work, "ran"))).toBe(false);
    });

    test("SB13: who waits for it ends it by giving up, though nobody handed a signal on", async () => {
      const work = folder();
      const asker = createAsker({ clock: createSystemClock() });
      const running = asker.run(() => run("while :; do echo -n x >> alive; sleep 0.02; done", { write_folder: work }));
      await untilWritten(join(work, "alive"));
      asker.giveUp(new Error("they left"));
      expect((await running).ended).toBe("aborted");
      expect((await asker.run(() => run("echo ran > ran", { write_folder: work }))).exit_code).toBe(-1);
      expect(existsSync(join(work, "ran"))).toBe(false);
    });

    test("SB14: what it leaves in the background ends with it", async () => {
      const work = folder();
      const result = await run(
        "(setsid sh -c 'while :; do echo -n x >> alive; sleep 0.02; done' &); while [ ! -s alive ]; do sleep 0.01; done",
        {
          write_folder: work,
        },
      );
      expect(result.ended).toBe("exited");
      expect(await stillWrites(join(work, "alive"))).toBe(false);
    });

    test("SB19: names are arguments, never text of a shell", async () => {
      const result = await run("", { argv: ["echo", "$(id)", "; id", "`id`", "-e"] });
      expect(text(result.stdout)).toBe("$(id) ; id `id` -e\n");
    });
  });

  describe(`${name}: what it is for`, () => {
    test("SB1: it gives back code, output and CPU time", async () => {
      const result = await run("echo out; echo err >&2; i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; exit 7");
      expect(result).toMatchObject({ exit_code: 7, ended: "exited", stderr: "err\n", truncated: false });
      expect(text(result.stdout)).toBe("out\n");
      expect(result.cpu_s).toBeGreaterThan(0.01);
    });

    test("SB1: one that a signal ended says so", async () => {
      expect(await run("kill -9 $$")).toMatchObject({ ended: "killed", exit_code: 137 });
    });

    test("SB4, SB5: it reads what it was given and writes into its folder, which is where it stands", async () => {
      const work = folder();
      const given = join(home, "given name with spaces.txt");
      writeFileSync(given, "given");
      const result = await run('cat "$0" > copy; pwd', {
        argv: ["sh", "-c", 'cat "$1" > copy; pwd', "sh", given],
        read_paths: [given],
        write_folder: work,
      });
      expect(result.stderr).toBe("");
      expect(text(result.stdout)).toBe(`${work}\n`);
      expect(readFileSync(join(work, "copy"), "utf8")).toBe("given");
      // A second command may go on with what the first made.
      expect((await run("cat copy >> copy2; echo more >> copy", { write_folder: work })).exit_code).toBe(0);
    });

    test("SB15: start streams while it runs, and disposing kills", async () => {
      const work = folder();
      const started = sandbox.start(
        command("echo one; while :; do echo -n x >> alive; sleep 0.02; done", { write_folder: work }),
      );
      const reader = started.stdout.getReader();
      expect(text((await reader.read()).value!)).toBe("one\n");
      await untilWritten(join(work, "alive"));
      await started[Symbol.asyncDispose]();
      expect((await started.ended).ended).toBe("killed");
      expect(await stillWrites(join(work, "alive"))).toBe(false);
    });

    test("SB16: stdin takes bytes and streams, or is empty", async () => {
      expect(text((await run("cat", { stdin: new TextEncoder().encode("bytes") })).stdout)).toBe("bytes");
      expect(text((await run("cat", { stdin: new Blob(["a stream"]).stream() })).stdout)).toBe("a stream");
      expect(text((await run("cat")).stdout)).toBe("");
    });

    test("a lower priority is passed on", async () => {
      expect(text((await run("nice", { nice: 7 })).stdout).trim()).toBe("7");
    });
  });
}
