import { expect, test } from "bun:test";

import { planLadder } from "../encode/ladder.ts";
import { mediaPlaylist } from "../encode/playlist.ts";

test("MD21: a list that still grows is no broadcast: it says where to begin, and its end only when it has one", () => {
  const sounds = [{ stream: 1, language: null, title: null }];
  const ladder = planLadder(
    { duration_ms: 20_000, width: 640, height: 360, fps_average: 25, fps_smallest: 25, sounds },
    "etag",
  );
  const growing = mediaPlaylist(ladder, ladder.rungs[0]!.name, 2);
  expect(growing).toContain("#EXT-X-PLAYLIST-TYPE:EVENT");
  expect(growing).toContain("#EXT-X-START:TIME-OFFSET=0");
  expect(growing).not.toContain("#EXT-X-ENDLIST");
  const whole = mediaPlaylist(ladder, ladder.rungs[0]!.name);
  expect(whole).toContain("#EXT-X-PLAYLIST-TYPE:VOD");
  expect(whole).toContain("#EXT-X-ENDLIST");
  expect(whole).not.toContain("#EXT-X-START");
});
