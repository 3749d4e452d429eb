import { Link } from "@tanstack/react-router";
import { Forward } from "lucide-react";

import type { Message } from "#systems/chat/contract.ts";

/** What a message passes on: the words as they stood, whose they are, and the way there for who may read it. */
export function MessageForwarded({ forwarded }: { forwarded: NonNullable<Message["forwarded"]> }) {
  const { author, body, images, film, voice, gone, source } = forwarded;
  const besides = [
    film ? "a film" : null,
    voice ? "a voice note" : null,
    images === 0 ? null : images === 1 ? "a picture" : `${images} pictures`,
  ]
    .filter((part) => part !== null)
    .join(", ");
  return (
    <figure className="mt-1 max-w-xl rounded-xl border-l-3 border-line-strong/50 bg-sunken/70 px-3 py-2">
      <figcaption className="flex flex-wrap items-center gap-x-1.5 text-xs text-ink-3">
        <Forward className="size-3.5 shrink-0" aria-hidden="true" />
        {gone ? (
          "Passed on, and deleted since"
        ) : (
          <>
            <span>
              Forwarded from{" "}
              {author ? (
                <Link
                  to="/@{$handle}"
                  params={{ handle: author.handle }}
                  className="font-semibold text-ink-2 hover:underline"
                >
                  {author.display_name}
                </Link>
              ) : (
                "somebody who left"
              )}
            </span>
            {source && (
              <Link
                to="/chat/$id"
                params={{ id: source.channel_id }}
                search={{ at: source.seq }}
                className="text-accent-ink hover:underline"
              >
                {source.channel_name === null ? "in a chat of yours" : `in ${source.channel_name}`}
              </Link>
            )}
          </>
        )}
      </figcaption>
      {body !== "" && (
        <blockquote dir="auto" className="text-sm leading-6 wrap-anywhere whitespace-pre-wrap">
          {body}
        </blockquote>
      )}
      {besides !== "" && <p className="text-xs text-ink-3">With {besides}, where it was written.</p>}
    </figure>
  );
}
