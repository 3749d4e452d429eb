import { Problem } from "#kernel/errors.ts";
import type { Blobs } from "#ports/blobs/index.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { Api } from "#ports/http/index.ts";

import { soundRoutes as r } from "./contract.ts";
import type { Sounds } from "./index.ts";
import { presentSound } from "./present.ts";

export function serveSounds(api: Api, needs: { sounds: Sounds; blobs: Blobs; clock: Clock }): void {
  const { sounds } = needs;
  api.serve(r.createSound, async ({ viewer, body, signal }) => {
    const sound = await sounds.create(viewer.person_id, body.upload_id, signal);
    if (sound.status === "failed") {
      // Known while its sender still waits: then it is a refusal, and nothing of it is kept.
      await sounds.remove(viewer.person_id, sound.id);
      throw new Problem(
        422,
        sound.failure_code ?? "sound.broken",
        sound.failure_detail ?? "This sound could not be read.",
      );
    }
    return { status: sound.status === "ready" ? 201 : 202, body: presentSound(sound, needs) };
  });
  api.serve(r.getSound, async ({ viewer, params }) => ({
    status: 200,
    body: presentSound(await sounds.own(viewer.person_id, params.sound_id), needs),
  }));
  api.serve(r.deleteSound, async ({ viewer, params }) => {
    await sounds.remove(viewer.person_id, params.sound_id);
    return { status: 204 };
  });
}
