import { Play } from "lucide-react";
import { useEffect, useRef, useState } from "react";

import type { Message } from "#systems/chat/contract.ts";

import { InTheMaking } from "../media/making.tsx";
import { clockOf } from "../parts/time.tsx";
import { refreshMessage } from "./conversations.ts";

/** Asked so often while the house makes it and somebody looks. */
const MAKING_MS = 3_000;
const AHEAD_S = 12;
const HEIGHT_REM_MAX = 22;

/** A film in a message: its picture first; the player and what it stands on come when it is pressed. */
export default function MessageFilm({ message, film }: { message: Message; film: NonNullable<Message["video"]> }) {
  const [playing, setPlaying] = useState(false);
  const making = film.status === "processing";
  useEffect(() => {
    if (!making) return;
    const timer = setInterval(() => {
      // Asked again at the next turn.
      if (document.visibilityState === "visible") refreshMessage(message.id).catch(() => {});
    }, MAKING_MS);
    return () => clearInterval(timer);
  }, [making, message.id]);
  const ratio = film.width && film.height ? Math.min(2.2, Math.max(0.5, film.width / film.height)) : 16 / 9;
  const style = { aspectRatio: ratio, maxWidth: `min(28rem, ${HEIGHT_REM_MAX * ratio}rem)` };
  const box = "relative mt-1 block w-full overflow-hidden rounded-xl bg-black text-white";
  if (film.status === "failed")
    return <p className="mt-1 text-sm text-ink-3 italic">A film that the house could not read.</p>;
  if (film.hls_url === null)
    return (
      <InTheMaking
        className={box}
        style={style}
        progress={film.progress}
        placeholder={film.placeholder}
        poster={film.poster_url}
      />
    );
  if (playing)
    return (
      <div className={box} style={style}>
        <Playing film={film} url={film.hls_url} />
      </div>
    );
  return (
    <button
      type="button"
      aria-label={`Play ${film.title}`}
      onClick={() => setPlaying(true)}
      className={box}
      style={style}
    >
      {(film.poster_url ?? film.placeholder) && (
        <img
          src={film.poster_url ?? film.placeholder ?? ""}
          alt=""
          className="absolute inset-0 size-full object-contain"
        />
      )}
      <span className="absolute inset-0 m-auto grid size-14 place-items-center rounded-full bg-black/55 backdrop-blur-sm">
        <Play className="ml-1 size-6 fill-current" aria-hidden="true" />
      </span>
      {film.duration_ms !== null && (
        <span className="absolute bottom-2 left-2 rounded-md bg-black/55 px-1.5 text-xs leading-5 font-semibold tabular-nums">
          {clockOf(film.duration_ms)}
        </span>
      )}
    </button>
  );
}

function Playing({ film, url }: { film: NonNullable<Message["video"]>; url: string }) {
  const element = useRef<HTMLVideoElement>(null);
  const [lost, setLost] = useState(false);
  useEffect(() => {
    const node = element.current;
    if (!node) return;
    let gone = false;
    let detach = () => {};
    void (async () => {
      const { attach } = await import("../media/hls.ts");
      if (gone) return;
      const attached = await attach(node, url, {
        ahead_s: AHEAD_S,
        onLost: () => setLost(true),
      });
      detach = attached.detach;
      if (gone) return detach();
      // A browser may want another press; its own button is there for it.
      await node.play().catch(() => {});
    })().catch(() => setLost(true));
    node.focus({ preventScroll: true });
    return () => {
      gone = true;
      detach();
    };
  }, [url]);
  return (
    <>
      {/* Captions are on the film's own page, which is its owner's. */}
      {/* oxlint-disable-next-line jsx-a11y/media-has-caption */}
      <video
        ref={element}
        controls
        playsInline
        poster={film.poster_url ?? undefined}
        aria-label={film.title}
        className="size-full object-contain"
      />
      {lost && (
        <p role="alert" className="absolute inset-x-0 top-0 bg-black/75 p-3 text-center text-sm">
          The film stopped coming. Open the chat again to try once more.
        </p>
      )}
    </>
  );
}
