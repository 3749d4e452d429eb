import { startLevel, type Told } from "./levels.ts";
import { bandwidth, pictureSide } from "./line.ts";
import { readBeginning, readMaster, type Variant } from "./lists.ts";

/**
 * What a player will ask for first, fetched while its code still loads or while the film is one swipe away: the lists,
 * the header and one segment of the quality it will begin with, and of the sound. The loader takes them from here.
 */
export interface Fetched {
  url: string;
  body: ArrayBuffer;
  /** `performance.now()`, so that the estimate of the line learns of it as if it had come just now. */
  began_ms: number;
  first_ms: number;
  ended_ms: number;
}

interface Kept {
  fetched: Promise<Fetched | null>;
  /** What was given up before it was taken is stopped. */
  stop: AbortController;
  at_ms: number;
}

const KEPT_MAX = 32;
/** Signed addresses end and lists may change with captions: older than this is asked again. */
const KEPT_MS_MAX = 60_000;

const kept = new Map<string, Kept>();

/** For so long after the player asked for something itself it is not fetched early: its list came to both at once. */
const ASKED_MS_MAX = 15_000;
const ASKED_MAX = 64;
const asked = new Map<string, number>();

/** Takes what was fetched early; it is handed out once. null where nothing was, or where it failed. */
export function takeEarly(url: string): Promise<Fetched | null> | null {
  asked.delete(url);
  asked.set(url, performance.now());
  for (const oldest of asked.keys()) {
    if (asked.size <= ASKED_MAX) break;
    asked.delete(oldest);
  }
  const found = kept.get(url);
  if (!found) return null;
  kept.delete(url);
  return performance.now() - found.at_ms > KEPT_MS_MAX ? null : found.fetched;
}

export interface Beginning {
  start_s?: number;
  told?: readonly Told[];
}

/** Fetches the beginning of a film. What fails is asked again by the player, which can wait and say so. */
export async function fetchEarly(list: string, { start_s = 0, told = [] }: Beginning = {}): Promise<void> {
  const url = new URL(list, location.href).href;
  if (kept.has(url)) return;
  const master = await textOf(url);
  if (master === null) return;
  const { variants: all, sounds } = readMaster(master, url);
  const variants = all.filter(isPlayed);
  const chosen = variants[startLevel(variants, { told, bandwidth_bps: bandwidth(), side_px: pictureSide() })];
  if (!chosen) return;
  const sound = chosen.audio === null ? undefined : sounds.get(chosen.audio);
  await Promise.all([chosen.url, ...(sound === undefined ? [] : [sound])].map((track) => beginning(track, start_s)));
}

/** Of codecs that this browser does not have nothing is fetched: its player leaves them out. */
const isPlayed = ({ codecs }: Variant): boolean =>
  codecs === "" || !("MediaSource" in globalThis) || MediaSource.isTypeSupported(`video/mp4; codecs="${codecs}"`);

async function beginning(url: string, at_s: number) {
  const text = await textOf(url);
  if (text !== null) for (const part of readBeginning(text, url, at_s)) void get(part);
}

async function textOf(url: string): Promise<string | null> {
  const fetched = await get(url);
  return fetched && new TextDecoder().decode(fetched.body);
}

function get(url: string): Promise<Fetched | null> {
  const there = kept.get(url);
  if (there) return there.fetched;
  const asked_ms = asked.get(url);
  if (asked_ms !== undefined && performance.now() - asked_ms <= ASKED_MS_MAX) return Promise.resolve(null);
  const stop = new AbortController();
  const fetched = load(url, stop.signal).catch(() => null);
  kept.set(url, { fetched, stop, at_ms: performance.now() });
  for (const [oldest, { stop: end }] of kept) {
    if (kept.size <= KEPT_MAX) break;
    kept.delete(oldest);
    end.abort();
  }
  return fetched;
}

async function load(url: string, signal: AbortSignal): Promise<Fetched | null> {
  const began_ms = performance.now();
  const answer = await fetch(url, { signal, priority: "high" } as RequestInit);
  const first_ms = performance.now();
  if (!answer.ok) return null;
  const body = await answer.arrayBuffer();
  return { url: answer.url, body, began_ms, first_ms, ended_ms: performance.now() };
}
