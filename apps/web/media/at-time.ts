import type { Video } from "#systems/media/contract.ts";

/** A place in a film as it stands in an address: `83`, `83s`, `1m23s`, `1h2m3s` or `1:02:03`. @returns seconds; null for none */
export function parsePlace(text: string | undefined): number | null {
  if (text === undefined) return null;
  const clock = /^(?:(\d{1,3}):)?(\d{1,3}):(\d{1,2})$/.exec(text);
  if (clock) return seconds(clock[1], clock[2], clock[3]);
  const named = /^(?:(\d{1,3})h)?(?:(\d{1,4})m)?(?:(\d{1,6})(?:\.\d+)?s?)?$/.exec(text);
  if (!named || text === "") return null;
  return seconds(named[1], named[2], named[3]);
}

const seconds = (hours = "0", minutes = "0", rest = "0") => Number(hours) * 3600 + Number(minutes) * 60 + Number(rest);

/** The address of a film's page, at a place of it where one is given. */
export const watchPath = (video_id: string, at_s: number | null = null): string =>
  `/watch/${encodeURIComponent(video_id)}${at_s === null || at_s < 1 ? "" : `?t=${Math.floor(at_s)}`}`;

/** `1 hour 2 minutes 3 seconds`, for ears. */
export function spoken(at_s: number): string {
  const whole = Math.max(0, Math.floor(Number.isFinite(at_s) ? at_s : 0));
  const parts: [number, string][] = [
    [Math.floor(whole / 3600), "hour"],
    [Math.floor(whole / 60) % 60, "minute"],
    [whole % 60, "second"],
  ];
  const said = parts.filter(([value]) => value > 0).map(([value, unit]) => `${value} ${unit}${value === 1 ? "" : "s"}`);
  return said.join(" ") || "0 seconds";
}

/** Who stopped within this of the end begins anew. */
const NEAR_END_MS = 8_000;

/** Where somebody goes on who comes back. */
export const placeToResume = ({ position_ms, duration_ms }: Pick<Video, "position_ms" | "duration_ms">): number => {
  const at = position_ms ?? 0;
  return duration_ms !== null && at > duration_ms - NEAR_END_MS ? 0 : at;
};
