import { z } from "zod";

import { rfc3339 } from "#kernel/time.ts";
import { feedRoutes as r } from "#systems/feed/index.ts";

import { parseFields } from "../wire/fields.ts";
import { zList, zOptionalId } from "../wire/shapes.ts";
import { type Asked, type Desk, person, type Serve } from "./endpoint.ts";

/** Where somebody stopped reading. */

const zMarkers = z.object({
  home: z.object({ last_read_id: zOptionalId }).optional(),
  notifications: z.object({ last_read_id: zOptionalId }).optional(),
});

export function serveReading(serve: Serve, desk: Desk): void {
  const { inbox, ground } = desk;
  const marker = (last_read_id: string, at: string) => ({ last_read_id, version: 0, updated_at: at });

  async function markers(asked: Asked, timelines: readonly string[]) {
    const body: Record<string, object> = {};
    if (timelines.includes("home")) {
      const { position } = await asked.call(r.getPosition, { params: { timeline: "home" } });
      if (position) body.home = marker(position.entry_id, position.at);
    }
    if (timelines.includes("notifications")) {
      const { read_seq } = await inbox.position(asked.me.person_id);
      if (read_seq !== "0") body.notifications = marker(read_seq, rfc3339(ground.clock.now()));
    }
    return body;
  }

  serve("GET", "/api/v1/markers", person("read:statuses"), async (asked) => {
    const { timeline } = parseFields(z.object({ timeline: zList(z.string().max(40), 10) }), asked.fields);
    return { body: await markers(asked, timeline) };
  });

  serve("POST", "/api/v1/markers", person("write:statuses"), async (asked) => {
    const { home, notifications } = parseFields(zMarkers, asked.fields);
    if (home?.last_read_id)
      await asked.call(r.putPosition, {
        params: { timeline: "home" },
        body: { entry_id: home.last_read_id, device: "" },
      });
    if (notifications?.last_read_id) await inbox.read(asked.me.person_id, notifications.last_read_id);
    return { body: await markers(asked, [...(home ? ["home"] : []), ...(notifications ? ["notifications"] : [])]) };
  });
}
