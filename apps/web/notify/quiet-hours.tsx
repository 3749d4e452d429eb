import { useState } from "react";

import type { NotifySettings } from "#systems/notify/contract.ts";

import { SelectField, TextField, Tick } from "../parts/field.tsx";
import { Panel } from "../people/sections.tsx";
import { change } from "./settings.ts";

const NIGHT = { from: "22:00", to: "07:00" };

/** No push in between; on the person's own clock, wherever they are. */
export function QuietHours({ settings: { quiet, time_zone } }: { settings: NotifySettings }) {
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const set = (next: NotifySettings["quiet"]) =>
    void change({ quiet: next, ...(time_zone === "UTC" && here ? { time_zone: here } : {}) }, (before) => ({
      ...before,
      quiet: next,
    }));
  const move = (zone: string) => void change({ time_zone: zone }, (before) => ({ ...before, time_zone: zone }));
  return (
    <Panel
      title="Quiet hours"
      intro="Nothing is pushed between these. What came meanwhile, and is still unread, comes when they end."
    >
      <div className="space-y-5">
        <Tick
          label="Have quiet hours"
          checked={quiet !== null}
          onChange={(event) => set(event.target.checked ? NIGHT : null)}
        />
        {quiet && (
          <div className="grid max-w-sm grid-cols-2 gap-3">
            <Hour label="From" value={quiet.from} other={quiet.to} set={(from) => set({ ...quiet, from })} />
            <Hour label="To" value={quiet.to} other={quiet.from} set={(to) => set({ ...quiet, to })} />
          </div>
        )}
        <div className="max-w-sm">
          <SelectField
            label="Your time zone"
            hint={
              here && here !== time_zone
                ? `This device is in ${here}.`
                : "For quiet hours, and for when letters are sent."
            }
            value={time_zone}
            onChange={(event) => move(event.target.value)}
          >
            {zones(time_zone, here).map((zone) => (
              <option key={zone} value={zone}>
                {zone.replaceAll("_", " ")}
              </option>
            ))}
          </SelectField>
        </div>
      </div>
    </Panel>
  );
}

/** Kept while it is typed; told when it is a time, and not that of the other end. */
function Hour({
  label,
  value,
  other,
  set,
}: {
  label: string;
  value: string;
  other: string;
  set: (value: string) => void;
}) {
  const [typed, setTyped] = useState(value);
  return (
    <TextField
      label={label}
      type="time"
      value={typed}
      error={typed === other ? "The two are the same." : undefined}
      onChange={(event) => {
        const text = event.target.value;
        setTyped(text);
        if (/^\d\d:\d\d$/.test(text) && text !== other) set(text);
      }}
    />
  );
}

function zones(chosen: string, here: string | undefined): string[] {
  const all = Intl.supportedValuesOf("timeZone");
  return [...new Set(["UTC", chosen, ...(here ? [here] : []), ...all])].toSorted((a, b) => a.localeCompare(b));
}
