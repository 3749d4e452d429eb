import type { Log, StoredEvent } from "#ports/log/index.ts";
import { PEOPLE_TOPIC, type PeopleEvent } from "#systems/people/index.ts";

import { CLOSE } from "./contract.ts";
import type { Gateway } from "./gateway.ts";

/** What happens to people reaches their lines on every node, by the log: nothing of it can be lost. */
export function guardLines(log: Log, { lines }: Pick<Gateway, "lines">): Promise<AsyncDisposable> {
  return log.tail(PEOPLE_TOPIC, (batch: StoredEvent[]) => {
    for (const stored of batch) {
      const event = stored as unknown as PeopleEvent;
      switch (event.type) {
        case "people.session_revoked":
          lines.end({ credentials: event.data.credentials.map(({ id }) => id) }, CLOSE.unauthorized, "session.invalid");
          break;
        case "people.suspended":
          lines.end({ person_id: event.data.person_id }, CLOSE.forbidden, "suspended");
          break;
        case "people.deleted":
          lines.end({ person_id: event.data.person_id }, CLOSE.unauthorized, "session.invalid");
          break;
        case "people.role_changed":
        case "people.privacy_changed":
          lines.recheck({ person_id: event.data.person_id });
          break;
        case "people.blocked":
        case "people.unblocked":
          lines.recheck({ person_id: event.data.blocker_id });
          lines.recheck({ person_id: event.data.blocked_id });
          break;
        default:
          break;
      }
    }
  });
}
