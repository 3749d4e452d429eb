import type { Json } from "#kernel/json.ts";
import type { Offer, Whisper } from "#systems/hooks/contract.ts";

const OFFERS_MAX = 8;

/** Whether words are a command: a slash and a name, and not a path or a second slash. */
export const isCommand = (text: string): boolean => /^\/[a-z][a-z0-9_-]*(?:\s|$)/i.test(text);

/** A command whose name is still being written. */
export const isNaming = (text: string): boolean => /^\/[a-z0-9_-]*$/i.test(text);

/** Those that begin so; those that are written out whole need no list. */
export function offersFor(offers: readonly Offer[], text: string): readonly Offer[] {
  if (!isNaming(text)) return [];
  const typed = text.slice(1).toLowerCase();
  const fitting = offers.filter(({ name }) => name.startsWith(typed));
  return fitting.length === 1 && fitting[0]!.name === typed ? [] : fitting.slice(0, OFFERS_MAX);
}

/** Null for what has not its shape. */
export function readWhisper(data: Json): Pick<Whisper, "command" | "text"> | null {
  if (typeof data !== "object" || data === null || Array.isArray(data)) return null;
  const { command, text } = data;
  return typeof command === "string" && typeof text === "string" ? { command, text } : null;
}
