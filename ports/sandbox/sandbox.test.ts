import { expect, test } from "bun:test";

import { createSystemClock } from "#ports/clock/index.ts";

import { sandboxContract } from "./contract.suite.ts";
import { createSandbox } from "./index.ts";
import { seccompProgram } from "./seccomp.ts";

const clock = createSystemClock();
const strongest = await createSandbox({ clock });
const rlimits = await createSandbox({ clock, strongest: "rlimits" });

if (strongest.strength === "bubblewrap") sandboxContract("bubblewrap", strongest, true);
else test.skip(`bubblewrap: ${strongest.degraded_because}`, () => {});
sandboxContract("rlimits", rlimits, false);

test("SB3, SB4: an engine without walls says so", () => {
  expect(rlimits.strength).toBe("rlimits");
  expect(rlimits.degraded_because).toContain("can reach the network");
});

test("SB17: there is a filter for both machines that we ship for, and none is made up for others", () => {
  for (const arch of ["x64", "arm64"]) {
    const program = seccompProgram(arch)!;
    const view = new DataView(program.buffer);
    expect(program.length % 8).toBe(0);
    // The last instruction of a path that matched nothing allows; an unknown machine is killed by the third.
    expect(view.getUint32(program.length - 4, true)).toBe(0x7fff0000);
    expect(view.getUint32(2 * 8 + 4, true)).toBe(0x80000000);
    // Every jump stays inside.
    for (let at = 0; at < program.length - 8; at += 8) {
      const longest = Math.max(view.getUint8(at + 2), view.getUint8(at + 3));
      expect(at / 8 + 1 + longest).toBeLessThan(program.length / 8);
    }
  }
  expect(seccompProgram("mips")).toBeNull();
});
