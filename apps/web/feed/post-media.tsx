import { lazy, Suspense, useState } from "react";

import type { Post, PostImage } from "#systems/feed/contract.ts";

import { InlineVideo } from "../media/inline-video.tsx";
import { bestVariant } from "../media/variants.ts";
import { cx } from "../parts/class.ts";
import { Skeleton } from "../parts/skeleton.tsx";

const Viewer = lazy(() => import("../media/image-viewer.tsx"));

/** Tall pictures are cropped in lists to at most 5:4 of their width; a press shows them whole. */
const RATIO_MIN = 0.8;
const RATIO_MAX = 2.4;

export function PostMedia({ post }: { post: Post }) {
  const [at, setAt] = useState<number | null>(null);
  if (post.video) return <InlineVideo video={post.video} postId={post.id} className="mt-3.5" />;
  const { images } = post;
  if (images.length === 0) return null;
  const [only] = images;
  return (
    <>
      {images.length === 1 && only ? (
        <Picture
          image={only}
          onOpen={() => setAt(0)}
          ratio={clampRatio(only)}
          sizes="(min-width: 640px) 600px, 100vw"
          className="mt-3.5 max-h-[36rem]"
          label="Open the picture"
        />
      ) : images.length <= 4 ? (
        <div
          className={cx(
            "mt-3.5 grid gap-1 overflow-hidden rounded-xl",
            images.length === 3
              ? "aspect-[3/2] grid-cols-[2fr_1fr] grid-rows-2"
              : images.length === 2
                ? "aspect-[2/1] grid-cols-2"
                : "aspect-[4/3] grid-cols-2 grid-rows-2",
          )}
        >
          {images.map((image, index) => (
            <Picture
              key={image.id}
              image={image}
              onOpen={() => setAt(index)}
              sizes="(min-width: 640px) 400px, 60vw"
              square
              className={cx("rounded-none", images.length === 3 && index === 0 && "row-span-2")}
              label={`Open picture ${index + 1} of ${images.length}`}
            />
          ))}
        </div>
      ) : (
        <div
          role="group"
          aria-label={`${images.length} pictures`}
          className="mt-3.5 -mx-4 flex snap-x snap-mandatory gap-2 overflow-x-auto px-4 no-bar sm:-mx-5 sm:px-5"
        >
          {images.map((image, index) => (
            <div
              key={image.id}
              className="h-72 shrink-0 snap-center sm:h-80"
              style={{ aspectRatio: clampRatio(image) }}
            >
              <Picture
                image={image}
                onOpen={() => setAt(index)}
                sizes="400px"
                square
                className="h-full"
                label={`Open picture ${index + 1} of ${images.length}`}
              />
            </div>
          ))}
        </div>
      )}
      {at !== null && (
        <Suspense fallback={null}>
          <Viewer images={images} at={at} onAt={setAt} close={() => setAt(null)} />
        </Suspense>
      )}
    </>
  );
}

const clampRatio = ({ width, height }: PostImage) =>
  Math.min(RATIO_MAX, Math.max(RATIO_MIN, width && height ? width / height : 4 / 3));

function Picture({
  image,
  onOpen,
  ratio,
  sizes,
  square = false,
  className,
  label,
}: {
  image: PostImage;
  onOpen: () => void;
  ratio?: number;
  sizes: string;
  square?: boolean;
  className?: string;
  label: string;
}) {
  const largest = bestVariant(image.variants, 1280);
  const placeholder = image.placeholder ? { backgroundImage: `url("${image.placeholder}")` } : {};
  return (
    <button
      type="button"
      onClick={onOpen}
      aria-label={image.alt === "" ? label : `${label}: ${image.alt}`}
      className={cx(
        "relative block w-full overflow-hidden rounded-xl bg-sunken bg-cover bg-center",
        square && "h-full min-h-0",
        className,
      )}
      style={{ ...placeholder, ...(ratio === undefined ? {} : { aspectRatio: ratio }) }}
    >
      {largest ? (
        <img
          src={largest.url}
          srcSet={image.variants.map((variant) => `${variant.url} ${variant.width}w`).join(", ")}
          sizes={sizes}
          width={image.width ?? undefined}
          height={image.height ?? undefined}
          alt={image.alt}
          loading="lazy"
          decoding="async"
          className="size-full object-cover"
        />
      ) : image.status === "failed" ? (
        <span className="grid size-full place-items-center p-4 text-sm text-ink-3">
          This picture could not be made.
        </span>
      ) : (
        <Skeleton className="size-full rounded-none" />
      )}
      {image.alt !== "" && (
        <span
          aria-hidden="true"
          title={image.alt}
          className="absolute bottom-2 left-2 rounded-md bg-black/65 px-1.5 py-0.5 text-[0.6875rem] leading-4 font-bold tracking-wide text-white"
        >
          ALT
        </span>
      )}
    </button>
  );
}
