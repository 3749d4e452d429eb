import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import {
  feedRoutes,
  PUSH_FOLLOWERS_BOUND,
  PUSH_FOLLOWERS_MAX,
  STRATEGIES,
  type Timelines,
} from "#systems/feed/contract.ts";

import { sentenceOf } from "../../client.ts";
import { Button } from "../../parts/button.tsx";
import { Failed } from "../../parts/empty.tsx";
import { Choices, TextField } from "../../parts/field.tsx";
import { bytesOf, compact, plural } from "../../parts/numbers.ts";
import { Loading, Skeleton } from "../../parts/skeleton.tsx";
import { Ago } from "../../parts/time.tsx";
import { Panel } from "../../people/sections.tsx";
import { ask, call } from "../../shell/house.ts";
import { say } from "../../shell/toasts.ts";
import { CostBars } from "./cost-bars.tsx";
import { rateOf, shortOf, spentOf, STRATEGY_WORDS } from "./cost-words.ts";

/** Measured by the house when it is asked, so it is not asked again for every look. */
const query = { ...ask(feedRoutes.getTimelines), staleTime: 60_000, refetchOnWindowFocus: false };

/** How homes are made, what each way costs here, and the switch. */
export default function AdminTimelines() {
  const asked = useQuery(query);
  if (asked.isPending)
    return (
      <>
        <Loading what="what homes cost" />
        <Skeleton className="mb-4 h-96 rounded-2xl" />
        <Skeleton className="h-72 rounded-2xl" />
      </>
    );
  if (asked.isError) return <Failed error={asked.error} retry={() => void asked.refetch()} />;
  const { data } = asked;
  return (
    <>
      <Choice key={`${data.strategy}.${data.push_followers_max}`} timelines={data} />
      <Panel
        title="What it costs here"
        intro="In each second of this house's life, of making homes alone: from its numbers of the last day, and from steps measured just now."
        action={
          <Button look="quiet" size="sm" busy={asked.isFetching} onClick={() => void asked.refetch()}>
            Measure again
          </Button>
        }
      >
        <CostBars
          costs={data.costs}
          present={data.strategy}
          advised={data.advice.strategy}
          in_redis={data.shared !== null}
        />
        <ul className="mt-5 list-disc space-y-1 border-t border-line pt-4 pl-5 text-sm text-ink-2">
          {data.advice.because.map((reason) => (
            <li key={reason}>{reason}</li>
          ))}
        </ul>
      </Panel>
      <Numbers timelines={data} />
    </>
  );
}

function Choice({ timelines }: { timelines: Timelines }) {
  const queries = useQueryClient();
  const { strategy: present, push_followers_max, changed_at, changed_by, by_config } = timelines;
  const [strategy, setStrategy] = useState(present);
  const [threshold, setThreshold] = useState(String(push_followers_max));
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const followers = /^\d{1,9}$/.test(threshold.trim()) ? Number(threshold) : Number.NaN;
  const isWrong = !(followers >= 0 && followers <= PUSH_FOLLOWERS_BOUND);
  const isSame = strategy === present && (strategy !== "hybrid" || followers === push_followers_max);

  function send(choosing: Promise<Timelines>, undo: (() => Promise<void>) | undefined) {
    setBusy(true);
    setProblem(null);
    choosing
      .then((now) => {
        queries.setQueryData(query.queryKey, now);
        say(`${STRATEGY_WORDS[now.strategy].label} from now on, on every node.`, undo);
      })
      .catch(setProblem)
      .finally(() => setBusy(false));
  }
  const choose = (body: { strategy: Timelines["strategy"]; push_followers_max: number }) =>
    call(feedRoutes.setTimelines, { body });
  const back = async () => {
    const before = { strategy: present, push_followers_max };
    const now = changed_at === null ? await call(feedRoutes.resetTimelines, {}) : await choose(before);
    queries.setQueryData(query.queryKey, now);
  };

  return (
    <Panel
      title="How homes are made"
      intro={
        changed_at === null ? (
          "As the configuration says. Whatever you choose, nobody's pages change; it holds on every node at once."
        ) : (
          <>
            Chosen by {changed_by?.display_name ?? "the command line"}, <Ago at={changed_at} />. Whatever you choose,
            nobody&rsquo;s pages change; it holds on every node at once.
          </>
        )
      }
    >
      <form
        className="space-y-5"
        onSubmit={(event) => {
          event.preventDefault();
          if (!isWrong) send(choose({ strategy, push_followers_max: followers }), back);
        }}
      >
        <Choices
          label="The way"
          value={strategy}
          onChange={setStrategy}
          columns={2}
          choices={STRATEGIES.map((value) => ({ value, ...STRATEGY_WORDS[value] }))}
        />
        {strategy === "hybrid" && (
          <TextField
            label="Merged in at the read: whoever has more followers than"
            inputMode="numeric"
            value={threshold}
            onChange={(event) => setThreshold(event.target.value)}
            hint={`${PUSH_FOLLOWERS_MAX.toLocaleString("en")} is a good start.`}
            error={isWrong ? `A whole number up to ${PUSH_FOLLOWERS_BOUND.toLocaleString("en")}.` : undefined}
          />
        )}
        {problem !== null && (
          <p role="alert" className="text-sm font-medium text-bad">
            {sentenceOf(problem)}
          </p>
        )}
        <div className="flex flex-wrap gap-3">
          <Button type="submit" busy={busy} disabled={isSame || isWrong}>
            Use this
          </Button>
          {changed_at !== null && (
            <Button
              type="button"
              look="quiet"
              disabled={busy}
              onClick={() => send(call(feedRoutes.resetTimelines, {}), back)}
            >
              As configured ({STRATEGY_WORDS[by_config.strategy].label.toLowerCase()})
            </Button>
          )}
        </div>
      </form>
    </Panel>
  );
}

function Numbers({ timelines: { numbers: n, steps, rings, lists, shared } }: { timelines: Timelines }) {
  return (
    <Panel title="The numbers behind it">
      <dl className="grid grid-cols-2 gap-x-4 gap-y-5 sm:grid-cols-3">
        <Fact label="People" value={compact(n.people)} detail={`${compact(n.active_people)} here in the last day`} />
        <Fact label="Homes read" value={rateOf(n.home_reads_per_s)} />
        <Fact label="Posts and reposts" value={rateOf(n.entries_per_s)} />
        <Fact
          label="An active person follows"
          value={shortOf(n.follows_per_reader)}
          detail={`${shortOf(n.heavy_per_reader)} of them over the threshold`}
        />
        <Fact
          label="Followers of who writes"
          value={shortOf(n.followers_per_entry)}
          detail="on average, by what they write"
        />
        <Fact
          label="Most followers"
          value={compact(n.followers_most)}
          detail={`half have up to ${compact(n.followers_p50)}, 99 of 100 up to ${compact(n.followers_p99)}`}
        />
        <Fact label="One ring in a merge" value={spentOf(steps.ring_us)} />
        <Fact label="One push" value={spentOf(steps.push_us)} />
        <Fact
          label="One load"
          value={spentOf(steps.load_us)}
          detail={`a page of the database ${spentOf(steps.plain_us)}`}
        />
      </dl>
      <h3 className="mt-6 mb-3 border-t border-line pt-4 text-sm font-semibold">This process since it started</h3>
      <dl className="grid grid-cols-2 gap-x-4 gap-y-5 sm:grid-cols-3">
        <Fact
          label="Rings"
          value={compact(rings.rings)}
          detail={`${bytesOf(rings.bytes)}, ${plural(rings.loads, "load")}`}
        />
        {shared === null ? (
          <Fact
            label="Lists"
            value={compact(lists.lists)}
            detail={`${compact(lists.entries)} ids in ${bytesOf(lists.bytes)}, ${plural(lists.pushes, "push", "pushes")}`}
          />
        ) : (
          <Fact
            label="Lists in Redis"
            value={shared.is_away ? "away" : plural(shared.reads, "read")}
            detail={`${plural(shared.pushes, "push", "pushes")}, ${plural(shared.pulled, "read")} without it`}
          />
        )}
        <Fact
          label="Dropped"
          value={compact(rings.dropped + lists.dropped)}
          detail="for room, or because nobody read"
        />
      </dl>
    </Panel>
  );
}

const Fact = ({ label, value, detail }: { label: string; value: string; detail?: string }) => (
  <div>
    <dt className="text-xs text-ink-3">{label}</dt>
    <dd className="mt-0.5 text-base font-semibold tabular-nums">{value}</dd>
    {detail !== undefined && <dd className="text-xs text-ink-3">{detail}</dd>}
  </div>
);
