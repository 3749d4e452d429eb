/**
 * The player in a frame on another site. This script is all that is loaded before somebody presses play; the player's own
 * parts come then. No cookie is there, so nothing is known of who watches.
 */

/** What the server writes into the page. */
interface EmbedFacts {
  video_id: string;
  hls_url: string;
  start_s: number;
  autoplay: boolean;
}

const AHEAD_S = 30;

const video = document.querySelector("video");
const facts = document.getElementById("facts");
if (video && facts) ready(video, JSON.parse(facts.textContent ?? "{}") as EmbedFacts);

function ready(video: HTMLVideoElement, { video_id, hls_url, start_s, autoplay }: EmbedFacts) {
  const button = document.querySelector<HTMLButtonElement>("button");
  let begun = false;

  /** Once: what is pressed again while it loads is not begun again. */
  async function begin() {
    if (begun) return;
    begun = true;
    document.body.dataset.state = "loading";
    const asked_ms = performance.now();
    try {
      const [{ attach }, { tellOf }] = await Promise.all([import("../media/hls.ts"), import("./telling.ts")]);
      tellOf(video, video_id, asked_ms);
      await attach(video, hls_url, { ahead_s: AHEAD_S, start_s, onLost: lost });
      video.controls = true;
      video.focus();
      await video.play().catch(() => {
        // The browser wants a press on the player itself: its controls are there.
      });
      document.body.dataset.state = "playing";
    } catch {
      lost();
    }
  }

  function lost() {
    begun = false;
    document.body.dataset.state = "lost";
  }

  button?.addEventListener("click", () => void begin());
  // Loads while the pointer is on its way.
  button?.addEventListener("pointerenter", () => void import("../media/hls.ts").then(({ warmUp }) => warmUp()), {
    once: true,
  });
  if (autoplay) {
    video.muted = true;
    void begin();
  }
}
