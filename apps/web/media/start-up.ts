/**
 * How long a film let its viewer wait, as marks of the browser's own clock: `film.wanted` when its page opens, then
 * `film.first_frame`, a measure from there to the first picture on the screen.
 */
const WANTED = "film.wanted";
const FIRST_FRAME = "film.first_frame";

export function markWanted() {
  performance.clearMarks(WANTED);
  performance.mark(WANTED);
}

/** Call once per film, before it plays. */
export function measureFirstFrame(video: HTMLVideoElement) {
  if (performance.getEntriesByName(WANTED, "mark").length === 0) return;
  const seen = () => {
    performance.clearMeasures(FIRST_FRAME);
    performance.measure(FIRST_FRAME, WANTED);
    performance.clearMarks(WANTED);
  };
  if ("requestVideoFrameCallback" in video) video.requestVideoFrameCallback(seen);
  else (video as HTMLVideoElement).addEventListener("playing", seen, { once: true });
}
