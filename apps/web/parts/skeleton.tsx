import { cx } from "./class.ts";

/** A quiet shape where something will be; it has the size of what comes, so that nothing jumps. */
export const Skeleton = ({ className }: { className?: string }) => (
  <span
    aria-hidden="true"
    className={cx("shimmer block", !className?.includes("rounded-") && "rounded-lg", className)}
  />
);

export function PostSkeleton({ media = false }: { media?: boolean }) {
  return (
    <div className="border-line bg-surface p-4 max-sm:border-y sm:rounded-2xl sm:border sm:p-5">
      <div className="flex items-center gap-3">
        <Skeleton className="size-11 rounded-full" />
        <div className="space-y-2">
          <Skeleton className="h-4 w-36" />
          <Skeleton className="h-3 w-24" />
        </div>
      </div>
      <div className="mt-4 space-y-2.5">
        <Skeleton className="h-4 w-full" />
        <Skeleton className="h-4 w-11/12" />
        <Skeleton className="h-4 w-3/5" />
      </div>
      {media && <Skeleton className="mt-4 aspect-video w-full rounded-xl" />}
      <div className="mt-4 flex gap-8">
        <Skeleton className="h-5 w-12" />
        <Skeleton className="h-5 w-12" />
        <Skeleton className="h-5 w-12" />
      </div>
    </div>
  );
}

export function RowSkeleton() {
  return (
    <div className="flex items-center gap-3 px-4 py-3">
      <Skeleton className="size-11 rounded-full" />
      <div className="flex-1 space-y-2">
        <Skeleton className="h-4 w-40 max-w-full" />
        <Skeleton className="h-3 w-24" />
      </div>
    </div>
  );
}

/** What a screen reader hears instead of the shapes. */
export const Loading = ({ what }: { what: string }) => (
  <p role="status" className="sr-only">
    Loading {what}…
  </p>
);
