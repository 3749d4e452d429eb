import { Link } from "@tanstack/react-router";
import { Film } from "lucide-react";

import type { Post } from "#systems/feed/contract.ts";

import { plural } from "../../parts/numbers.ts";
import { clockOf } from "../../parts/time.tsx";

/** Films in a row that is swept through. */
export function Films({ items }: { items: readonly { post: Post; people: number }[] }) {
  return (
    <section
      aria-labelledby="trending-films"
      className="overflow-hidden border-line bg-surface py-4 max-sm:border-y sm:rounded-2xl sm:border"
    >
      <h2 id="trending-films" className="px-4 pb-3 font-bold sm:px-5">
        Videos
      </h2>
      <ol className="flex gap-3 overflow-x-auto px-4 no-bar sm:px-5">
        {items.map(({ post, people }) => (
          <li key={post.id} className="w-56 shrink-0">
            <FilmCard post={post} people={people} />
          </li>
        ))}
      </ol>
    </section>
  );
}

function FilmCard({ post, people }: { post: Post; people: number }) {
  const { video, author } = post;
  if (!video) return null;
  const covered = post.sensitive || post.content_warning !== null;
  return (
    <Link to="/watch/$id" params={{ id: video.id }} search={{ post: post.id }} className="group block">
      <span className="relative block aspect-video overflow-hidden rounded-xl bg-sunken">
        {video.poster_url && !covered ? (
          <img
            src={video.poster_url}
            alt=""
            loading="lazy"
            className="size-full object-cover transition-transform duration-300 group-hover:scale-[1.03]"
          />
        ) : (
          <span className="grid size-full place-items-center text-ink-3">
            <Film className="size-8" aria-hidden="true" />
          </span>
        )}
        {video.duration_ms !== null && (
          <span className="absolute right-1.5 bottom-1.5 rounded-md bg-black/75 px-1.5 text-xs leading-5 font-semibold text-white tabular-nums">
            {clockOf(video.duration_ms)}
          </span>
        )}
      </span>
      <span className="mt-2 line-clamp-2 block text-sm leading-5 font-semibold group-hover:underline">
        {post.content_warning ?? video.title}
      </span>
      <span className="block truncate text-xs text-ink-3">
        {author.display_name} · {plural(people, "person", "people")}
      </span>
    </Link>
  );
}
