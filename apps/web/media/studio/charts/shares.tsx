import { percentOf } from "./scale.ts";

/** Parts of a whole, the largest first, as bars with their words. It is a list, so it needs no table. */
export function Shares({
  title,
  parts,
  empty,
}: {
  title: string;
  parts: readonly { name: string; share: number; detail?: string }[];
  empty: string;
}) {
  return (
    <section aria-label={title}>
      <h3 className="mb-2 text-sm font-semibold">{title}</h3>
      {parts.length === 0 ? (
        <p className="text-sm text-ink-3">{empty}</p>
      ) : (
        <ul className="space-y-2">
          {parts.map(({ name, share, detail }) => (
            <li key={name} className="text-sm">
              <p className="flex justify-between gap-3">
                <span className="truncate">{name}</span>
                <span className="shrink-0 text-ink-2 tabular-nums">
                  {detail !== undefined && <span className="mr-2 text-xs text-ink-3">{detail}</span>}
                  {percentOf(share)}
                </span>
              </p>
              <div aria-hidden="true" className="mt-1 h-1.5 overflow-hidden rounded-full bg-sunken">
                <div
                  className="h-full rounded-full bg-accent-ink"
                  style={{ width: `${Math.max(share > 0 ? 1 : 0, share * 100)}%` }}
                />
              </div>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

/** A number that is read first. */
export const Stat = ({ label, value, detail }: { label: string; value: string; detail?: string }) => (
  <div className="rounded-2xl border border-line bg-surface px-4 py-3">
    <dt className="text-xs text-ink-3">{label}</dt>
    <dd className="mt-0.5 text-xl font-bold tracking-tight tabular-nums">{value}</dd>
    {detail !== undefined && <dd className="text-xs text-ink-3">{detail}</dd>}
  </div>
);

export const Stats = ({ children }: { children: React.ReactNode }) => (
  <dl className="mb-4 grid grid-cols-2 gap-3 lg:grid-cols-4">{children}</dl>
);
