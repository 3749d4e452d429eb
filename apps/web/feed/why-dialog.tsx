import { useQuery } from "@tanstack/react-query";

import { type Post, whyPost } from "#systems/feed/contract.ts";

import { sentenceOf } from "../client.ts";
import { Sheet } from "../parts/dialog.tsx";
import { Skeleton } from "../parts/skeleton.tsx";
import { ask } from "../shell/house.ts";

export default function WhyDialog({ post, close }: { post: Post; close: () => void }) {
  const why = useQuery(ask(whyPost, { params: { id: post.id } }));
  return (
    <Sheet open onOpenChange={(open) => !open && close()} title="Why can I see this?">
      <p className="px-6 pt-2 pb-8 text-ink-2">
        {why.isPending ? (
          <Skeleton className="h-5 w-72 max-w-full" />
        ) : why.isError ? (
          sentenceOf(why.error)
        ) : (
          why.data.because
        )}
      </p>
    </Sheet>
  );
}
