import { Film, TriangleAlert } from "lucide-react";
import type { CSSProperties } from "react";

import type { Failure } from "#systems/media/contract.ts";

import { Wheel } from "../parts/button.tsx";
import { cx } from "../parts/class.ts";

/** A video that the house is still making: how far it is, in numbers and for ears too. */
export function InTheMaking({
  progress,
  placeholder,
  poster,
  className,
  style,
}: {
  progress: number;
  placeholder: string | null;
  poster: string | null;
  className?: string;
  style?: CSSProperties;
}) {
  const percent = Math.round(progress * 100);
  const picture = poster ?? placeholder;
  return (
    <div className={cx(className, "grid place-items-center text-white")} style={style}>
      {picture && <img src={picture} alt="" className="absolute inset-0 size-full object-cover opacity-45 blur-sm" />}
      <div className="relative flex w-64 max-w-[80%] flex-col items-center gap-3 text-center">
        {percent === 0 ? <Wheel className="size-8" /> : <Film className="size-8" aria-hidden="true" />}
        <p className="text-sm font-semibold">
          {percent === 0 ? "The house looks at the video" : `Getting ready, ${percent} %`}
        </p>
        <div
          role="progressbar"
          aria-label="Making the video"
          aria-valuemin={0}
          aria-valuemax={100}
          aria-valuenow={percent}
          className="h-1.5 w-full overflow-hidden rounded-full bg-white/25"
        >
          <div
            className="h-full rounded-full bg-white transition-[width] duration-700"
            style={{ width: `${Math.max(3, percent)}%` }}
          />
        </div>
      </div>
    </div>
  );
}

export function MadeNot({
  failure,
  className,
  style,
  children,
}: {
  failure: Failure | undefined;
  className?: string;
  style?: CSSProperties;
  children?: React.ReactNode;
}) {
  return (
    <div className={cx(className, "grid place-items-center p-6 text-center text-white")} style={style}>
      <div className="flex max-w-sm flex-col items-center gap-2">
        <TriangleAlert className="size-8 text-[#ffb9a6]" aria-hidden="true" />
        <p className="font-semibold">This video could not be made</p>
        {failure && <p className="text-sm text-white/85">{failure.detail}</p>}
        {children}
      </div>
    </div>
  );
}
