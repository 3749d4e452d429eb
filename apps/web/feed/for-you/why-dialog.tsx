import { useQuery } from "@tanstack/react-query";
import { Dices, ThumbsDown, UserX } from "lucide-react";

import { type ForYouWhy, forYouWhy, type Post, whyPost } from "#systems/feed/contract.ts";

import { Refusal, sentenceOf } from "../../client.ts";
import { Button } from "../../parts/button.tsx";
import { cx } from "../../parts/class.ts";
import { Sheet } from "../../parts/dialog.tsx";
import { plural } from "../../parts/numbers.ts";
import { Skeleton } from "../../parts/skeleton.tsx";
import { Ago, dayOf } from "../../parts/time.tsx";
import { ask } from "../../shell/house.ts";
import { askLess } from "./less.ts";
import { barsOf, outcomeWords, percentOf, signed } from "./terms.ts";

/** The terms of the score, as the house had them when it made the list. */
export default function WhyDialog({ post, close }: { post: Post; close: () => void }) {
  const why = useQuery({ ...ask(forYouWhy, { params: { id: post.id } }), staleTime: 0 });
  const may = useQuery(ask(whyPost, { params: { id: post.id } }));
  const less = (kind: "post" | "author") => {
    close();
    void askLess(post, kind);
  };
  return (
    <Sheet open onOpenChange={(open) => !open && close()} title="Why am I seeing this?">
      <div className="space-y-6 px-6 pt-2 pb-8">
        {why.isPending ? (
          <div className="space-y-3" aria-label="Loading">
            <Skeleton className="h-5 w-72 max-w-full" />
            <Skeleton className="h-44 w-full" />
          </div>
        ) : why.isError ? (
          <Unlisted error={why.error} because={may.data?.because} />
        ) : (
          <Terms why={why.data} author={post.author.display_name} because={may.data?.because} />
        )}
        <div className="flex flex-wrap gap-2">
          <Button look="outline" size="sm" onClick={() => less("post")}>
            <ThumbsDown className="size-4" /> Less like this
          </Button>
          <Button look="outline" size="sm" onClick={() => less("author")}>
            <UserX className="size-4" /> Nothing by @{post.author.handle}
          </Button>
        </div>
      </div>
    </Sheet>
  );
}

/** Where no list was ready in time the newest are shown, and those have no score that could be told. */
function Unlisted({ error, because }: { error: Error; because: string | undefined }) {
  if (!(error instanceof Refusal) || error.code !== "for_you.not_listed")
    return <p className="text-ink-2">{sentenceOf(error)}</p>;
  return (
    <div className="space-y-2">
      <p className="text-lg leading-7 font-semibold">It is among the newest for everybody.</p>
      <p className="text-sm text-ink-2">
        Your own list was not ready when this was shown, or another has taken its place since. So there is no score to
        tell of.
      </p>
      {because !== undefined && <p className="text-xs text-ink-3">You may read it: {because}</p>}
    </div>
  );
}

function Terms({ why, author, because }: { why: ForYouWhy; author: string; because: string | undefined }) {
  const others = why.sources.filter(({ sentence }) => sentence !== why.because);
  return (
    <>
      <div>
        <p className="flex items-start gap-2 text-lg leading-7 font-semibold">
          {why.by_chance && <Dices className="mt-1 size-5 shrink-0 text-accent-ink" aria-hidden="true" />}
          {why.because}
        </p>
        {others.length > 0 && (
          <ul className="mt-2 list-disc space-y-0.5 pl-5 text-sm text-ink-2 marker:text-ink-3">
            {others.map(({ source, sentence }) => (
              <li key={source}>{sentence}</li>
            ))}
          </ul>
        )}
      </div>
      <Score why={why} author={author} />
      <Outcomes why={why} />
      <div className="space-y-1 text-xs text-ink-3">
        <p>
          Place {why.place} of a list made <Ago at={why.list.made_at} />, with{" "}
          {why.model.made_at === null
            ? "weights that were set by hand"
            : `weights that this house learned on ${dayOf(why.model.made_at)} (version ${why.model.version})`}
          .
        </p>
        {because !== undefined && <p>You may read it: {because}</p>}
        <p>All of this was worked out in this house. Nothing was asked of, or told to, anybody else.</p>
      </div>
    </>
  );
}

/** Bars to both sides of nothing; the numbers are beside them for those who do not see bars. */
function Score({ why, author }: { why: ForYouWhy; author: string }) {
  const bars = barsOf(why);
  // Where nothing speaks against it, bars have the whole width.
  const isTwoSided = bars.some((bar) => bar.amount < 0);
  const { posts_before, factor } = why.author_turn;
  return (
    <section aria-labelledby="why-score">
      <h3 id="why-score" className="text-sm font-bold">
        What speaks for it
      </h3>
      <p className="text-xs text-ink-3">Counted in likes; an answer or passing it on is worth two.</p>
      <ul className="mt-3 space-y-2.5">
        {bars.map((bar) => (
          <li key={bar.key} className="text-sm">
            <div className="flex items-baseline justify-between gap-3">
              <span className={bar.key === "base" || bar.key === "rest" ? "text-ink-3" : "text-ink-2"}>
                {bar.label}
              </span>
              <span className={cx("shrink-0 tabular-nums", bar.amount < 0 ? "text-bad" : "text-ink")}>
                {signed(bar.amount)}
              </span>
            </div>
            <div aria-hidden="true" className="relative mt-1 h-1.5 rounded-full bg-sunken">
              {isTwoSided && <span className="absolute inset-y-0 left-1/2 w-px bg-line-strong/60" />}
              <span
                className={cx(
                  "absolute inset-y-0 rounded-full",
                  bar.share < 0 ? "right-1/2 bg-bad" : isTwoSided ? "left-1/2" : "left-0",
                  bar.share >= 0 && (bar.key === "base" || bar.key === "rest" ? "bg-line-strong" : "bg-accent"),
                )}
                style={{ width: `${Math.abs(bar.share) * (isTwoSided ? 50 : 100)}%` }}
              />
            </div>
          </li>
        ))}
      </ul>
      <dl className="mt-3 space-y-1 border-t border-line pt-3 text-sm">
        <div className="flex justify-between gap-3">
          <dt className="text-ink-2">Together</dt>
          <dd className="tabular-nums">{why.value.toFixed(3)}</dd>
        </div>
        {posts_before > 0 && (
          <div className="flex justify-between gap-3">
            <dt className="text-ink-2">
              {plural(posts_before, "post")} by {author} {posts_before === 1 ? "stands" : "stand"} before it
            </dt>
            <dd className="tabular-nums">× {factor.toFixed(2)}</dd>
          </div>
        )}
        <div className="flex justify-between gap-3 font-bold">
          <dt>Score</dt>
          <dd className="tabular-nums">{why.score.toFixed(3)}</dd>
        </div>
      </dl>
    </section>
  );
}

function Outcomes({ why }: { why: ForYouWhy }) {
  return (
    <section aria-labelledby="why-outcomes">
      <h3 id="why-outcomes" className="text-sm font-bold">
        What the house expects
      </h3>
      <table className="mt-2 w-full text-sm">
        <thead>
          <tr className="text-left text-xs text-ink-3">
            <th scope="col" className="font-normal">
              That…
            </th>
            <th scope="col" className="text-right font-normal">
              chance
            </th>
            <th scope="col" className="text-right font-normal">
              × worth
            </th>
          </tr>
        </thead>
        <tbody>
          {why.outcomes.map(({ outcome, probability, worth }) => (
            <tr key={outcome} className="border-t border-line/70">
              <td className="py-1 text-ink-2">{outcomeWords(outcome)}</td>
              <td className="py-1 text-right tabular-nums">{percentOf(probability)}</td>
              <td className={cx("py-1 text-right tabular-nums", worth < 0 && "text-bad")}>
                {worth < 0 ? `−${-worth}` : worth}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
