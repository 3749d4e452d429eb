import {
  type Channel,
  CHANNELS,
  type Kind,
  KIND_FACTS,
  KIND_GROUPS,
  type NotifySettings,
} from "#systems/notify/contract.ts";

import { Panel } from "../people/sections.tsx";
import { GROUP_LABELS, KIND_LABELS } from "./kind-words.ts";
import { change } from "./settings.ts";

const CHANNEL_LABELS: Record<Channel, string> = { inbox: "Inbox", push: "Push", email: "Mail" };

type Row = NotifySettings["kinds"][number];

/** Every kind by every way. On a phone too it is one table: the words take the room that the boxes leave. */
export function SwitchTable({ kinds }: { kinds: readonly Row[] }) {
  const of = new Map(kinds.map((row) => [row.kind, row]));
  return (
    <Panel title="What reaches you" intro="What is off in the inbox reaches you nowhere.">
      <table className="w-full border-collapse text-sm">
        <thead className="sr-only">
          <tr>
            <th scope="col">What happens</th>
            {CHANNELS.map((channel) => (
              <th key={channel} scope="col">
                {CHANNEL_LABELS[channel]}
              </th>
            ))}
          </tr>
        </thead>
        {KIND_GROUPS.map((group) => (
          <tbody key={group}>
            <tr>
              <th scope="rowgroup" className="pt-5 pb-1 text-left font-bold">
                {GROUP_LABELS[group]}
              </th>
              {/* Again at each group, for the table is longer than a phone; who hears the page has heard them at the top. */}
              {CHANNELS.map((channel) => (
                <td
                  key={channel}
                  aria-hidden="true"
                  className="w-12 pt-5 pb-1 text-center text-xs font-semibold text-ink-3 sm:w-16"
                >
                  {CHANNEL_LABELS[channel]}
                </td>
              ))}
            </tr>
            {(Object.keys(KIND_FACTS) as Kind[])
              .filter((kind) => KIND_FACTS[kind].about === group)
              .flatMap((kind) => of.get(kind) ?? [])
              .map((row) => (
                <KindRow key={row.kind} row={row} />
              ))}
          </tbody>
        ))}
      </table>
    </Panel>
  );
}

function KindRow({ row }: { row: Row }) {
  const label = KIND_LABELS[row.kind];
  const press = (channel: Channel, on: boolean) =>
    void change({ switches: [{ kind: row.kind, channel, on }] }, (before) => ({
      ...before,
      kinds: before.kinds.map((one) => (one.kind === row.kind ? { ...one, [channel]: on } : one)),
    }));
  return (
    <tr className="border-t border-line/70">
      <th scope="row" className="py-1 pr-2 text-left leading-5 font-normal">
        {label}
      </th>
      {CHANNELS.map((channel) => {
        const asleep = channel !== "inbox" && !row.inbox;
        return (
          <td key={channel} className="p-0 text-center">
            <label className="grid h-11 place-items-center has-disabled:opacity-40">
              <input
                type="checkbox"
                aria-label={`${label}: ${CHANNEL_LABELS[channel]}`}
                checked={row[channel] && !asleep}
                disabled={asleep}
                onChange={(event) => press(channel, event.target.checked)}
                className="size-5 accent-accent"
              />
            </label>
          </td>
        );
      })}
    </tr>
  );
}
