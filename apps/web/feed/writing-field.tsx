import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { type ClipboardEvent, type KeyboardEvent, useCallback, useId, useRef, useState } from "react";

import { POST_TEXT_CHARS_MAX, tokenize } from "#systems/feed/contract.ts";
import { peopleRoutes } from "#systems/people/contract.ts";

import { Avatar } from "../parts/avatar.tsx";
import { cx } from "../parts/class.ts";
import { ask } from "../shell/house.ts";
import { mentionAtCaret, type MentionBegun } from "./pieces.ts";

export interface WritingFieldProps {
  value: string;
  onChange: (text: string) => void;
  label: string;
  placeholder?: string;
  rows?: number;
  /** Whether the caret stands here from the beginning. */
  caretHere?: boolean;
  /** Ctrl or Cmd and Enter. */
  onSubmit?: () => void;
  onFiles?: (files: File[]) => void;
  className?: string;
}

const TEXT = "text-base whitespace-pre-wrap wrap-anywhere";

/**
 * A text field that colours hashtags, mentions and links while they are written, by the same tokenizer that will read
 * them, and suggests people after an @. The colours lie on a mirror behind a field whose own letters are transparent.
 */
export function WritingField({
  value,
  onChange,
  label,
  placeholder,
  rows = 3,
  caretHere = false,
  onSubmit,
  onFiles,
  className,
}: WritingFieldProps) {
  const field = useRef<HTMLTextAreaElement | null>(null);
  const [mention, setMention] = useState<MentionBegun | null>(null);
  const [at, setAt] = useState(0);
  const id = useId();
  const asked = useQuery({
    ...ask(peopleRoutes.suggestPeople, { query: { q: mention?.typed ?? "", limit: 6 } }),
    enabled: mention !== null && mention.typed !== "",
    placeholderData: keepPreviousData,
  });
  const people = mention !== null && mention.typed !== "" ? (asked.data?.items ?? []) : [];

  const take = useCallback(
    (node: HTMLTextAreaElement | null) => {
      field.current = node;
      if (!node || !caretHere) return;
      node.focus({ preventScroll: true });
      node.setSelectionRange(node.value.length, node.value.length);
    },
    [caretHere],
  );
  const look = () => {
    const node = field.current;
    setMention(
      node && node.selectionStart === node.selectionEnd ? mentionAtCaret(node.value, node.selectionStart) : null,
    );
    setAt(0);
  };
  const choose = (handle: string) => {
    const node = field.current;
    if (!node || !mention) return;
    const after = node.value.slice(mention.from + 1 + mention.typed.length);
    const text = `${node.value.slice(0, mention.from)}@${handle} ${after.replace(/^ /, "")}`;
    onChange(text);
    setMention(null);
    const caret = mention.from + handle.length + 2;
    requestAnimationFrame(() => {
      node.focus();
      node.setSelectionRange(caret, caret);
    });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    if ((event.ctrlKey || event.metaKey) && event.key === "Enter") {
      event.preventDefault();
      onSubmit?.();
      return;
    }
    if (people.length === 0) return;
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step !== 0) setAt((at + step + people.length) % people.length);
    else if (event.key === "Enter" || event.key === "Tab") choose(people[at]!.handle);
    else if (event.key === "Escape") setMention(null);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const onPaste = (event: ClipboardEvent) => {
    const files = [...event.clipboardData.files];
    if (files.length === 0 || !onFiles) return;
    event.preventDefault();
    onFiles(files);
  };
  const chosen = people[Math.min(at, people.length - 1)];
  return (
    <div className={cx("relative", className)}>
      <div aria-hidden="true" className={cx(TEXT, "pointer-events-none min-h-full py-1 text-ink")}>
        {tokenize(value).map((token, index) =>
          token.kind === "text" ? (
            token.text
          ) : (
            <span key={index} className="text-accent-ink">
              {token.text}
            </span>
          ),
        )}
        {/* A last line that is empty still has a height. */}
        {"\u200b"}
        <MinRows rows={rows} lines={value.split("\n").length} />
      </div>
      <textarea
        ref={take}
        value={value}
        dir="auto"
        aria-label={label}
        aria-autocomplete="list"
        aria-controls={people.length > 0 ? `${id}-people` : undefined}
        aria-activedescendant={chosen ? `${id}-${chosen.id}` : undefined}
        placeholder={placeholder}
        onChange={(event) => {
          onChange(event.target.value);
          look();
        }}
        onSelect={look}
        onBlur={() => setMention(null)}
        onKeyDown={onKeyDown}
        onPaste={onPaste}
        className={cx(
          TEXT,
          "absolute inset-0 h-full w-full resize-none overflow-hidden bg-transparent py-1 text-transparent caret-ink outline-none",
        )}
      />
      {people.length > 0 && (
        <div
          id={`${id}-people`}
          role="listbox"
          aria-label="People"
          className="absolute top-full left-0 z-20 mt-1 w-72 max-w-full overflow-hidden rounded-2xl border border-line bg-raised p-1.5 shadow-2"
        >
          {people.map((person, index) => (
            <div
              key={person.id}
              id={`${id}-${person.id}`}
              role="option"
              aria-selected={index === at}
              tabIndex={-1}
              onPointerDown={(event) => {
                event.preventDefault();
                choose(person.handle);
              }}
              onPointerMove={() => setAt(index)}
              className={cx(
                "flex cursor-pointer items-center gap-3 rounded-xl px-2.5 py-2",
                index === at && "bg-sunken",
              )}
            >
              <Avatar person={person} size="sm" />
              <span className="min-w-0">
                <span className="block truncate text-sm leading-5 font-semibold">{person.display_name}</span>
                <span className="block truncate text-xs text-ink-3">@{person.handle}</span>
              </span>
            </div>
          ))}
        </div>
      )}
    </div>
  );
}

const MinRows = ({ rows, lines }: { rows: number; lines: number }) =>
  lines >= rows ? null : <>{"\n\u200b".repeat(rows - lines)}</>;

const SHOWN_FROM = 4_500;

/** Says how many characters are left, once that matters. */
export function Counter({ text, max = POST_TEXT_CHARS_MAX }: { text: string; max?: number }) {
  const left = max - [...text].length;
  if (left > max - SHOWN_FROM * (max / POST_TEXT_CHARS_MAX)) return null;
  return (
    <span role="status" className={cx("text-xs font-semibold tabular-nums", left < 0 ? "text-bad" : "text-ink-3")}>
      {left < 0 ? `${-left} too many` : `${left} left`}
    </span>
  );
}
