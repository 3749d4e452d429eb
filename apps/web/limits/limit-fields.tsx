import type { Algorithm } from "#systems/limits/contract.ts";

import { SelectField, TextField } from "../parts/field.tsx";
import { KIND_WORDS, limitInWords, turnedInto } from "./words.ts";

/** The numbers of a limit, of whatever kind, and what they come to in words. */
export function LimitFields({
  label,
  limit,
  error,
  onChange,
}: {
  label: string;
  limit: Algorithm;
  error: string | undefined;
  onChange: (limit: Algorithm) => void;
}) {
  return (
    <fieldset className="space-y-3">
      <legend className="sr-only">{label}</legend>
      <SelectField
        label={`${label}: how it counts`}
        value={limit.kind}
        hint={error === undefined ? `${limitInWords(limit)}.` : undefined}
        error={error}
        onChange={(event) => onChange(turnedInto(limit, event.target.value as Algorithm["kind"]))}
      >
        {Object.entries(KIND_WORDS).map(([kind, words]) => (
          <option key={kind} value={kind}>
            {words}
          </option>
        ))}
      </SelectField>
      <div className="grid gap-3 sm:grid-cols-2">
        {numbersOf(limit).map(({ name, words, value, step, toLimit }) => (
          <TextField
            key={name}
            label={words}
            type="number"
            required
            min={step}
            step={step}
            value={Number.isFinite(value) ? value : ""}
            onChange={(event) => onChange(toLimit(event.target.valueAsNumber))}
          />
        ))}
      </div>
    </fieldset>
  );
}

interface NumberField {
  name: string;
  words: string;
  value: number;
  step: number;
  toLimit: (value: number) => Algorithm;
}

const SECOND_MS = 1_000;

function numbersOf(limit: Algorithm): NumberField[] {
  const whole = (name: string, words: string, value: number, toLimit: (value: number) => Algorithm): NumberField => ({
    name,
    words,
    value,
    step: 1,
    toLimit,
  });
  /** Typed in seconds, kept in ms. */
  const seconds = (words: string, ms: number, toLimit: (ms: number) => Algorithm): NumberField => ({
    name: words,
    words,
    value: ms / SECOND_MS,
    step: 0.001,
    toLimit: (value) => toLimit(Math.round(value * SECOND_MS)),
  });
  switch (limit.kind) {
    case "bucket":
      return [
        whole("burst", "At once", limit.burst_tokens, (burst_tokens) => ({ ...limit, burst_tokens })),
        {
          name: "rate",
          words: "Then, a second",
          value: limit.tokens_per_s,
          step: 0.001,
          toLimit: (tokens_per_s) => ({ ...limit, tokens_per_s }),
        },
      ];
    case "gcra":
      return [
        whole("burst", "At once", limit.burst_tokens, (burst_tokens) => ({ ...limit, burst_tokens })),
        whole("tokens", "Then so many", limit.tokens, (tokens) => ({ ...limit, tokens })),
        seconds("In seconds", limit.window_ms, (window_ms) => ({ ...limit, window_ms })),
      ];
    case "slots":
      return [
        whole("slots", "At the same time", limit.slots, (slots) => ({ ...limit, slots })),
        seconds("Held at most, in seconds", limit.hold_ms, (hold_ms) => ({ ...limit, hold_ms })),
      ];
    default:
      return [
        whole("tokens", "So many", limit.tokens, (tokens) => ({ ...limit, tokens })),
        seconds("In seconds", limit.window_ms, (window_ms) => ({ ...limit, window_ms })),
      ];
  }
}
