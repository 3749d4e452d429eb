import { STEP_MS } from "../bounds.ts";
import type { Fault, Scene } from "../fault.ts";
import { zNothing } from "../node.ts";

export const clockForward = stepped(STEP_MS);
export const clockBack = stepped(-STEP_MS);

/** The house's own clock is set off, not the machine's; the house sets it right by itself when the time is over. */
function stepped(by_ms: number): Fault {
  const set = ({ held, seconds }: Scene, to_ms: number) =>
    Promise.all(
      held
        .processes()
        .map(({ send, hold }) =>
          send({ command: "step_clock", hold, by_ms: to_ms, lease_s: Math.ceil(seconds) + 10 }, zNothing),
        ),
    );
  return {
    obstacle: async () => null,
    async begin(scene) {
      await set(scene, by_ms);
      return {
        async [Symbol.asyncDispose]() {
          await set(scene, 0);
        },
      };
    },
  };
}
