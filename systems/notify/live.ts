import type { PersonId } from "#kernel/ids.ts";
import type { Json } from "#kernel/json.ts";

import { NOTIFY_TOPIC, readNotifyEvent } from "./events.ts";
import type { Ground, NotifyLine } from "./needs.ts";

/** Items of one stream in one append. */
const ITEMS_PER_APPEND_MAX = 50;

/**
 * What arrived and what was read goes to the devices that are connected, by their person's own stream: numbers only, each
 * device asks for what it shows. From the log, with its position: told once, and again after nothing but a restored database.
 */
export function startLive({ log }: Pick<Ground, "log">, line: NotifyLine): Disposable {
  return log.consume(NOTIFY_TOPIC, "notify.live", async (batch, tx) => {
    const told = new Map<PersonId, { kind: string; data: Json }[]>();
    const tell = (person_id: PersonId, kind: string, data: Json) => {
      const list = told.get(person_id);
      if (list) list.push({ kind, data });
      else told.set(person_id, [{ kind, data }]);
    };
    for (const stored of batch) {
      const event = readNotifyEvent(stored);
      if (event?.type === "notify.arrived")
        for (const [person_id, seq, kind] of event.data.items) tell(person_id, "notify.arrived", { seq, kind });
      if (event?.type === "notify.read") tell(event.data.person_id, "notify.read", { read_seq: event.data.read_seq });
      if (event?.type === "notify.settled" || event?.type === "notify.settings_changed")
        tell(event.data.person_id, event.type, {});
    }
    // In one order, so that nobody waits in a circle for streams.
    for (const [person_id, items] of [...told].sort(([a], [b]) => (`person:${a}` < `person:${b}` ? -1 : 1)))
      for (let from = 0; from < items.length; from += ITEMS_PER_APPEND_MAX)
        await line.append(tx, `person:${person_id}`, items.slice(from, from + ITEMS_PER_APPEND_MAX));
  });
}
