import { cx } from "../../parts/class.ts";
import type { Preferences } from "../preferences.ts";

type Look = Pick<Preferences, "caption_size" | "caption_ground" | "caption_edge">;

/** Of the player's own width, so that they keep their place in the picture from a phone to a wall. */
const SIZES: Record<Look["caption_size"], string> = {
  small: "max(0.8rem, 2cqw)",
  medium: "max(0.95rem, 2.6cqw)",
  large: "max(1.2rem, 3.5cqw)",
  huge: "max(1.5rem, 4.8cqw)",
};
const GROUNDS: Record<Look["caption_ground"], string> = {
  solid: "rgb(0 0 0)",
  half: "rgb(0 0 0 / 0.66)",
  none: "transparent",
};
const EDGES: Record<Look["caption_edge"], string> = {
  none: "none",
  shadow: "0 0.06em 0.12em #000, 0 0 0.3em rgb(0 0 0 / 0.8)",
  outline: "0.05em 0.05em 0 #000, -0.05em 0.05em 0 #000, 0.05em -0.05em 0 #000, -0.05em -0.05em 0 #000",
};

/** What is said now, over the picture and above the controls. Ears have the sound: it is not read out twice. */
export function CaptionLines({ words, look, raised }: { words: readonly string[]; look: Look; raised: boolean }) {
  if (words.length === 0) return null;
  return (
    <div
      aria-hidden="true"
      data-captions
      className={cx(
        "pointer-events-none absolute inset-x-[6%] flex flex-col items-center gap-0.5 text-center font-medium text-white transition-[bottom] duration-200",
        raised ? "bottom-20" : "bottom-[5%]",
      )}
      style={{ fontSize: SIZES[look.caption_size], lineHeight: 1.35, textShadow: EDGES[look.caption_edge] }}
    >
      {words.map((text, at) => (
        <span
          key={`${at} ${text}`}
          className="rounded-[0.2em] px-[0.4em] whitespace-pre-line"
          style={{ background: GROUNDS[look.caption_ground] }}
        >
          {text}
        </span>
      ))}
    </div>
  );
}
