import { Problem } from "#kernel/errors.ts";
import type { Api } from "#ports/http/index.ts";

import type { Hooks } from "./index.ts";

const PATH = "/hooks";

/**
 * Where programs write that know a secret address and nothing else. The secret stands in the path, below a door, so that no log has more
 * than the door's own name; cookies and tokens are not looked at.
 */
export function openDoor(api: Api, hooks: Hooks): void {
  api.door({
    path: PATH,
    summary:
      "Incoming webhooks: POST JSON with a `text` to the secret address that was shown when the webhook was made; later answers of commands go to theirs",
    tag: "hooks",
    access: { who: "anyone", scope: "write" },
    authenticate: async () => null,
    async handle({ request }) {
      const [, , what = "", secret = "", more] = new URL(request.url).pathname.split("/");
      if (more !== undefined || (what !== "in" && what !== "answer"))
        throw new Problem(404, "route.not_found", "There is no such path. See /docs for those that there are.");
      if (request.method !== "POST")
        throw new Problem(405, "route.wrong_method", "This path answers to POST.", { headers: { allow: "POST" } });
      if (what === "answer") {
        await hooks.giving.answerLater(secret, request);
        return new Response("ok", { headers: { "content-type": "text/plain; charset=utf-8" } });
      }
      const id = await hooks.receive(secret, request);
      // The word that senders for Slack look for.
      return new Response("ok", { headers: { "content-type": "text/plain; charset=utf-8", "x-message-id": id } });
    },
  });
}
