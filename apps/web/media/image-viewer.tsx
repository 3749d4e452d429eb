import { Dialog } from "@base-ui/react/dialog";
import { ChevronLeft, ChevronRight, X } from "lucide-react";
import { useEffect, useRef } from "react";

import type { PostImage } from "#systems/feed/contract.ts";

import { bestVariant } from "./variants.ts";

/** Pictures in full, one after the other: arrow keys, buttons or a swipe. */
export default function ImageViewer({
  images,
  at,
  onAt,
  close,
}: {
  images: readonly PostImage[];
  at: number;
  onAt: (at: number) => void;
  close: () => void;
}) {
  const strip = useRef<HTMLDivElement>(null);
  const first = useRef(at);
  useEffect(() => {
    strip.current?.children[first.current]?.scrollIntoView({ behavior: "instant", inline: "center" });
  }, []);
  const go = (to: number) => {
    const next = Math.min(images.length - 1, Math.max(0, to));
    strip.current?.children[next]?.scrollIntoView({ behavior: "smooth", inline: "center" });
    onAt(next);
  };
  const image = images[at];
  return (
    <Dialog.Root open onOpenChange={(open) => !open && close()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop fixed inset-0 z-40 bg-black/92" />
        <Dialog.Popup
          className="backdrop fixed inset-0 z-50 text-white outline-none"
          onKeyDown={(event) => {
            if (event.key === "ArrowRight") go(at + 1);
            if (event.key === "ArrowLeft") go(at - 1);
          }}
        >
          <Dialog.Title className="sr-only">
            Picture {at + 1} of {images.length}
          </Dialog.Title>
          <div
            ref={strip}
            className="flex h-full snap-x snap-mandatory overflow-x-auto no-bar"
            onScroll={({ currentTarget }) => {
              const seen = Math.round(currentTarget.scrollLeft / currentTarget.clientWidth);
              if (seen !== at) onAt(seen);
            }}
          >
            {images.map((picture, index) => (
              <div
                key={picture.id}
                className="flex h-full w-full shrink-0 snap-center items-center justify-center p-2 sm:p-10"
              >
                {Math.abs(index - at) < 2 && (
                  <img
                    src={bestVariant(picture.variants, 4096)?.url}
                    alt={picture.alt}
                    width={picture.width ?? undefined}
                    height={picture.height ?? undefined}
                    className="max-h-full max-w-full object-contain"
                  />
                )}
              </div>
            ))}
          </div>
          <Dialog.Close
            aria-label="Close"
            className="absolute top-3 right-3 grid size-11 place-items-center rounded-full bg-black/50 hover:bg-black/80"
          >
            <X className="size-6" />
          </Dialog.Close>
          {at > 0 && (
            <button
              type="button"
              aria-label="Previous picture"
              onClick={() => go(at - 1)}
              className="absolute top-1/2 left-3 grid size-12 -translate-y-1/2 place-items-center rounded-full bg-black/50 hover:bg-black/80 max-sm:hidden"
            >
              <ChevronLeft className="size-7" />
            </button>
          )}
          {at < images.length - 1 && (
            <button
              type="button"
              aria-label="Next picture"
              onClick={() => go(at + 1)}
              className="absolute top-1/2 right-3 grid size-12 -translate-y-1/2 place-items-center rounded-full bg-black/50 hover:bg-black/80 max-sm:hidden"
            >
              <ChevronRight className="size-7" />
            </button>
          )}
          <div className="pointer-events-none absolute inset-x-0 bottom-0 p-4 text-center text-sm">
            {images.length > 1 && (
              <p className="font-semibold tabular-nums">
                {at + 1} / {images.length}
              </p>
            )}
            {image && image.alt !== "" && (
              <p className="mx-auto mt-1 max-w-xl rounded-xl bg-black/60 px-3 py-1.5 text-white/90">{image.alt}</p>
            )}
          </div>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
