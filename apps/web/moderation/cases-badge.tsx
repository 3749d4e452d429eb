import { deskWords } from "./desk-words.ts";
import { useWaiting } from "./waiting.ts";

/** How many cases and appeals wait, on a corner of the scales. */
export default function CasesBadge() {
  const counts = useWaiting();
  const count = counts ? deskWords(counts) : null;
  if (count === null) return null;
  return (
    <span className="absolute -top-1.5 -right-2 grid h-4.5 min-w-4.5 place-items-center rounded-full bg-accent px-1 text-[0.6875rem] leading-none font-bold text-on-accent tabular-nums">
      {count}
      <span className="sr-only"> {count === "1" ? "waits" : "wait"}</span>
    </span>
  );
}
