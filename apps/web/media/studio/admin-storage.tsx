import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";

import { getStorage, type HouseStorage, listStorageOwners } from "#systems/media/contract.ts";

import { Avatar } from "../../parts/avatar.tsx";
import { End, Failed } from "../../parts/empty.tsx";
import { bytesOf, compact, plural } from "../../parts/numbers.ts";
import { PagedList } from "../../parts/paged-list.tsx";
import { Pills } from "../../parts/pills.tsx";
import { Loading, RowSkeleton, Skeleton } from "../../parts/skeleton.tsx";
import { Ago } from "../../parts/time.tsx";
import { Panel } from "../../people/sections.tsx";
import { ask, askPages } from "../../shell/house.ts";
import { SpaceMark } from "../../spaces/space-mark.tsx";
import { HeldBar, HeldList, KINDS } from "./held.tsx";

const CLASS_WORDS = { hot: "Watched a lot", warm: "Now and then", cold: "Hardly" } as const;

/** What media takes in the house: by kind, by how much it is watched, by person and space, and what the store really has. */
export default function AdminStorage() {
  const asked = useQuery({ ...ask(getStorage), staleTime: 5_000 });
  if (asked.isPending)
    return (
      <>
        <Loading what="what media takes" />
        <Skeleton className="h-80 rounded-2xl" />
      </>
    );
  if (asked.isError) return <Failed error={asked.error} retry={() => void asked.refetch()} />;
  const { bytes, held, free_bytes, classes, store } = asked.data;
  return (
    <>
      <Panel
        title={`${bytesOf(bytes)} stored`}
        intro={
          free_bytes === null ? "The store does not tell what is left." : `${bytesOf(free_bytes)} left in the store.`
        }
      >
        <HeldBar held={held} of={bytes} />
        <HeldList held={held} />
      </Panel>
      <Panel
        title="How much it is watched"
        intro="What is cold gives its larger qualities back; they are made again when somebody asks."
      >
        {classes.length === 0 ? (
          <p className="text-sm text-ink-2">Nothing was looked at yet.</p>
        ) : (
          <dl className="grid grid-cols-3 gap-4">
            {classes.map((one) => (
              <div key={one.class}>
                <dt className="text-xs text-ink-3">{CLASS_WORDS[one.class]}</dt>
                <dd className="text-lg font-bold tabular-nums">{bytesOf(one.bytes)}</dd>
                <dd className="text-xs text-ink-3">{plural(one.videos, "film")}</dd>
              </div>
            ))}
          </dl>
        )}
      </Panel>
      <Walked store={store} />
      <Owners />
    </>
  );
}

function Walked({ store }: { store: HouseStorage["store"] }) {
  if (!store)
    return (
      <Panel
        title="What the store really has"
        intro="It is walked through once a day, the first time within a day of the start."
      />
    );
  return (
    <Panel
      title="What the store really has"
      intro={
        <>
          Walked through <Ago at={store.walked_at} /> ago: {compact(store.blobs)} blobs, {bytesOf(store.bytes)}.
        </>
      }
    >
      <dl className="grid grid-cols-2 gap-4">
        <div>
          <dt className="text-xs text-ink-3">More or less than the rows say</dt>
          <dd className={`text-lg font-bold tabular-nums ${store.drift_bytes === 0 ? "" : "text-warn"}`}>
            {store.drift_bytes === 0
              ? "None"
              : `${store.drift_bytes > 0 ? "+" : "−"}${bytesOf(Math.abs(store.drift_bytes))}`}
          </dd>
        </div>
        <div>
          <dt className="text-xs text-ink-3">Named by nothing</dt>
          <dd className={`text-lg font-bold tabular-nums ${store.orphan_bytes === 0 ? "" : "text-warn"}`}>
            {store.orphan_bytes === 0 ? "None" : bytesOf(store.orphan_bytes)}
          </dd>
        </div>
      </dl>
      <div
        className="mt-4 overflow-x-auto rounded-xl border border-line"
        // What scrolls has to be reached by keys.
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        tabIndex={0}
        role="region"
        aria-label="Found in the store"
      >
        <table className="w-full text-left text-sm tabular-nums">
          <caption className="sr-only">Found in the store, beside what the rows say</caption>
          <thead className="bg-sunken text-xs">
            <tr>
              <th scope="col" className="px-3 py-1.5">
                What
              </th>
              <th scope="col" className="px-3 py-1.5 text-right">
                Blobs
              </th>
              <th scope="col" className="px-3 py-1.5 text-right">
                Found
              </th>
              <th scope="col" className="px-3 py-1.5 text-right">
                Rows say
              </th>
            </tr>
          </thead>
          <tbody className="divide-y divide-line">
            {store.held.map((one) => (
              <tr key={`${one.kind} ${one.name}`}>
                <th scope="row" className="px-3 py-1.5 font-normal">
                  {KINDS[one.kind].label} {one.name !== "" && one.name !== one.kind && one.name}
                </th>
                <td className="px-3 py-1.5 text-right">{compact(one.blobs)}</td>
                <td className="px-3 py-1.5 text-right">{bytesOf(one.bytes)}</td>
                <td className="px-3 py-1.5 text-right">{one.rows_bytes === null ? "–" : bytesOf(one.rows_bytes)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}

const WHO = [
  ["person", "People"],
  ["space", "Spaces"],
] as const;

function Owners() {
  const [by, setBy] = useState<"person" | "space">("person");
  const pages = useInfiniteQuery(askPages(listStorageOwners, { query: { by, limit: 20 } }));
  const most = Math.max(1, pages.data?.pages[0]?.items[0]?.bytes ?? 1);
  return (
    <Panel title="Who takes it" action={<Pills label="By" options={WHO} value={by} choose={setBy} />}>
      <PagedList
        pages={pages}
        what="who takes how much"
        keyOf={(one) => one.person?.id ?? one.space?.id ?? `gone ${one.bytes}`}
        className="-my-2 divide-y divide-line"
        skeleton={<RowSkeleton />}
        end={<End>These are all of them.</End>}
        empty={<p className="text-sm text-ink-2">Nobody stores anything yet.</p>}
      >
        {(one) => (
          <div role="listitem" className="flex items-center gap-3 py-2.5">
            {one.person ? <Avatar person={one.person} size="sm" /> : one.space ? <SpaceMark space={one.space} /> : null}
            <div className="min-w-0 flex-1">
              <p className="flex justify-between gap-3 text-sm">
                {one.person ? (
                  <Link
                    to="/@{$handle}"
                    params={{ handle: one.person.handle }}
                    className="min-w-6 truncate font-semibold hover:underline"
                  >
                    {one.person.display_name}
                  </Link>
                ) : one.space ? (
                  <Link
                    to="/studio/storage"
                    search={{ space: one.space.id }}
                    className="min-w-6 truncate font-semibold hover:underline"
                  >
                    {one.space.name}
                  </Link>
                ) : (
                  <span className="text-ink-3">Somebody who has gone</span>
                )}
                <span className="shrink-0 tabular-nums">{bytesOf(one.bytes)}</span>
              </p>
              <div className="mt-1.5">
                <HeldBar held={one.held} of={most} />
              </div>
            </div>
          </div>
        )}
      </PagedList>
    </Panel>
  );
}
