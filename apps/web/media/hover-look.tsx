import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";

import { getVideo } from "#systems/media/contract.ts";

import { ask } from "../shell/house.ts";
import { isStill } from "../shell/theme.ts";
import { attach, type Attached } from "./hls.ts";
import { savesData } from "./stage.ts";

const DWELL_MS = 500;
const AHEAD_S = 6;
/** A look, not a showing: it ends after so long. */
const LOOK_MS_MAX = 20_000;

/**
 * Over the picture of a film in a list: where a mouse rests, the film is seen for a moment, without sound. Lists of
 * phones have no resting pointer, and who wants stillness or saves data sees the picture.
 */
export function HoverLook({ video_id }: { video_id: string }) {
  const box = useRef<HTMLSpanElement>(null);
  const [looking, setLooking] = useState(false);
  useEffect(() => {
    // The whole row or tile leads to the film: resting anywhere on it counts.
    const row = box.current?.closest<HTMLElement>(".group, li") ?? box.current;
    if (!row) return;
    let dwell: ReturnType<typeof setTimeout> | undefined;
    const leave = () => {
      clearTimeout(dwell);
      setLooking(false);
    };
    const enter = (event: PointerEvent) => {
      if (event.pointerType !== "mouse" || isStill() || savesData()) return;
      dwell = setTimeout(() => {
        setLooking(true);
        dwell = setTimeout(leave, LOOK_MS_MAX);
      }, DWELL_MS);
    };
    row.addEventListener("pointerenter", enter);
    row.addEventListener("pointerleave", leave);
    return () => {
      clearTimeout(dwell);
      row.removeEventListener("pointerenter", enter);
      row.removeEventListener("pointerleave", leave);
    };
  }, []);
  return (
    <span ref={box} className="absolute inset-0">
      {looking && <Asked video_id={video_id} />}
    </span>
  );
}

/** What is asked here is what the film's own page would ask next. */
function Asked({ video_id }: { video_id: string }) {
  const { data } = useQuery({ ...ask(getVideo, { params: { video_id } }), staleTime: 60_000 });
  return data?.hls_url ? <Look url={data.hls_url} /> : null;
}

function Look({ url }: { url: string }) {
  const element = useRef<HTMLVideoElement>(null);
  const [moves, setMoves] = useState(false);
  useEffect(() => {
    const node = element.current;
    if (!node) return;
    const mine: Promise<Attached> = attach(node, url, { ahead_s: AHEAD_S });
    // It is beside whatever plays, and takes no stage.
    void mine.then(() => node.play()).catch(() => {});
    return () => void mine.then((player) => player.detach());
  }, [url]);
  // It says nothing: the words of the list stand beside it.
  return (
    <video
      ref={element}
      muted
      playsInline
      tabIndex={-1}
      onPlaying={() => setMoves(true)}
      className={`size-full object-cover transition-opacity duration-200 ${moves ? "opacity-100" : "opacity-0"}`}
    />
  );
}
