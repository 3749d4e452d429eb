import { useSyncExternalStore } from "react";

/** Everybody looks at one clock that ticks each half minute, only while somebody looks. */
const listeners = new Set<() => void>();
let ticking: ReturnType<typeof setInterval> | undefined;
let now_ms = performance.timeOrigin + performance.now();

const tick = () => {
  now_ms = performance.timeOrigin + performance.now();
  for (const listener of listeners) listener();
};
function subscribe(listener: () => void) {
  listeners.add(listener);
  ticking ??= setInterval(tick, 30_000);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      clearInterval(ticking);
      ticking = undefined;
    }
  };
}

export const useNowMs = () => useSyncExternalStore(subscribe, () => now_ms);

const DAY = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const DAY_AND_YEAR = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" });
const WHOLE = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "short" });

/** "now", "5 min", "3 h", "2 d", then the date. */
export function agoOf(at_ms: number, from_ms: number): string {
  const seconds = Math.max(0, (from_ms - at_ms) / 1000);
  if (seconds < 60) return "now";
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
  if (seconds < 7 * 86_400) return `${Math.floor(seconds / 86_400)} d`;
  const date = new Date(at_ms);
  return (date.getFullYear() === new Date(from_ms).getFullYear() ? DAY : DAY_AND_YEAR).format(date);
}

export function Ago({ at, className }: { at: string; className?: string }) {
  const now = useNowMs();
  const date = new Date(at);
  return (
    <time dateTime={at} title={WHOLE.format(date)} className={className}>
      {agoOf(date.getTime(), now)}
    </time>
  );
}

export const wholeTime = (at: string) => WHOLE.format(new Date(at));
export const dayOf = (at: string) => DAY_AND_YEAR.format(new Date(at));

/** 65 000 → "1:05"; with hours where there are any. */
export function clockOf(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const rest = `${String(Math.floor(seconds / 60) % 60)}:${String(seconds % 60).padStart(2, "0")}`;
  return seconds < 3600 ? rest : `${Math.floor(seconds / 3600)}:${rest.padStart(5, "0")}`;
}
