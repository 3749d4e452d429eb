import { Check } from "lucide-react";
import { type ReactNode, useEffect, useId, useRef, useState } from "react";

import type { Poll } from "#systems/feed/contract.ts";

import { Button } from "../parts/button.tsx";
import { cx } from "../parts/class.ts";
import { plural } from "../parts/numbers.ts";
import { useNowMs } from "../parts/time.tsx";
import { percentOf } from "./poll-words.ts";
import { leftOf } from "./when.ts";

/** Clocks differ a little; the last votes are summed by then. */
const AFTER_END_MS = 2_000;

/** A poll, wherever it stands: real radio buttons or boxes until one voted, bars with their numbers afterwards. */
export function PollBox({
  poll,
  may,
  cast,
  again,
  more,
}: {
  poll: Poll;
  /** Whether this reader could vote in it if it were open and they had not. */
  may: boolean;
  cast: (choices: number[]) => Promise<void>;
  /** Results that were hidden are there at the end; whoever looks at it then need not come back for them. */
  again: (signal: AbortSignal) => void;
  /** Beside its numbers. */
  more?: ReactNode;
}) {
  const now_ms = useNowMs();
  const name = useId();
  const [chosen, setChosen] = useState<readonly number[]>([]);
  const [busy, setBusy] = useState(false);
  const [peeking, setPeeking] = useState(false);
  const ended = poll.ended || now_ms >= new Date(poll.ends_at).getTime();
  const mayVote = !ended && poll.chosen === null && may;
  const isHidden = poll.options.every((option) => option.votes === null);
  const isOver = ended && isHidden;
  const asks = useRef(again);
  useEffect(() => {
    asks.current = again;
  });
  useEffect(() => {
    if (!isOver) return;
    const leave = new AbortController();
    const wait = setTimeout(() => asks.current(leave.signal), AFTER_END_MS);
    return () => {
      clearTimeout(wait);
      leave.abort();
    };
  }, [isOver]);

  const vote = async () => {
    setBusy(true);
    await cast([...chosen]);
    setBusy(false);
  };
  const foot = [
    poll.voters === null ? null : plural(poll.voters, "vote"),
    ended ? "final" : leftOf(new Date(poll.ends_at).getTime(), now_ms),
    isHidden && !mayVote ? "results hidden" : null,
  ].filter((part) => part !== null);
  return (
    <div className="mt-3.5">
      {mayVote && !peeking ? (
        <fieldset disabled={busy}>
          <legend className="sr-only">{poll.multiple ? "Poll: choose one or more" : "Poll: choose one"}</legend>
          <div className="grid gap-2">
            {poll.options.map((option, at) => (
              <label
                key={at}
                className="flex min-h-11 cursor-pointer items-center gap-3 rounded-xl border border-line-strong/50 px-3.5 py-2 hover:bg-sunken has-checked:border-accent-ink has-checked:bg-accent-tint has-focus-visible:outline-2 has-focus-visible:outline-accent-ink"
              >
                <input
                  type={poll.multiple ? "checkbox" : "radio"}
                  name={name}
                  checked={chosen.includes(at)}
                  onChange={({ target }) =>
                    setChosen(
                      poll.multiple
                        ? target.checked
                          ? [...chosen, at]
                          : chosen.filter((other) => other !== at)
                        : [at],
                    )
                  }
                  className="size-4.5 shrink-0 accent-accent outline-none"
                />
                <span dir="auto" className="min-w-0 text-sm font-medium wrap-anywhere">
                  {option.text}
                </span>
              </label>
            ))}
          </div>
          <div className="mt-2.5 flex flex-wrap items-center gap-x-3 gap-y-1">
            <Button size="sm" className="h-10" busy={busy} disabled={chosen.length === 0} onClick={() => void vote()}>
              Vote
            </Button>
            {!isHidden && (
              <Button size="sm" look="quiet" className="h-10" onClick={() => setPeeking(true)}>
                See results
              </Button>
            )}
            <p className="text-xs text-ink-3">{foot.join(" · ")}</p>
            {more}
          </div>
        </fieldset>
      ) : (
        <>
          <ul aria-label={ended ? "Results of the poll" : "Poll so far"} className="grid gap-2">
            {poll.options.map((option, at) => (
              <Bar key={at} poll={poll} at={at} text={option.text} votes={option.votes} ended={ended} />
            ))}
          </ul>
          <div className="mt-2 flex min-h-6 flex-wrap items-center gap-x-3">
            <p role="status" className="text-xs text-ink-3">
              {foot.join(" · ")}
            </p>
            {more}
            {peeking && mayVote && (
              <button
                type="button"
                onClick={() => setPeeking(false)}
                className="min-h-6 text-xs font-semibold text-accent-ink hover:underline"
              >
                Back to voting
              </button>
            )}
          </div>
        </>
      )}
    </div>
  );
}

function Bar({
  poll,
  at,
  text,
  votes,
  ended,
}: {
  poll: Poll;
  at: number;
  text: string;
  votes: number | null;
  ended: boolean;
}) {
  const percent = percentOf(votes, poll.voters);
  const most = Math.max(...poll.options.map((option) => option.votes ?? 0));
  const leads = votes !== null && votes > 0 && votes === most;
  const mine = poll.chosen?.includes(at) === true;
  return (
    <li className="relative overflow-hidden rounded-xl bg-sunken">
      <span
        aria-hidden="true"
        className={cx(
          "absolute inset-y-0 left-0 rounded-xl transition-[width] duration-500",
          leads ? "bg-accent-tint" : "bg-line",
        )}
        style={{ width: `${percent ?? 0}%` }}
      />
      <span className="relative flex min-h-11 items-center gap-3 px-3.5 py-2 text-sm">
        <span dir="auto" className={cx("min-w-0 wrap-anywhere", leads && ended ? "font-bold" : "font-medium")}>
          {text}
        </span>
        {mine && (
          <>
            <Check className="size-4 shrink-0 text-accent-ink" aria-hidden="true" />
            <span className="sr-only">, your vote</span>
          </>
        )}
        <span className="ml-auto shrink-0 pl-2 font-semibold tabular-nums">
          {percent === null ? "" : `${percent} %`}
          {votes !== null && <span className="sr-only">, {plural(votes, "vote")}</span>}
        </span>
      </span>
    </li>
  );
}
