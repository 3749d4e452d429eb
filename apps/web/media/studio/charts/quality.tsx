import type { Quality } from "#systems/media/contract.ts";

import { plural } from "../../../parts/numbers.ts";
import { Panel } from "../../../people/sections.tsx";
import { percentOf, spentOf } from "./scale.ts";
import { Shares } from "./shares.tsx";

const DEVICES: Record<string, string> = {
  desktop: "Computers",
  mobile: "Phones",
  tablet: "Tablets",
  tv: "Television",
  other: "Other",
};

const startOf = (ms: number | null) =>
  ms === null ? "–" : ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
const title = (name: string) => name.charAt(0).toUpperCase() + name.slice(1);

/** How well it plays: for one film or for the house. */
export function QualityPanels({ quality }: { quality: Quality }) {
  const { startup, rebuffering, switches, errors, rungs, devices, browsers } = quality;
  const failed = errors.reduce((sum, { count }) => sum + count, 0);
  return (
    <>
      <Panel title="How it plays" intro="From the wish to see it to the first picture, and what came in between.">
        <dl className="grid grid-cols-2 gap-x-4 gap-y-5 sm:grid-cols-4">
          <Fact label="Half begin within" value={startOf(startup.p50_ms)} />
          <Fact label="95 of 100 within" value={startOf(startup.p95_ms)} />
          <Fact
            label="Waited"
            value={percentOf(rebuffering.ratio)}
            detail={`${plural(rebuffering.count, "time")}, ${spentOf(rebuffering.ms)}`}
          />
          <Fact label="Changes of quality" value={String(switches)} detail={`${plural(failed, "error")}`} />
        </dl>
        <div className="mt-7 grid gap-7 sm:grid-cols-2">
          <Shares
            title="Qualities, by time watched"
            parts={rungs.map(({ rung, share, watched_ms }) => ({ name: rung, share, detail: spentOf(watched_ms) }))}
            empty="Nobody watched yet."
          />
          <Shares
            title="Errors"
            parts={errors.map(({ code, count }) => ({
              name: code,
              share: failed === 0 ? 0 : count / failed,
              detail: String(count),
            }))}
            empty="None. That is as it should be."
          />
          <Shares
            title="Devices"
            parts={devices.map(({ name, share }) => ({ name: DEVICES[name] ?? title(name), share }))}
            empty="Nobody watched yet."
          />
          <Shares
            title="Browsers"
            parts={browsers.map(({ name, share }) => ({ name: title(name), share }))}
            empty="Nobody watched yet."
          />
        </div>
      </Panel>
    </>
  );
}

const Fact = ({ label, value, detail }: { label: string; value: string; detail?: string }) => (
  <div>
    <dt className="text-xs text-ink-3">{label}</dt>
    <dd className="text-lg font-bold tabular-nums">{value}</dd>
    {detail !== undefined && <dd className="text-xs text-ink-3">{detail}</dd>}
  </div>
);
