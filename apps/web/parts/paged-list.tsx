import type { InfiniteData, UseInfiniteQueryResult } from "@tanstack/react-query";
import { Fragment, type ReactNode, useEffect, useEffectEvent, useRef } from "react";

import type { Page } from "#kernel/paging.ts";

import { Button } from "./button.tsx";
import { End, Failed } from "./empty.tsx";
import { Loading } from "./skeleton.tsx";

export interface PagedListProps<T> {
  pages: UseInfiniteQueryResult<InfiniteData<Page<T>>>;
  /** What the list holds, for those who hear it: "posts". */
  what: string;
  keyOf: (item: T) => string;
  children: (item: T, at: number) => ReactNode;
  skeleton: ReactNode;
  empty: ReactNode;
  end?: ReactNode;
  className?: string;
  /** `feed` tells screen readers that more comes while they read. */
  role?: "feed" | "list";
}

/** Every list has five states, and each is said: loading, empty, broken, more, end. Repeated ids are shown once. */
export function PagedList<T>({
  pages,
  what,
  keyOf,
  children,
  skeleton,
  empty,
  end = <End />,
  className,
  role = "list",
}: PagedListProps<T>) {
  if (pages.isPending) {
    return (
      <>
        <Loading what={what} />
        <div aria-hidden="true" className={className}>
          {skeleton}
        </div>
      </>
    );
  }
  if (pages.isError && !pages.data) return <Failed error={pages.error} retry={() => void pages.refetch()} />;
  const seen = new Set<string>();
  const items = pages.data.pages
    .flatMap((page) => page.items)
    .filter((item) => !seen.has(keyOf(item)) && seen.add(keyOf(item)));
  if (items.length === 0 && !pages.hasNextPage) return <>{empty}</>;
  return (
    <>
      <div className={className} role={role} aria-busy={pages.isFetchingNextPage || undefined} aria-label={what}>
        {items.map((item, at) => (
          <Fragment key={keyOf(item)}>{children(item, at)}</Fragment>
        ))}
      </div>
      {pages.isFetchNextPageError ? (
        <Failed title="The next ones did not load" error={pages.error} retry={() => void pages.fetchNextPage()} />
      ) : pages.hasNextPage ? (
        <More more={() => void pages.fetchNextPage()} busy={pages.isFetchingNextPage} skeleton={skeleton} />
      ) : (
        end
      )}
    </>
  );
}

/** Asks for the next page two screens before it is needed; the button is for keyboards and for when that fails. */
function More({ more, busy, skeleton }: { more: () => void; busy: boolean; skeleton: ReactNode }) {
  const mark = useRef<HTMLDivElement>(null);
  const ask = useEffectEvent(more);
  useEffect(() => {
    if (busy || !mark.current) return;
    const observer = new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && ask(), {
      rootMargin: "1600px 0px",
    });
    observer.observe(mark.current);
    return () => observer.disconnect();
  }, [busy]);
  return (
    <div ref={mark} className="py-4">
      {busy ? (
        <div aria-hidden="true">{skeleton}</div>
      ) : (
        <Button look="quiet" className="mx-auto flex" onClick={more}>
          Show more
        </Button>
      )}
    </div>
  );
}
