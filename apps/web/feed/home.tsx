import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Compass, ImagePlus } from "lucide-react";
import { lazy, Suspense, useState } from "react";

import type { Me } from "#systems/people/contract.ts";

import { Avatar } from "../parts/avatar.tsx";
import { Button, buttonClass } from "../parts/button.tsx";
import { Empty, Failed } from "../parts/empty.tsx";
import { PostSkeleton } from "../parts/skeleton.tsx";
import { PersonLine, usePeopleToMeet } from "../people/people-to-meet.tsx";
import { openCompose } from "../shell/compose.ts";
import { meQuery } from "../shell/session.ts";
import { HomeFrame } from "./home-tabs.tsx";
import { POST_GAP } from "./post-list.tsx";
import { TimelineList } from "./timeline/timeline-list.tsx";
import { HOME } from "./timeline/use-timeline.ts";

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
      <TimelineList timeline={HOME} empty={<Beginning me={me} />} />
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

function Beginning({ me }: { me: Me }) {
  const { people } = usePeopleToMeet(me);
  return (
    <section className="border-line bg-surface pb-5 max-sm:border-y sm:rounded-2xl sm:border">
      <Empty
        icon={<Compass />}
        title={`Welcome in, ${me.display_name.split(" ")[0]}`}
        action={
          <>
            <Link to="/discover" className={buttonClass("primary")}>
              Look around
            </Link>
            <Button look="outline" onClick={() => openCompose()}>
              Write the first post
            </Button>
          </>
        }
      >
        Here you will find what the people you follow write, newest first. Nobody decides for you what comes before
        what.
      </Empty>
      {people.length > 0 && (
        <div className="mx-auto max-w-md">
          <h3 className="px-4 pb-1 text-sm font-bold">People to begin with</h3>
          {people.slice(0, 5).map((person) => (
            <PersonLine key={person.id} person={person} />
          ))}
        </div>
      )}
    </section>
  );
}
