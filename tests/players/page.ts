import { MediaPlayer } from "dashjs";
import Hls from "hls.js";

import { tieWithHls } from "../../apps/web/media/stream/tie.ts";

/** What runs in the browser: a page of somebody else that plays a list of the house, and keeps book of what goes wrong. */
declare global {
  interface Window {
    trouble: string[];
  }
}

const asked = new URLSearchParams(location.search);
const url = asked.get("url") ?? "";
const video = document.querySelector("video")!;
window.trouble = [];
video.addEventListener("error", () => window.trouble.push(`video: ${video.error?.code} ${video.error?.message}`));

if (asked.get("player") === "dash") {
  const player = MediaPlayer().create();
  player.on("error", (event: unknown) => {
    const { error } = event as { error: { code: number; message: string } };
    window.trouble.push(`dash.js: ${error.code} ${error.message}`);
  });
  player.initialize(video, url, true);
} else {
  tieWithHls(Hls, video, url, {
    ahead_s: 20,
    onTrouble: (code) => window.trouble.push(`hls.js: ${code}`),
    onLost: () => window.trouble.push("hls.js: lost"),
  });
  void video.play();
}
