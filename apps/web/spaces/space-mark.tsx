import { initialsOf } from "../parts/avatar.tsx";
import { cx } from "../parts/class.ts";
import { hueOf } from "../parts/hues.ts";

/** A space's sign: a square with its letters, as people's are round. */
export const SpaceMark = ({ space, large = false }: { space: { slug: string; name: string }; large?: boolean }) => (
  <span
    aria-hidden="true"
    className={cx(
      "grid shrink-0 place-items-center font-bold text-white",
      large ? "size-20 rounded-3xl text-2xl" : "size-9 rounded-xl text-sm",
    )}
    style={{ backgroundColor: hueOf(space.slug) }}
  >
    {initialsOf(space.name)}
  </span>
);
