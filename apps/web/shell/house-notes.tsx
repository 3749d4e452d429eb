import { Info, X } from "lucide-react";
import { useState } from "react";

/** What is degraded in this house, in words; dismissed until the words change. */
export default function HouseNotes({ text }: { text: string }) {
  const [hidden, setHidden] = useState(() => sessionStorage.getItem("folkhus.notes"));
  if (hidden === text) return null;
  return (
    <div role="note" className="flex items-start gap-3 border-b border-line bg-warn-tint px-4 py-2.5 text-sm text-warn">
      <Info className="mt-0.5 size-5 shrink-0" aria-hidden="true" />
      <p className="flex-1">{text}</p>
      <button
        type="button"
        aria-label="Hide this note"
        className="grid size-7 place-items-center rounded-full"
        onClick={() => {
          sessionStorage.setItem("folkhus.notes", text);
          setHidden(text);
        }}
      >
        <X className="size-4" />
      </button>
    </div>
  );
}
