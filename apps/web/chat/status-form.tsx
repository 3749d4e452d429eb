import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import type { BodyIn } from "#kernel/contract.ts";
import { type ChatPreferences, chatRoutes as r, STATUS_CHARS_MAX } from "#systems/chat/contract.ts";

import { Button } from "../parts/button.tsx";
import { cx } from "../parts/class.ts";
import { Failed } from "../parts/empty.tsx";
import { RowSkeleton } from "../parts/skeleton.tsx";
import { useNowMs, wholeTime } from "../parts/time.tsx";
import { ask, call, queries } from "../shell/house.ts";
import { say, sorry } from "../shell/toasts.ts";
import { ends, UNTIL } from "./moments.ts";
import { presenceChanged } from "./presence.ts";
import { EmojiButton } from "./reactions.tsx";

export const preferences = ask(r.chatPreferences);

/** Holds at once, here and for all who look. */
export async function setPreferences(body: BodyIn<typeof r.setChatPreferences>): Promise<void> {
  const now = await call(r.setChatPreferences, { body });
  queries.setQueryData(preferences.queryKey, now);
  presenceChanged();
}

const OFTEN: readonly (readonly [emoji: string, text: string, until: keyof typeof UNTIL])[] = [
  ["☕", "Having a coffee", "half_hour"],
  ["🎧", "Deep in something", "hours"],
  ["🚌", "On the way", "hour"],
  ["🤒", "Not well", "day"],
  ["🌴", "Away", "week"],
];

const chip = (on: boolean) =>
  cx(
    "min-h-11 rounded-full border px-4 text-sm font-semibold",
    on ? "border-accent-ink bg-accent-tint text-accent-ink" : "border-line text-ink-2 hover:bg-sunken",
  );

/** What one says of oneself beside one's name, and whether one may be disturbed. */
export function StatusForm({ done }: { done?: () => void }) {
  const asked = useQuery({ ...preferences, staleTime: 0 });
  if (asked.isPending) return <RowSkeleton />;
  if (asked.isError) return <Failed error={asked.error} retry={() => void asked.refetch()} />;
  return <Form key={`${asked.data.status_emoji}${asked.data.status_text}`} now={asked.data} done={done} />;
}

function Form({ now, done }: { now: ChatPreferences; done: (() => void) | undefined }) {
  const now_ms = useNowMs();
  const [emoji, setEmoji] = useState(now.status_emoji);
  const [text, setText] = useState(now.status_text);
  const [until, setUntil] = useState<keyof typeof UNTIL>("always");
  const [busy, setBusy] = useState(false);
  const said = now.status_emoji !== null || now.status_text !== "";
  const change = async (body: BodyIn<typeof r.setChatPreferences>, words: string) => {
    setBusy(true);
    try {
      await setPreferences(body);
      say(words);
      done?.();
    } catch (error) {
      sorry(error);
    }
    setBusy(false);
  };
  const save = (body: BodyIn<typeof r.setChatPreferences>, words: string) => void change(body, words);
  return (
    <div className="flex flex-col gap-6">
      <form
        aria-label="Your status"
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          save(
            { status_emoji: emoji, status_text: text.trim(), status_until: ends(until, now_ms) },
            "Your status stands beside your name.",
          );
        }}
      >
        <div className="flex items-center gap-2">
          <span className="relative grid size-12 shrink-0 place-items-center rounded-xl bg-sunken text-2xl">
            <span aria-hidden="true" className={cx("pointer-events-none absolute", emoji === null && "hidden")}>
              {emoji}
            </span>
            <EmojiButton
              label={emoji === null ? "Choose a sign" : `Another sign than ${emoji}`}
              choose={setEmoji}
              side="bottom"
              className={cx("size-12 rounded-xl", emoji !== null && "[&_svg]:opacity-0")}
            />
          </span>
          <input
            value={text}
            maxLength={STATUS_CHARS_MAX}
            aria-label="What you say of yourself"
            placeholder="What are you about?"
            onChange={(event) => setText(event.target.value)}
            className="h-12 min-w-0 flex-1 rounded-xl border border-line-strong/60 bg-raised px-4 text-base"
          />
        </div>
        <div role="group" aria-label="Said often" className="flex flex-wrap gap-2">
          {OFTEN.map(([sign, words, long]) => (
            <button
              key={sign}
              type="button"
              onClick={() => {
                setEmoji(sign);
                setText(words);
                setUntil(long);
              }}
              className={chip(emoji === sign && text === words)}
            >
              {sign} {words}
            </button>
          ))}
        </div>
        <label className="flex items-center justify-between gap-3 text-sm font-semibold">
          Until
          <select
            value={until}
            onChange={(event) => setUntil(event.target.value as keyof typeof UNTIL)}
            className="h-11 rounded-xl border border-line-strong/60 bg-raised px-3 text-sm font-normal"
          >
            {Object.entries(UNTIL).map(([key, { words }]) => (
              <option key={key} value={key}>
                {words}
              </option>
            ))}
          </select>
        </label>
        {now.status_until !== null && (
          <p className="text-xs text-ink-3">What stands there now goes {wholeTime(now.status_until)}.</p>
        )}
        <div className="flex justify-end gap-2">
          {said && (
            <Button
              look="quiet"
              onClick={() =>
                save({ status_emoji: null, status_text: "", status_until: null }, "Nothing stands beside your name.")
              }
            >
              Take it away
            </Button>
          )}
          <Button type="submit" busy={busy} disabled={emoji === null && text.trim() === ""}>
            Say it
          </Button>
        </div>
      </form>
      <section aria-label="Do not disturb" className="flex flex-col gap-3 border-t border-line pt-5">
        <h3 className="text-sm font-bold">Do not disturb</h3>
        <p className="text-sm text-ink-2">
          {now.quiet_until === null
            ? "You are shown as not to be disturbed for as long as you choose. Nothing is lost meanwhile."
            : `Until ${wholeTime(now.quiet_until)} you are shown as not to be disturbed.`}
        </p>
        <div className="flex flex-wrap gap-2">
          {now.quiet_until !== null && (
            <button
              type="button"
              className={chip(true)}
              onClick={() => save({ quiet_until: null }, "You may be disturbed again.")}
            >
              End it
            </button>
          )}
          {(["half_hour", "hour", "hours", "morning"] as const).map((long) => (
            <button
              key={long}
              type="button"
              className={chip(false)}
              onClick={() => save({ quiet_until: ends(long, now_ms) }, "Others see that you are not to be disturbed.")}
            >
              {UNTIL[long].words}
            </button>
          ))}
        </div>
      </section>
    </div>
  );
}
