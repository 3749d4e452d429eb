import { useQuery } from "@tanstack/react-query";
import { SendHorizontal, Square, Trash2 } from "lucide-react";
import { type ReactNode, useEffect, useEffectEvent, useRef, useState } from "react";

import { getMediaLimits } from "#systems/media/contract.ts";

import type { FilmUpload } from "../media/upload-film.ts";
import { clockOf } from "../parts/time.tsx";
import { ask } from "../shell/house.ts";
import { barsOf, record, type Recording, whyNot } from "./recording.ts";
import { SoundPlayer } from "./sound-player.tsx";

/** Recorded less than the house takes, for clocks differ. Then it stops by itself, and nothing is lost. */
const SPARE_MS = 500;
const TICK_MS = 100;
const BARS = 80;
/** Of the last seconds, while it is recorded. */
const LIVE_BARS = 40;

type State =
  | { is: "asking" }
  | { is: "refused"; because: string }
  | { is: "recording"; recording: Recording; began_ms: number }
  | { is: "recorded"; file: File; url: string; duration_ms: number; problem: string | null }
  | { is: "sending"; share: number };

/** Records a voice note in the place of the field: thrown away, listened to before it is sent, or sent at once. */
export default function VoiceRecorder({ send, close }: { send: (sound_id: string) => void; close: () => void }) {
  const [state, set] = useState<State>({ is: "asking" });
  const [levels, setLevels] = useState<readonly number[]>([]);
  const [ms, setMs] = useState(0);
  /** What has to be let go of, whatever becomes of this. */
  const held = useRef<{ recording?: Recording; upload?: FilmUpload; url?: string; gone: boolean }>({ gone: false });

  const begin = () => {
    record().then(
      (recording) => {
        if (held.current.gone) return recording.drop();
        held.current.recording = recording;
        set({ is: "recording", recording, began_ms: performance.now() });
      },
      (error: unknown) => set({ is: "refused", because: whyNot(error) }),
    );
  };
  useEffect(() => {
    const own = held.current;
    own.gone = false;
    begin();
    return () => {
      own.gone = true;
      own.recording?.drop();
      // What was sent and is not wanted is freed by the house in time; this only makes it sooner.
      own.upload?.cancel().catch(() => {});
      if (own.url !== undefined) URL.revokeObjectURL(own.url);
    };
    // Once: the microphone is asked for when this opens.
  }, []);

  const limits = useQuery({ ...ask(getMediaLimits), staleTime: 5 * 60_000 });
  const most_ms = (limits.data?.sound.duration_ms_max ?? Number.POSITIVE_INFINITY) - SPARE_MS;
  const upload = async (file: File, duration_ms: number) => {
    set({ is: "sending", share: 0 });
    try {
      const { uploadSound } = await import("../media/upload-film.ts");
      if (held.current.gone) return;
      const sending = uploadSound(file, (share) =>
        set((now) => (now.is === "sending" ? { is: "sending", share } : now)),
      );
      held.current.upload = sending;
      const id = await sending.done;
      delete held.current.upload;
      if (id !== null && !held.current.gone) send(id);
    } catch (error) {
      delete held.current.upload;
      if (!held.current.gone) keep(file, duration_ms, error instanceof Error ? error.message : "This did not work.");
    }
  };
  const keep = (file: File, duration_ms: number, problem: string | null) => {
    held.current.url ??= URL.createObjectURL(file);
    set({ is: "recorded", file, url: held.current.url, duration_ms, problem });
  };
  const stop = async (then: "listen" | "send") => {
    const { recording } = held.current;
    if (!recording || state.is !== "recording") return;
    delete held.current.recording;
    const duration_ms = performance.now() - state.began_ms;
    const file = await recording.stop();
    if (held.current.gone) return;
    if (then === "send") await upload(file, duration_ms);
    else keep(file, duration_ms, null);
  };
  const tick = useEffectEvent(() => {
    if (state.is !== "recording") return;
    const now_ms = performance.now() - state.began_ms;
    setMs(now_ms);
    setLevels((before) => [...before, state.recording.level()]);
    if (now_ms >= most_ms) void stop("listen");
  });
  const is_recording = state.is === "recording";
  useEffect(() => {
    if (!is_recording) return;
    const timer = setInterval(tick, TICK_MS);
    return () => clearInterval(timer);
  }, [is_recording]);

  const again = () => {
    set({ is: "asking" });
    begin();
  };
  const bars = state.is === "recording" ? levels.slice(-LIVE_BARS) : [];
  return (
    <div
      role="group"
      aria-label="Voice note"
      className="flex min-h-13 items-center gap-2 rounded-3xl border border-line-strong bg-surface p-1"
    >
      <Round label={state.is === "refused" ? "Close" : "Throw the voice note away"} press={close}>
        <Trash2 className="size-5" aria-hidden="true" />
      </Round>
      <div className="flex min-w-0 flex-1 items-center gap-2 text-sm">
        {state.is === "asking" && <p role="status">Asking for the microphone</p>}
        {state.is === "refused" && (
          <p role="alert" className="text-bad">
            {state.because}{" "}
            <button type="button" onClick={again} className="font-bold underline">
              Try again
            </button>
          </p>
        )}
        {state.is === "recording" && (
          <>
            <span className="size-2.5 shrink-0 animate-pulse rounded-full bg-bad motion-reduce:animate-none" />
            <span role="timer" aria-label="Recorded" className="tabular-nums">
              {clockOf(Math.floor(ms / 1_000) * 1_000)}
            </span>
            <span
              aria-hidden="true"
              className="flex h-8 min-w-0 flex-1 items-center justify-end gap-px overflow-hidden"
            >
              {bars.map((level, i) => (
                <span
                  key={i}
                  className="w-1 shrink-0 rounded-full bg-accent"
                  style={{ height: `${Math.max(0.1, level / 255) * 100}%` }}
                />
              ))}
            </span>
          </>
        )}
        {state.is === "recorded" && (
          <div className="min-w-0 flex-1">
            <SoundPlayer
              url={state.url}
              duration_ms={state.duration_ms}
              waveform={barsOf(levels, BARS)}
              label="What you recorded"
              lost={() => {}}
            />
            {state.problem !== null && (
              <p role="alert" className="text-xs text-bad">
                Not sent. {state.problem}
              </p>
            )}
          </div>
        )}
        {state.is === "sending" && (
          <>
            <progress
              aria-label="Sending the voice note"
              value={state.share}
              max={1}
              className="h-1.5 flex-1 accent-accent"
            />
            <span role="status" className="text-xs text-ink-3">
              {Math.round(state.share * 100)} % sent
            </span>
          </>
        )}
      </div>
      {state.is === "recording" && (
        <Round label="Stop and listen" press={() => void stop("listen")}>
          <Square className="size-4.5 fill-current" aria-hidden="true" />
        </Round>
      )}
      {(state.is === "recording" || state.is === "recorded") && (
        <button
          type="button"
          ref={toFocus}
          aria-label="Send the voice note"
          title="Send the voice note"
          onClick={() => void (state.is === "recorded" ? upload(state.file, state.duration_ms) : stop("send"))}
          className="grid size-10 shrink-0 place-items-center rounded-full bg-accent text-on-accent"
        >
          <SendHorizontal className="size-5" aria-hidden="true" />
        </button>
      )}
    </div>
  );
}

/** The field is away meanwhile, and with it what had the focus. */
const toFocus = (node: HTMLButtonElement | null) => node?.focus({ preventScroll: true });

const Round = ({ label, press, children }: { label: string; press: () => void; children: ReactNode }) => (
  <button
    type="button"
    aria-label={label}
    title={label}
    onClick={press}
    className="grid size-10 shrink-0 place-items-center rounded-full text-ink-3 hover:bg-sunken hover:text-ink"
  >
    {children}
  </button>
);
