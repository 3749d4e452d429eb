import { useState } from "react";

import { cx } from "./class.ts";
import { hueOf } from "./hues.ts";

/** Whatever of a person the house sent; the feed's and the people's shapes both fit. */
export interface Face {
  handle: string;
  display_name: string;
  avatar?: { url_small: string; url_large: string } | null;
  avatar_url?: string | null;
}

const SIZES = {
  xs: "size-7 text-[0.7rem]",
  sm: "size-9 text-sm",
  md: "size-11 text-base",
  lg: "size-16 text-xl",
  xl: "size-28 text-3xl",
};

export function Avatar({
  person,
  size = "md",
  className,
}: {
  person: Face;
  size?: keyof typeof SIZES;
  className?: string;
}) {
  const source = person.avatar
    ? size === "xl" || size === "lg"
      ? person.avatar.url_large
      : person.avatar.url_small
    : person.avatar_url;
  const [broken, setBroken] = useState<string | null>(null);
  const shape = cx(
    "inline-grid shrink-0 place-items-center overflow-hidden rounded-full select-none",
    SIZES[size],
    className,
  );
  if (source && broken !== source) {
    return (
      <span className={cx(shape, "bg-sunken")}>
        <img
          src={source}
          alt=""
          decoding="async"
          className="size-full object-cover"
          onError={() => setBroken(source)}
        />
      </span>
    );
  }
  return (
    <span
      aria-hidden="true"
      className={cx(shape, "font-bold text-white")}
      style={{ backgroundColor: hueOf(person.handle) }}
    >
      {initialsOf(person.display_name || person.handle)}
    </span>
  );
}

/** The first letters of the first and last word. */
export function initialsOf(name: string): string {
  const words = name
    .trim()
    .split(/\s+/)
    .filter((word) => /[\p{L}\p{N}]/u.test(word));
  const letters = (words.length > 1 ? [words[0]!, words.at(-1)!] : words).map(
    (word) => [...word.replace(/^[^\p{L}\p{N}]+/u, "")][0] ?? "",
  );
  return letters.join("").toLocaleUpperCase() || "·";
}
