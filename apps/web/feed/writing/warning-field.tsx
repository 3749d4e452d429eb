import { TriangleAlert } from "lucide-react";
import { useId } from "react";

import { CONTENT_WARNING_CHARS_MAX } from "#systems/feed/contract.ts";

/** Words that stand before others until somebody asks for those. */
export function WarningField({
  value,
  label,
  onChange,
}: {
  value: string;
  label: string;
  onChange: (text: string) => void;
}) {
  const id = useId();
  return (
    <div className="rise mb-2 flex items-center gap-2.5 rounded-xl bg-warn-tint px-3.5">
      <TriangleAlert className="size-4.5 shrink-0 text-warn" aria-hidden="true" />
      <label htmlFor={id} className="sr-only">
        {label}
      </label>
      <input
        id={id}
        dir="auto"
        value={value}
        maxLength={CONTENT_WARNING_CHARS_MAX}
        placeholder="What is it about?"
        onChange={({ target }) => onChange(target.value)}
        className="h-11 w-full min-w-0 bg-transparent text-base outline-none placeholder:text-warn/80"
      />
    </div>
  );
}
