import { VIDEO_MS_CEILING } from "../bounds.ts";
import { CUE_CHARS_MAX, CUE_LINES_MAX, CUE_SETTINGS_CHARS_MAX, CUES_MAX } from "./bounds.ts";
import { cueSettings, cueText } from "./cue-text.ts";

/** One line of what is said, and when. */
export interface Cue {
  start_ms: number;
  end_ms: number;
  /** Lines parted by `\n`, with WebVTT's tags; whatever else looked like one is escaped. */
  text: string;
  /** WebVTT's settings: `line:0 align:start`; empty for the usual place. */
  settings: string;
}

/** What is wrong with a file of captions, and in which of its lines, from 1. */
export class BrokenCaptions extends Error {
  override readonly name = "BrokenCaptions";
  readonly line: number;
  readonly detail: string;

  constructor(line: number, detail: string) {
    super(`line ${line}: ${detail}`);
    this.line = line;
    this.detail = detail;
  }
}

interface Format {
  time: RegExp;
  like: string;
}
const WEBVTT: Format = { time: /^(?:(\d{2,4}):)?([0-5]\d):([0-5]\d)\.(\d{3})$/, like: "00:01:02.500" };
const SUBRIP: Format = { time: /^(\d{1,4}):([0-5]\d):([0-5]\d)[,.](\d{3})$/, like: "00:01:02,500" };

/**
 * Reads WebVTT or SubRip, whichever it is. Comments, regions and style sheets are left out. In time with the text's length.
 * @param broken `refuse` for what a person sent; `skip` leaves out what is not right, for what a program wrote
 * @returns in the order in which they begin
 * @throws BrokenCaptions
 */
export function parseCaptions(text: string, broken: "refuse" | "skip" = "refuse"): Cue[] {
  const lines = text
    .replace(/^\uFEFF/, "")
    .replaceAll("\0", "\uFFFD")
    .split(/\r\n|\n|\r/);
  const is_webvtt = /^WEBVTT(?:[ \t]|$)/.test(lines[0] ?? "");
  const format = is_webvtt ? WEBVTT : SUBRIP;
  const cues: Cue[] = [];
  let at = 0;
  // What follows WEBVTT up to an empty line says nothing of what is shown.
  if (is_webvtt) while (at < lines.length && lines[at] !== "") at++;
  while (at < lines.length) {
    if (lines[at]!.trim() === "") {
      at++;
      continue;
    }
    const begin = at;
    let end = at;
    while (end < lines.length && lines[end]!.trim() !== "") end++;
    at = end;
    if (is_webvtt && /^(?:NOTE|STYLE|REGION)(?:[ \t]|$)/.test(lines[begin]!)) continue;
    try {
      const cue = cueOf(lines, begin, end, format);
      if (cue) cues.push(cue);
      if (cues.length > CUES_MAX) throw new BrokenCaptions(begin + 1, `there are more than ${CUES_MAX} cues`);
    } catch (error) {
      if (broken === "refuse" || !(error instanceof BrokenCaptions)) throw error;
      if (cues.length > CUES_MAX) break;
    }
  }
  if (cues.length === 0 && broken === "refuse") {
    throw new BrokenCaptions(1, "there is no cue in this file; send WebVTT (it begins with WEBVTT) or SubRip");
  }
  return inOrder(cues.slice(0, CUES_MAX));
}

/** @returns null for a cue that says nothing */
function cueOf(lines: string[], begin: number, end: number, format: Format): Cue | null {
  // A name or a number may stand above the times.
  const timing = lines[begin]!.includes("-->") ? begin : begin + 1;
  if (timing >= end || !lines[timing]!.includes("-->")) {
    throw new BrokenCaptions(
      begin + 1,
      `here a cue should begin, with times such as ${format.like} --> ${format.like}`,
    );
  }
  const [start_ms, end_ms, rest] = timesOf(lines[timing]!, timing + 1, format);
  if (end - timing - 1 > CUE_LINES_MAX) {
    throw new BrokenCaptions(timing + 2 + CUE_LINES_MAX, `a cue has at most ${CUE_LINES_MAX} lines`);
  }
  const raw = lines.slice(timing + 1, end).join("\n");
  const tooLong = () => new BrokenCaptions(timing + 2, `a cue has at most ${CUE_CHARS_MAX} characters`);
  if (raw.length > CUE_CHARS_MAX) throw tooLong();
  const said = format === SUBRIP ? fromSubrip(raw) : { text: raw, settings: rest };
  const text = cueText(said.text);
  // Escaped, it may be longer than it was: what is kept has the bound too, so that it can be read again.
  if (text.length > CUE_CHARS_MAX) throw tooLong();
  return text === "" ? null : { start_ms, end_ms, text, settings: cueSettings(said.settings) };
}

function timesOf(line: string, number: number, format: Format): [start_ms: number, end_ms: number, settings: string] {
  const arrow = line.indexOf("-->");
  const from = line.slice(0, arrow).trim();
  const after = line.slice(arrow + 3).trim();
  const space = after.search(/\s/);
  const until = space < 0 ? after : after.slice(0, space);
  const start_ms = timeOf(from, number, format);
  const end_ms = timeOf(until, number, format);
  if (end_ms <= start_ms) throw new BrokenCaptions(number, "this cue ends before it begins");
  return [start_ms, end_ms, space < 0 ? "" : after.slice(space, space + CUE_SETTINGS_CHARS_MAX)];
}

function timeOf(said: string, number: number, format: Format): number {
  const match = format.time.exec(said);
  if (!match) {
    throw new BrokenCaptions(number, `"${said.slice(0, 40)}" is not a time; write it as ${format.like}`);
  }
  const [, hours = "0", minutes, seconds, ms] = match;
  const at_ms = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000 + Number(ms);
  if (at_ms > VIDEO_MS_CEILING) throw new BrokenCaptions(number, "no film is longer than 24 hours");
  return at_ms;
}

/** `{\an8}` puts a cue to the top; the other codes in braces are for programs that nobody has. */
function fromSubrip(raw: string): { text: string; settings: string } {
  const top = /\{\\an[789]\}/.test(raw);
  return { text: raw.replaceAll(/\{\\[^{}\n]{0,100}\}/g, ""), settings: top ? "line:0" : "" };
}

/** As `parseCaptions`, of cues that come as such. @throws BrokenCaptions with the cue's number in place of the line's */
export function checkCues(given: readonly Cue[]): Cue[] {
  const cues = given.flatMap((cue, i) => {
    if (cue.end_ms <= cue.start_ms) throw new BrokenCaptions(i + 1, "this cue ends before it begins");
    const text = cueText(cue.text.replaceAll(/\r\n?/g, "\n"));
    if (text.split("\n").length > CUE_LINES_MAX) {
      throw new BrokenCaptions(i + 1, `a cue has at most ${CUE_LINES_MAX} lines`);
    }
    if (text.length > CUE_CHARS_MAX) throw new BrokenCaptions(i + 1, `a cue has at most ${CUE_CHARS_MAX} characters`);
    return text === "" ? [] : [{ ...cue, text, settings: cueSettings(cue.settings) }];
  });
  if (cues.length === 0) throw new BrokenCaptions(1, "there is no cue that says anything");
  return inOrder(cues);
}

const inOrder = (cues: Cue[]): Cue[] => cues.toSorted((a, b) => a.start_ms - b.start_ms || a.end_ms - b.end_ms);
