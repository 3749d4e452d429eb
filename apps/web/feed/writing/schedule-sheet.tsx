import { useState } from "react";

import { Button } from "../../parts/button.tsx";
import { Sheet } from "../../parts/dialog.tsx";
import { TextField } from "../../parts/field.tsx";
import { useNowMs } from "../../parts/time.tsx";
import { AHEAD_MS_MAX, AHEAD_MS_MIN, localValue, momentOf, presets, whenProblem } from "../when.ts";

const PRESET = new Intl.DateTimeFormat(undefined, { weekday: "short", hour: "numeric", minute: "2-digit" });
const CHOSEN = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "short" });

/** When a post or a message goes out by itself. Times are those of this device, and the sheet says so. */
export default function ScheduleSheet({
  at,
  title = "Publish later",
  action,
  onChoose,
  close,
}: {
  /** The moment that was chosen before. */
  at?: string;
  title?: string;
  action: string;
  onChoose: (moment: string) => void | Promise<void>;
  close: () => void;
}) {
  const now_ms = useNowMs();
  const [value, setValue] = useState(() => (at === undefined ? "" : localValue(new Date(at).getTime())));
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  const problem = whenProblem(value, now_ms);
  const ms = momentOf(value);
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const choose = async () => {
    setTried(true);
    if (problem !== null || ms === null) return;
    setBusy(true);
    await onChoose(new Date(ms).toISOString());
    setBusy(false);
  };
  return (
    <Sheet open onOpenChange={(open) => !open && close()} title={title} over>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          event.stopPropagation();
          void choose();
        }}
        className="px-6 pt-2 pb-5"
      >
        <div role="group" aria-label="Moments that people choose often" className="grid grid-cols-2 gap-2">
          {presets(now_ms).map(({ label, at_ms }) => (
            <button
              key={label}
              type="button"
              aria-pressed={ms === at_ms}
              onClick={() => setValue(localValue(at_ms))}
              className="rounded-xl border border-line-strong/50 bg-raised px-3.5 py-2.5 text-left hover:bg-sunken aria-pressed:border-accent-ink aria-pressed:bg-accent-tint"
            >
              <span className="block text-sm font-semibold">{label}</span>
              <span className="block text-xs text-ink-3">{PRESET.format(at_ms)}</span>
            </button>
          ))}
        </div>
        <div className="mt-4">
          <TextField
            type="datetime-local"
            label="Day and time"
            hint={`In your time zone, ${zone}.`}
            error={tried && problem !== null ? problem : undefined}
            value={value}
            min={localValue(now_ms + AHEAD_MS_MIN)}
            max={localValue(now_ms + AHEAD_MS_MAX)}
            onChange={({ target }) => setValue(target.value)}
          />
        </div>
        <div className="mt-5 flex flex-wrap items-center justify-end gap-3">
          <p role="status" className="min-w-0 flex-1 text-sm text-ink-2">
            {problem === null && ms !== null ? CHOSEN.format(ms) : ""}
          </p>
          <Button type="submit" busy={busy} disabled={value === ""}>
            {action}
          </Button>
        </div>
      </form>
    </Sheet>
  );
}
