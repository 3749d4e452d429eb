import { useEffect, useEffectEvent } from "react";

/** What is said when the film does not come any more; it goes on by itself when the line is back. */
export function Stopped({ retry, small }: { retry: () => void; small: boolean }) {
  const again = useEffectEvent(retry);
  useEffect(() => {
    const back = () => again();
    addEventListener("online", back);
    return () => removeEventListener("online", back);
  }, []);
  return (
    <div
      role="alert"
      className="absolute inset-0 grid place-items-center bg-black/80 p-4 text-center text-sm text-white"
    >
      <div>
        <p className="font-semibold">The video stopped coming.</p>
        {!small && (
          <p className="mt-1 text-white/80">The line or the house is away for a moment. Your place is kept.</p>
        )}
        <button
          type="button"
          className="mt-3 min-h-10 rounded-full bg-white px-5 font-semibold text-[#221c17] hover:bg-white/90"
          onClick={retry}
        >
          Try again
        </button>
      </div>
    </div>
  );
}
