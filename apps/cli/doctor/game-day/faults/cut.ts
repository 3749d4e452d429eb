import type { Cut, CutHow } from "../../../../server/control/contract.ts";
import type { Fault, Outlook, Scene } from "../fault.ts";
import { zNothing } from "../node.ts";

const NOT_HERE: Record<Cut, string> = {
  mail: "its letters do not leave it (SMTP_URL), so it has no mail server to miss",
  store: "its files are in the data folder, not in an S3 (S3_URL)",
};

/** The lines to it are cut where the house's bytes would leave; the house mends them by itself when the time is over. */
export function cutOff(what: Cut, manners: readonly [CutHow, ...CutHow[]]): Fault {
  const cut = async ({ held, seconds }: Scene, how: CutHow | null) => {
    for (const { send, hold } of held.processes())
      await send({ command: "cut", hold, what, how, lease_s: Math.ceil(seconds) + 10 }, zNothing);
  };
  return {
    obstacle: async ({ hello }: Outlook) => (hello[what] ? null : NOT_HERE[what]),
    async begin(scene) {
      await cut(scene, manners[0]);
      return { [Symbol.asyncDispose]: () => cut(scene, null) };
    },
    async last(scene, signal) {
      for (const [i, how] of manners.entries()) {
        if (i > 0) await cut(scene, how);
        await scene.clock.sleep((scene.seconds * 1_000) / manners.length, signal);
      }
    },
  };
}

const MAILED_AT = "a.guest@game-day.invalid";

/** A letter is asked for while it lasts, and given up before it ends, so that none leaves the house for a drill. */
export function mailGone(): Fault {
  const fault = cutOff("mail", ["gone", "stalls"]);
  return {
    ...fault,
    async begin(scene) {
      const begun = await fault.begin(scene);
      const token = scene.guests[0]?.token ?? "";
      const path = "/v1/notifications/email";
      const asked = await scene.ask("PUT", path, { token, body: { address: MAILED_AT } });
      const words =
        asked.fate === "ok"
          ? "A guest asked for a letter meanwhile, and was told that it comes."
          : `A guest asked for a letter meanwhile, and was refused: ${asked.because}.`;
      return {
        says: () => words,
        async [Symbol.asyncDispose]() {
          await scene.ask("DELETE", path, { token });
          await begun[Symbol.asyncDispose]();
        },
      };
    },
  };
}
