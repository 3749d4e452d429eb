import { ThumbsDown, Undo2 } from "lucide-react";

import type { Post } from "#systems/feed/contract.ts";

import { Button } from "../../parts/button.tsx";
import { useOverlaid } from "../../shell/overlay.ts";
import { PostCard } from "../post-card.tsx";
import { askLess, lessAsked, undoLess } from "./less.ts";

const NOTHING: { at: string | null } = { at: null };

/** A post where the house put it, or what its reader said of it. Nothing moves: the line stands where the post stood. */
export function PlaceCard({ post }: { post: Post }) {
  const ofAuthor = useOverlaid(lessAsked, post.author.id, NOTHING);
  const ofPost = useOverlaid(lessAsked, post.id, NOTHING);
  if (ofAuthor.at !== null) {
    return ofAuthor.at === post.id ? (
      <Line undo={() => void undoLess(post, "author")}>
        Nothing more by {post.author.display_name} will be chosen for you.
      </Line>
    ) : null;
  }
  if (ofPost.at !== null) {
    return (
      <Line
        undo={() => void undoLess(post, "post")}
        more={
          <Button look="quiet" size="sm" onClick={() => void askLess(post, "author")}>
            Nothing by @{post.author.handle}
          </Button>
        }
      >
        You will see less like this.
      </Line>
    );
  }
  return <PostCard post={post} />;
}

function Line({ children, undo, more }: { children: React.ReactNode; undo: () => void; more?: React.ReactNode }) {
  return (
    <article
      aria-label="A post that you want less of"
      className="rise flex flex-wrap items-center gap-x-3 gap-y-1 border-line bg-sunken px-4 py-3 text-sm text-ink-2 max-sm:border-y sm:rounded-2xl sm:border sm:px-5"
    >
      <ThumbsDown className="size-4.5 shrink-0" aria-hidden="true" />
      <p role="status" className="min-w-48 flex-1">
        {children}
      </p>
      {more}
      <Button look="outline" size="sm" onClick={undo}>
        <Undo2 className="size-4" /> Undo
      </Button>
    </article>
  );
}
