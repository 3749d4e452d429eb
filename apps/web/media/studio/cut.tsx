import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { FileVideo, Magnet, Play, Scissors, X } from "lucide-react";
import { lazy, Suspense, useDeferredValue, useEffect, useMemo, useRef, useState } from "react";

import {
  cancelEdit,
  type Edit,
  getKeyFrames,
  listEdits,
  TRIM_MS_MIN,
  trimVideo,
  type Video,
  VIDEO_TYPES,
} from "#systems/media/contract.ts";

import { sentenceOf } from "../../client.ts";
import { Button, IconButton } from "../../parts/button.tsx";
import { Tick } from "../../parts/field.tsx";
import { Ago, clockOf } from "../../parts/time.tsx";
import { Panel } from "../../people/sections.tsx";
import { ask, call, queries } from "../../shell/house.ts";
import { useShortcuts } from "../../shell/keyboard.ts";
import { say, sorry } from "../../shell/toasts.ts";
import { storyboardOf } from "../extras.ts";
import { seekTo } from "../player/acts.ts";
import { playOn } from "../stage.ts";
import { TimeCell } from "./cues.tsx";
import type { TabProps } from "./edit.tsx";
import { movePart, type Part } from "./part.ts";
import { Progress } from "./progress.tsx";
import { exactOf, usePlace } from "./studio-player.tsx";
import { Timeline } from "./timeline.tsx";
import { FileRow } from "./upload-rows.tsx";
import { filmsChanged, sendFiles, useStudioUploads } from "./uploads.ts";

const Confirm = lazy(async () => ({ default: (await import("../../parts/dialog.tsx")).Confirm }));
const EDITS_EVERY_MS = 1_000;
/** Key frames are asked for around so coarse a place, so that a drag is not a hundred questions. */
const AROUND_MS = 5_000;

export default function CutTab(props: TabProps) {
  const { film } = props;
  return (
    <>
      <Edits film={film} refetch={props.refetch} />
      {film.duration_ms !== null && film.hls_url !== null && (
        <Trim key={film.duration_ms} {...props} duration_ms={film.duration_ms} />
      )}
      <Replace film={film} />
    </>
  );
}

function Trim({ film, video, duration_ms }: TabProps & { duration_ms: number }) {
  const [kept, setKept] = useState({ start_ms: 0, end_ms: duration_ms });
  const { start_ms, end_ms } = kept;
  const [texts, setTexts] = useState(true);
  const [busy, setBusy] = useState<"replace" | "new" | null>(null);
  const [asking, setAsking] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const at_ms = usePlace(video);
  const around_ms = useDeferredValue(Math.floor(start_ms / AROUND_MS) * AROUND_MS);
  const frames = useQuery({
    ...ask(getKeyFrames, { params: { video_id: film.id }, query: { around_ms } }),
    staleTime: Infinity,
    retry: false,
    placeholderData: keepPreviousData,
  });
  const marks = useMemo(() => frames.data?.items.map((one) => one.at_ms) ?? [], [frames.data]);
  const nearest = marks.toSorted((a, b) => Math.abs(a - start_ms) - Math.abs(b - start_ms))[0];
  const storyboard = useMemo(() => storyboardOf(film.storyboard), [film.storyboard]);
  const seek = (to_ms: number) => video && seekTo(video, to_ms / 1000);
  const set = (change: Partial<Part>) => setKept(movePart(kept, change, duration_ms, TRIM_MS_MIN));
  const whole = start_ms === 0 && end_ms === duration_ms;
  const shared = marks.length > 0 && frames.data?.exact === false && nearest !== undefined && nearest !== start_ms;
  useStopAt(video, end_ms);
  const look = () => {
    if (!video) return;
    seek(start_ms);
    void playOn(video);
  };
  useShortcuts([
    { keys: "[", label: "The kept part begins here", group: "Studio", run: () => set({ start_ms: at_ms }) },
    { keys: "]", label: "The kept part ends here", group: "Studio", run: () => set({ end_ms: at_ms }) },
    { keys: "p", label: "Play the kept part", group: "Studio", run: look },
  ]);
  const cut = (save_as: "replace" | "new") => {
    setBusy(save_as);
    setProblem(null);
    call(trimVideo, { params: { video_id: film.id }, body: { start_ms, end_ms, save_as, keep_texts: texts } })
      .then(async () => {
        await editsChanged(film.id);
        say(save_as === "new" ? "The new film is being cut. Only you see it at first." : "The film is being cut.");
      })
      .catch(setProblem)
      .finally(() => setBusy(null));
  };
  return (
    <Panel title="Cut" intro="Keep a part of it. No frame is made anew, so nothing is lost and it takes moments.">
      <Timeline
        duration_ms={duration_ms}
        start_ms={start_ms}
        end_ms={end_ms}
        at_ms={at_ms}
        gap_ms={Math.min(TRIM_MS_MIN, duration_ms)}
        storyboard={storyboard}
        marks={marks}
        change={set}
        seek={seek}
      />
      <div className="mt-4 flex flex-wrap items-center gap-3">
        <TimeCell label="Begins" ms={start_ms} set={(ms) => set({ start_ms: ms })} now={() => at_ms} />
        <span className="text-sm text-ink-3">to</span>
        <TimeCell label="Ends" ms={end_ms} set={(ms) => set({ end_ms: ms })} now={() => at_ms} />
        <span role="status" className="text-sm font-semibold tabular-nums">
          {exactOf(end_ms - start_ms)} <span className="font-normal text-ink-3">of {clockOf(duration_ms)}</span>
        </span>
        <Button look="outline" size="sm" disabled={!video} onClick={look}>
          <Play className="size-4" aria-hidden="true" /> Play it
        </Button>
        {shared && (
          <Button look="outline" size="sm" onClick={() => (set({ start_ms: nearest }), seek(nearest))}>
            <Magnet className="size-4" aria-hidden="true" /> To the key frame at {exactOf(nearest)}
          </Button>
        )}
      </div>
      {shared && (
        <p className="mt-2 text-xs text-ink-3">
          This file can only be cut at a key frame: it will begin at the one before {exactOf(start_ms)}.
        </p>
      )}
      <div className="mt-3">
        <Tick
          label="Captions and chapters go along"
          detail="Moved by what is cut off."
          checked={texts}
          onChange={(event) => setTexts(event.target.checked)}
        />
      </div>
      {problem !== null && (
        <p role="alert" className="mt-2 text-sm font-medium text-bad">
          {sentenceOf(problem)}
        </p>
      )}
      <div className="mt-4 flex flex-wrap gap-2">
        <Button busy={busy === "new"} disabled={whole || busy !== null} onClick={() => cut("new")}>
          <Scissors className="size-4.5" aria-hidden="true" /> Save as a new film
        </Button>
        <Button
          look="outline"
          busy={busy === "replace"}
          disabled={whole || busy !== null}
          onClick={() => setAsking(true)}
        >
          Replace this one
        </Button>
      </div>
      <Suspense fallback={null}>
        {asking && (
          <Confirm
            open
            onOpenChange={setAsking}
            title="Replace the film by this part?"
            action="Replace"
            onConfirm={() => {
              setAsking(false);
              cut("replace");
            }}
          >
            {clockOf(end_ms - start_ms)} of {clockOf(duration_ms)} stay, at the same address, with all comments and
            views. What is cut off goes for good.
          </Confirm>
        )}
      </Suspense>
    </Panel>
  );
}

/** While the kept part is played, it ends where it ends. */
function useStopAt(video: HTMLVideoElement | null, end_ms: number) {
  useEffect(() => {
    if (!video) return;
    let before_s = video.currentTime;
    const look = () => {
      const end_s = end_ms / 1000;
      if (!video.paused && before_s < end_s && video.currentTime >= end_s && video.currentTime - before_s < 1)
        video.pause();
      before_s = video.currentTime;
    };
    video.addEventListener("timeupdate", look);
    return () => video.removeEventListener("timeupdate", look);
  }, [video, end_ms]);
}

const editsOf = (video_id: string) => ask(listEdits, { params: { video_id } });
const editsChanged = (video_id: string) => queries.invalidateQueries({ queryKey: editsOf(video_id).queryKey });
const isOf = (params: unknown, id: string) =>
  typeof params === "object" && params !== null && "video_id" in params && params.video_id === id;
const runs = (edit: Edit) => edit.status === "cutting" || edit.status === "preparing";

/** What is being done to the file, and what was. */
function Edits({ film, refetch }: { film: Video; refetch: () => void }) {
  const asked = useQuery({
    ...editsOf(film.id),
    staleTime: 2_000,
    refetchInterval: (query) => (query.state.data?.items.some(runs) ? EDITS_EVERY_MS : false),
  });
  const items = asked.data?.items ?? [];
  const running = items.filter(runs).length;
  const before = useRef(running);
  useEffect(() => {
    if (running < before.current) {
      refetch();
      // Another file has other key frames, moments, captions and chapters.
      void queries.invalidateQueries({ predicate: ({ queryKey }) => isOf(queryKey[1], film.id) });
      void filmsChanged();
    }
    before.current = running;
  }, [running, refetch, film.id]);
  if (items.length === 0) return null;
  return (
    <Panel title="What was done to the file">
      <ul className="-my-2 divide-y divide-line">
        {items.slice(0, 5).map((edit) => (
          <li key={edit.id} className="flex items-center gap-3 py-2.5">
            {edit.kind === "trim" ? (
              <Scissors className="size-5 shrink-0 text-ink-3" aria-hidden="true" />
            ) : (
              <FileVideo className="size-5 shrink-0 text-ink-3" aria-hidden="true" />
            )}
            <div className="min-w-0 flex-1 text-sm">
              <p>
                {wordsOf(edit)}
                {edit.new_video_id !== null && (
                  <>
                    {" "}
                    <Link
                      to="/studio/$id"
                      params={{ id: edit.new_video_id }}
                      className="font-semibold text-accent-ink underline"
                    >
                      Open the new film
                    </Link>
                  </>
                )}
              </p>
              {edit.failure && <p className="text-xs font-medium text-bad">{edit.failure.detail}</p>}
              {runs(edit) ? (
                <Progress share={edit.progress} label={wordsOf(edit)} className="mt-1.5" />
              ) : (
                <Ago at={edit.ended_at ?? edit.created_at} className="text-xs text-ink-3" />
              )}
            </div>
            {runs(edit) && (
              <IconButton
                label="Give it up"
                onClick={() =>
                  void call(cancelEdit, { params: { video_id: film.id, edit_id: edit.id } })
                    .then(() => editsChanged(film.id))
                    .then(() => say("The film stays as it is."))
                    .catch(sorry)
                }
              >
                <X className="size-5" />
              </IconButton>
            )}
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function wordsOf({ kind, save_as, status, cut, asked }: Edit): string {
  const part = cut ?? asked;
  const what =
    kind === "replace"
      ? "Another file"
      : `${part ? `${clockOf(part.start_ms)} to ${clockOf(part.end_ms)}` : "A part"}${save_as === "new" ? " as a new film" : ""}`;
  if (status === "failed") return `${what}: this did not work.`;
  if (status === "done") return kind === "replace" ? "Another file took its place." : `${what}: done.`;
  return status === "cutting" ? `${what}: being cut…` : `${what}: being made ready; the old one is shown until then…`;
}

function Replace({ film }: { film: Video }) {
  const pick = useRef<HTMLInputElement>(null);
  const files = useStudioUploads().filter((file) => file.replaces === film.id);
  return (
    <Panel
      title="Another file"
      intro="The address, the comments and the views stay. The old file is shown until the new one can be watched."
    >
      {files.length > 0 ? (
        <ul className="-mx-4">
          {files.map((file) => (
            <FileRow key={file.key} file={file} />
          ))}
        </ul>
      ) : (
        <Button look="outline" onClick={() => pick.current?.click()}>
          <FileVideo className="size-4.5" aria-hidden="true" /> Choose a file
        </Button>
      )}
      <input
        ref={pick}
        type="file"
        hidden
        accept={VIDEO_TYPES.join(",")}
        aria-label="A file to take the place of this one"
        onChange={({ currentTarget }) => {
          const [file] = Array.from(currentTarget.files ?? []);
          currentTarget.value = "";
          if (file) void sendFiles([file], { audience: "private", space_id: null, replaces: film.id });
        }}
      />
    </Panel>
  );
}
