import { Link as LinkIcon } from "lucide-react";

import type { LinkCard } from "#systems/feed/contract.ts";

import { cx } from "../parts/class.ts";

/** Wide pictures stand above the words, others beside them. */
const WIDE_RATIO = 1.4;
const WIDE_PX = 400;

/** A card for the first link of a post. Its picture is a copy of the house's; nothing is asked of the other site. */
export function LinkView({ link }: { link: LinkCard }) {
  const { image } = link;
  const wide = image !== null && image.width >= WIDE_PX && image.width / image.height >= WIDE_RATIO;
  const own = URL.canParse(link.url) && new URL(link.url).origin === location.origin;
  return (
    <a
      href={link.url}
      {...(own ? {} : { target: "_blank", rel: "noopener noreferrer nofollow ugc" })}
      className={cx(
        "mt-3.5 flex overflow-hidden rounded-xl border border-line transition-colors hover:border-line-strong/50 hover:bg-sunken/60",
        wide && "flex-col",
      )}
    >
      {image ? (
        <img
          src={image.url}
          width={image.width}
          height={image.height}
          alt=""
          loading="lazy"
          decoding="async"
          className={cx("shrink-0 bg-sunken object-cover", wide ? "aspect-[1.91/1] h-auto w-full" : "w-28 sm:w-36")}
        />
      ) : (
        <span className="grid w-16 shrink-0 place-items-center bg-sunken text-ink-3">
          <LinkIcon className="size-6" aria-hidden="true" />
        </span>
      )}
      <span className="flex min-w-0 flex-1 flex-col justify-center gap-0.5 px-3.5 py-3">
        <span className="truncate text-xs text-ink-3">{link.site}</span>
        <span dir="auto" className="line-clamp-2 text-sm leading-5 font-bold wrap-anywhere">
          {link.title}
        </span>
        {link.description !== null && (
          <span dir="auto" className={cx("text-xs text-ink-2 wrap-anywhere", wide ? "line-clamp-2" : "line-clamp-1")}>
            {link.description}
          </span>
        )}
      </span>
    </a>
  );
}
