import { useQuery } from "@tanstack/react-query";
import { Plus, Timer, X } from "lucide-react";
import { type KeyboardEvent, memo, useCallback, useEffect, useMemo, useRef, useState } from "react";

import { getCaptions, putCaptions } from "#systems/media/contract.ts";

import { Refusal, sentenceOf } from "../../client.ts";
import { Button, IconButton } from "../../parts/button.tsx";
import { cx } from "../../parts/class.ts";
import { Failed } from "../../parts/empty.tsx";
import { plural } from "../../parts/numbers.ts";
import { Skeleton } from "../../parts/skeleton.tsx";
import { ask, call, queries } from "../../shell/house.ts";
import { say } from "../../shell/toasts.ts";
import { seekTo } from "../player/acts.ts";
import { languageName } from "../player/captions.ts";
import { type Cue, inOrder, withCue, wordsAt, wrongWith } from "./cue-list.ts";
import { useWarning } from "./details.tsx";
import type { TabProps } from "./edit.tsx";
import { dropDraft, keepDraft, keptDraft } from "./kept.ts";
import { usePlace } from "./studio-player.tsx";
import { parseTime, writeTime } from "./times.ts";

/** Lines that are drawn at once; more fields than this make typing slow. */
const SHOWN_MAX = 150;

type Editing = TabProps & { language: string; changed: () => Promise<void>; close: () => void };

const isCues = (value: unknown): value is Cue[] =>
  Array.isArray(value) &&
  value.every(
    (cue: unknown) =>
      typeof cue === "object" &&
      cue !== null &&
      typeof (cue as Cue).text === "string" &&
      Number.isInteger((cue as Cue).start_ms) &&
      Number.isInteger((cue as Cue).end_ms),
  );

/** The lines of one language in a table beside the film. A language that is not there yet begins with none. */
export function CueEditor(props: Editing) {
  const asked = useQuery({
    ...ask(getCaptions, { params: { video_id: props.film.id, language: props.language } }),
    staleTime: 0,
    gcTime: 0,
    retry: false,
  });
  const isNew = asked.error instanceof Refusal && asked.error.status === 404;
  if (asked.isPending) return <Skeleton className="h-80" />;
  if (asked.isError && !isNew) return <Failed error={asked.error} retry={() => void asked.refetch()} />;
  return (
    <Lines
      {...props}
      told={asked.data?.cues ?? []}
      etag={asked.data?.etag ?? null}
      label={asked.data?.label ?? languageName(props.language)}
      again={() => void asked.refetch()}
    />
  );
}

const newKey = () => crypto.randomUUID();
const keyed = (told: readonly Omit<Cue, "key">[]): Cue[] => told.map((cue) => ({ ...cue, key: newKey() }));
const bare = (cues: readonly Cue[]) =>
  cues.map(({ start_ms, end_ms, text, settings }) => ({ start_ms, end_ms, text, settings }));

function Lines({
  film,
  video,
  say: show,
  language,
  told,
  etag: etag_told,
  label,
  changed: wasChanged,
  again,
  close,
}: Editing & { told: readonly Omit<Cue, "key">[]; etag: string | null; label: string; again: () => void }) {
  const what = `captions.${language}` as const;
  const [cues, setCues] = useState<Cue[]>(() => keptDraft(film.id, what, isCues) ?? keyed(told));
  const [saved, setSaved] = useState(() =>
    JSON.stringify(told.map(({ start_ms, end_ms, text, settings }) => ({ start_ms, end_ms, text, settings }))),
  );
  const [etag, setEtag] = useState(etag_told);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const [from, setFrom] = useState(0);
  const table = useRef<HTMLOListElement>(null);
  const wants = useRef<{ key: string; field: "text" } | null>(null);
  const duration_ms = film.duration_ms ?? 0;
  const at_ms = usePlace(video);
  const isChanged = JSON.stringify(bare(cues)) !== saved;
  const words = useMemo(() => wordsAt(cues, at_ms), [cues, at_ms]);
  const said = words.join("\n");
  useEffect(() => show(said === "" ? [] : [said]), [said, show]);
  useEffect(() => () => show([]), [show]);
  useWarning(isChanged);
  useEffect(() => {
    if (isChanged) keepDraft(film.id, what, cues);
    else dropDraft(film.id, what);
  }, [cues, isChanged, film.id, what]);
  useEffect(() => {
    if (!wants.current) return;
    const { key } = wants.current;
    wants.current = null;
    table.current?.querySelector<HTMLElement>(`[data-cue="${key}"] textarea`)?.focus();
  });

  const set = useCallback((key: string, change: Partial<Cue>) => {
    setCues((before) => {
      const next = before.map((cue) => (cue.key === key ? { ...cue, ...change } : cue));
      return change.start_ms === undefined ? next : inOrder(next);
    });
  }, []);
  const remove = useCallback((key: string) => setCues((before) => before.filter((cue) => cue.key !== key)), []);
  const go = useCallback((to_ms: number) => video && seekTo(video, to_ms / 1000), [video]);
  const now = useCallback(() => Math.round((video?.currentTime ?? 0) * 1000), [video]);
  const add = () => {
    const key = newKey();
    const next = withCue(cues, now(), duration_ms, key);
    const place = next.findIndex((cue) => cue.key === key);
    if (place < from || place >= from + SHOWN_MAX) setFrom(Math.max(0, place - Math.floor(SHOWN_MAX / 2)));
    wants.current = { key, field: "text" };
    setCues(next);
  };
  const wrong = cues.find((cue) => wrongWith(cue, duration_ms) !== null);
  const save = () => {
    if (busy || wrong || cues.length === 0) return;
    setBusy(true);
    setProblem(null);
    const params = { video_id: film.id, language };
    call(putCaptions, {
      params,
      body: { cues: bare(cues) },
      ...(etag === null ? {} : { headers: { "if-match": etag } }),
    })
      .then(async () => {
        const fresh = await call(getCaptions, { params });
        setEtag(fresh.etag);
        setSaved(JSON.stringify(bare(cues)));
        dropDraft(film.id, what);
        queries.removeQueries({ queryKey: ask(getCaptions, { params }).queryKey });
        await wasChanged();
        say("Saved. Who watches now sees them.");
      })
      .catch(setProblem)
      .finally(() => setBusy(false));
  };
  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    const row = (event.target as HTMLElement).closest<HTMLElement>("[data-cue]");
    const place = cues.findIndex((cue) => cue.key === row?.dataset.cue);
    const cue = cues[place];
    const modified = event.ctrlKey || event.metaKey;
    if (modified && event.key === "s") save();
    else if (modified && event.key === "Enter") add();
    else if (cue && modified && event.key === "1") set(cue.key, { start_ms: now() });
    else if (cue && modified && event.key === "2") set(cue.key, { end_ms: now() });
    else if (cue && modified && event.key === "Backspace" && cue.text === "") remove(cue.key);
    else if (cue && event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
      const other = cues[place + (event.key === "ArrowUp" ? -1 : 1)];
      if (!other) return;
      go(other.start_ms);
      table.current?.querySelector<HTMLElement>(`[data-cue="${other.key}"] textarea`)?.focus();
    } else return;
    event.preventDefault();
  };
  const clash = problem instanceof Refusal && problem.status === 412;
  const shown = cues.slice(from, from + SHOWN_MAX);
  return (
    // The keys belong to the fields within; the section only hears them.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <section
      aria-label={`Lines in ${label}`}
      className="rounded-2xl border border-line bg-surface"
      onKeyDown={onKeyDown}
    >
      <header className="flex flex-wrap items-center gap-2 border-b border-line px-4 py-3">
        <h2 className="min-w-0 flex-1 truncate font-bold">{label}</h2>
        <Button look="soft" size="sm" onClick={add} disabled={!video} title="Ctrl Enter">
          <Plus className="size-4" aria-hidden="true" /> A line here
        </Button>
        <IconButton label="Back to the languages" onClick={close}>
          <X className="size-5" />
        </IconButton>
      </header>
      {cues.length === 0 && (
        <p className="px-5 py-8 text-center text-sm text-ink-2">
          Play the film, stop where somebody speaks, and add a line there.
        </p>
      )}
      {from > 0 && (
        <Button
          look="quiet"
          size="sm"
          className="mx-auto my-2 flex"
          onClick={() => setFrom(Math.max(0, from - SHOWN_MAX))}
        >
          Earlier lines
        </Button>
      )}
      <ol ref={table}>
        {shown.map((cue, at) => (
          <CueRow
            key={cue.key}
            cue={cue}
            number={from + at + 1}
            here={cue.start_ms <= at_ms && at_ms < cue.end_ms}
            wrong={wrongWith(cue, duration_ms)}
            set={set}
            remove={remove}
            go={go}
            now={now}
          />
        ))}
      </ol>
      {from + SHOWN_MAX < cues.length && (
        <Button look="quiet" size="sm" className="mx-auto my-2 flex" onClick={() => setFrom(from + SHOWN_MAX)}>
          Later lines
        </Button>
      )}
      <footer className="sticky bottom-[calc(4.5rem+env(safe-area-inset-bottom))] flex flex-wrap items-center gap-3 rounded-b-2xl border-t border-line bg-surface/95 px-4 py-3 backdrop-blur-md sm:bottom-0">
        <Button busy={busy} disabled={!isChanged || wrong !== undefined || cues.length === 0} onClick={save}>
          Save
        </Button>
        <p role="status" className="min-w-0 flex-1 text-xs text-ink-3">
          {wrong
            ? `Line ${cues.indexOf(wrong) + 1} ${wrongWith(wrong, duration_ms)}.`
            : isChanged
              ? "Not saved yet; kept in this browser."
              : plural(cues.length, "line")}
        </p>
        {problem !== null && (
          <div role="alert" className="flex w-full flex-wrap items-center gap-2 text-sm font-medium text-bad">
            {clash ? "Somebody else wrote these meanwhile." : sentenceOf(problem)}
            {clash && (
              <Button
                look="outline"
                size="sm"
                onClick={() => {
                  dropDraft(film.id, what);
                  close();
                  again();
                }}
              >
                Take theirs
              </Button>
            )}
          </div>
        )}
        <p className="w-full text-xs text-ink-3 max-sm:hidden">
          Ctrl 1 and Ctrl 2: begins or ends now · Ctrl Enter: a line here · Alt ↑ ↓: the line before or after · Ctrl S:
          save
        </p>
      </footer>
    </section>
  );
}

const CueRow = memo(function CueRow({
  cue,
  number,
  here,
  wrong,
  set,
  remove,
  go,
  now,
}: {
  cue: Cue;
  number: number;
  here: boolean;
  wrong: string | null;
  set: (key: string, change: Partial<Cue>) => void;
  remove: (key: string) => void;
  go: (to_ms: number) => void;
  now: () => number;
}) {
  return (
    <li
      data-cue={cue.key}
      className={cx(
        "grid grid-cols-[auto_1fr_auto] items-start gap-x-3 gap-y-1.5 border-b border-line px-4 py-2.5 sm:grid-cols-[8.5rem_1fr_auto]",
        here && "bg-accent-tint/60",
      )}
    >
      <div className="flex gap-1.5 max-sm:col-span-2 sm:flex-col">
        <TimeCell
          label={`Line ${number} begins`}
          ms={cue.start_ms}
          set={(start_ms) => set(cue.key, { start_ms })}
          now={now}
        />
        <TimeCell label={`Line ${number} ends`} ms={cue.end_ms} set={(end_ms) => set(cue.key, { end_ms })} now={now} />
      </div>
      <textarea
        aria-label={`Line ${number}`}
        aria-invalid={wrong !== null || undefined}
        value={cue.text}
        rows={2}
        maxLength={2000}
        onFocus={() => !here && go(cue.start_ms)}
        onChange={(event) => set(cue.key, { text: event.target.value })}
        className="field-sizing-content min-h-16 w-full resize-none rounded-xl border border-line-strong/50 bg-raised px-3 py-2 text-sm outline-none focus:border-accent-ink focus:outline-2 focus:-outline-offset-1 focus:outline-accent-ink aria-invalid:border-bad max-sm:col-span-3 max-sm:row-start-2"
      />
      <IconButton label={`Delete line ${number}`} className="-mr-2" onClick={() => remove(cue.key)}>
        <X className="size-4.5" />
      </IconButton>
    </li>
  );
});

/** A moment as text, taken when it is one; and a press that makes it the player's. */
export function TimeCell({
  label,
  ms,
  set,
  now,
}: {
  label: string;
  ms: number;
  set: (ms: number) => void;
  now: () => number;
}) {
  const [text, setText] = useState<string | null>(null);
  const parsed = text === null ? ms : parseTime(text);
  // Taken when it is written to its end, so that no line jumps away under who writes in it.
  const take = () => {
    if (parsed !== null && parsed !== ms) set(parsed);
    setText(null);
  };
  return (
    <span className="flex items-center rounded-lg border border-line-strong/50 bg-raised has-focus-visible:border-accent-ink has-aria-invalid:border-bad">
      <input
        aria-label={label}
        aria-invalid={parsed === null || undefined}
        inputMode="decimal"
        value={text ?? writeTime(ms)}
        onChange={(event) => setText(event.target.value)}
        onBlur={take}
        onKeyDown={(event) => event.key === "Enter" && !event.ctrlKey && take()}
        className="h-8 w-22 min-w-0 bg-transparent px-2 text-xs tabular-nums outline-none"
      />
      <button
        type="button"
        aria-label={`${label} now`}
        title="Set to now"
        onClick={() => {
          setText(null);
          set(now());
        }}
        className="grid size-8 shrink-0 place-items-center rounded-lg text-ink-3 hover:bg-sunken hover:text-ink"
      >
        <Timer className="size-4" aria-hidden="true" />
      </button>
    </span>
  );
}
