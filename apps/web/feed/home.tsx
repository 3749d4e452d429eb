import { useQuery } from "@tanstack/react-query";
import { ImagePlus } from "lucide-react";
import { lazy, Suspense, useState } from "react";

import type { Me } from "#systems/people/contract.ts";

import { Avatar } from "../parts/avatar.tsx";
import { Failed } from "../parts/empty.tsx";
import { PostSkeleton } from "../parts/skeleton.tsx";
import { openCompose } from "../shell/compose.ts";
import { meQuery } from "../shell/session.ts";
import { HomeFrame } from "./home-tabs.tsx";
import { POST_GAP } from "./post-list.tsx";
import { TimelineList } from "./timeline/timeline-list.tsx";
import { HOME } from "./timeline/use-timeline.ts";

const Beginning = lazy(() => import("./beginning.tsx"));
const Landing = lazy(() => import("./landing.tsx"));
const Composer = lazy(async () => ({ default: (await import("./composer.tsx")).Composer }));

export function HomeScreen() {
  const me = useQuery(meQuery);
  if (me.data === null) {
    return (
      <Suspense fallback={null}>
        <Landing />
      </Suspense>
    );
  }
  return (
    <HomeFrame on="following" title="">
      {me.isError ? (
        <Failed error={me.error} retry={() => void me.refetch()} />
      ) : me.data ? (
        <Home me={me.data} />
      ) : (
        <div className={POST_GAP}>
          <PostSkeleton />
          <PostSkeleton media />
          <PostSkeleton />
        </div>
      )}
    </HomeFrame>
  );
}

function Home({ me }: { me: Me }) {
  return (
    <div>
      {me.suspended_reason !== null && (
        <p role="alert" className="mb-3 rounded-2xl bg-warn-tint p-4 text-sm text-warn">
          Your account is suspended: {me.suspended_reason}. You can read and take along what is yours; whoever runs the
          house can lift it.
        </p>
      )}
      <WriteHere me={me} />
      <TimelineList
        timeline={HOME}
        empty={
          <Suspense fallback={<PostSkeleton />}>
            <Beginning me={me} />
          </Suspense>
        }
      />
    </div>
  );
}

/** A quiet line that becomes the composer when it is touched; on a phone it opens the sheet. */
function WriteHere({ me }: { me: Me }) {
  const [open, setOpen] = useState(false);
  const wide = () => matchMedia("(min-width: 640px)").matches;
  if (open) {
    return (
      <section aria-label="New post" className="mb-3 rounded-2xl border border-line bg-surface p-5">
        <Suspense fallback={<div className="h-36" />}>
          <Composer me={me} caretHere onPosted={() => setOpen(false)} />
        </Suspense>
      </section>
    );
  }
  return (
    <button
      type="button"
      onClick={() => (wide() ? setOpen(true) : openCompose())}
      onPointerEnter={() => void import("./composer.tsx")}
      onDragEnter={() => setOpen(true)}
      className="mb-2 flex w-full items-center gap-3 border-line bg-surface px-4 py-3 text-left text-ink-3 transition-colors hover:border-line-strong/40 max-sm:border-y sm:mb-3 sm:rounded-2xl sm:border sm:px-5 sm:py-4"
    >
      <Avatar person={me} />
      <span className="flex-1">What is going on?</span>
      <ImagePlus className="size-6 text-accent-ink" aria-hidden="true" />
    </button>
  );
}
