import { Plus, X } from "lucide-react";
import { useRef } from "react";

import { POLL_OPTION_CHARS_MAX, POLL_OPTIONS_MAX, POLL_OPTIONS_MIN } from "#systems/feed/contract.ts";

import { SelectField, Tick } from "../../parts/field.tsx";
import type { PollBegun } from "../draft.ts";
import { POLL_TIMES } from "../when.ts";

/** Options one below the other; Enter goes on to the next, and makes one where there is none. */
export function PollEditor({
  poll,
  onChange,
  onRemove,
}: {
  poll: PollBegun;
  onChange: (poll: PollBegun) => void;
  onRemove: () => void;
}) {
  const list = useRef<HTMLDivElement>(null);
  const { options } = poll;
  const setOption = (at: number, text: string) =>
    onChange({ ...poll, options: options.map((option, i) => (i === at ? text : option)) });
  const focus = (at: number) =>
    requestAnimationFrame(() => list.current?.querySelectorAll<HTMLInputElement>("input[data-option]")[at]?.focus());
  const add = () => {
    if (options.length >= POLL_OPTIONS_MAX) return;
    onChange({ ...poll, options: [...options, ""] });
    focus(options.length);
  };
  const remove = (at: number) => {
    onChange({ ...poll, options: options.filter((_, i) => i !== at) });
    focus(Math.max(0, at - 1));
  };
  return (
    <fieldset className="rise mt-3 rounded-2xl border border-line bg-raised p-3">
      <legend className="sr-only">Poll</legend>
      <div ref={list} className="grid gap-2">
        {options.map((option, at) => (
          <div key={at} className="flex items-center gap-1">
            <input
              data-option
              dir="auto"
              aria-label={`Option ${at + 1}`}
              placeholder={`Option ${at + 1}`}
              value={option}
              maxLength={POLL_OPTION_CHARS_MAX}
              onChange={({ target }) => setOption(at, target.value)}
              onKeyDown={(event) => {
                if (event.nativeEvent.isComposing) return;
                if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) {
                  event.preventDefault();
                  if (at + 1 < options.length) focus(at + 1);
                  else add();
                }
                if (event.key === "Backspace" && option === "" && options.length > POLL_OPTIONS_MIN) {
                  event.preventDefault();
                  remove(at);
                }
              }}
              className="h-11 w-full min-w-0 rounded-xl border border-line-strong/60 bg-surface px-3.5 text-base hover:border-line-strong focus:border-accent-ink focus:outline-2 focus:-outline-offset-1 focus:outline-accent-ink"
            />
            <button
              type="button"
              aria-label={`Take option ${at + 1} out`}
              disabled={options.length <= POLL_OPTIONS_MIN}
              onClick={() => remove(at)}
              className="grid size-11 shrink-0 place-items-center rounded-full text-ink-3 hover:bg-sunken hover:text-ink disabled:opacity-30"
            >
              <X className="size-4.5" aria-hidden="true" />
            </button>
          </div>
        ))}
      </div>
      {options.length < POLL_OPTIONS_MAX && (
        <button
          type="button"
          onClick={add}
          className="mt-1.5 inline-flex h-10 items-center gap-1.5 rounded-full px-3 text-sm font-semibold text-accent-ink hover:bg-sunken"
        >
          <Plus className="size-4.5" aria-hidden="true" /> Another option
        </button>
      )}
      <div className="mt-2 grid items-end gap-x-4 gap-y-1 border-t border-line pt-3 sm:grid-cols-2">
        <SelectField
          label="Goes on for"
          value={String(poll.open_s)}
          onChange={({ target }) => onChange({ ...poll, open_s: Number(target.value) })}
        >
          {POLL_TIMES.map(({ label, open_s }) => (
            <option key={open_s} value={open_s}>
              {label}
            </option>
          ))}
        </SelectField>
        <div>
          <Tick
            label="Several answers"
            checked={poll.multiple}
            onChange={({ target }) => onChange({ ...poll, multiple: target.checked })}
          />
          <Tick
            label="Hide results from who has not voted"
            checked={poll.hides_results}
            onChange={({ target }) => onChange({ ...poll, hides_results: target.checked })}
          />
        </div>
      </div>
      <button
        type="button"
        onClick={onRemove}
        className="mt-2 h-10 rounded-full px-3 text-sm font-semibold text-ink-2 hover:bg-sunken hover:text-ink"
      >
        Take the poll out
      </button>
    </fieldset>
  );
}
