import { type Entry, EVERYDAY, everydayTail, H264, make, moving, tone } from "./entry.ts";

const HOSTILE = `<script>alert(1)</script>"'\\u0000&amp;{{7*7}}\${jndi:ldap://x}`;
const CHAPTERS = `;FFMETADATA1
title=${HOSTILE}
artist=../../../../etc/passwd
[CHAPTER]
TIMEBASE=1/1000
START=0
END=3000
title=${HOSTILE}
[CHAPTER]
TIMEBASE=1/1000
START=3000
END=6000
title=${"long ".repeat(400)}
`;
const SUBTITLES = `1
00:00:00,000 --> 00:00:02,000
<script>alert(1)</script><img src=x onerror=alert(1)>

2
00:00:02,000 --> 00:00:04,000
--> <b>bold</b> </c> &lt;i&gt; ${HOSTILE}
`;
const plays = { size: EVERYDAY, seconds: 6 };

/** Words in files that were written to hurt whoever shows them. */
export const WORDS: Entry[] = [
  {
    name: "chapters with hostile titles",
    make: async () =>
      make("b.mp4", "-i a.mp4 -i c.txt -map_metadata 1 -map_chapters 1 -c copy", {
        "a.mp4": await everydayTail(),
        "c.txt": CHAPTERS,
      }),
    fate: { plays },
  },
  {
    name: "subtitles with HTML",
    make: async () =>
      make("b.mp4", "-i a.mp4 -i s.srt -map 0 -map 1 -c copy -c:s mov_text", {
        "a.mp4": await everydayTail(),
        "s.srt": SUBTITLES,
      }),
    fate: { plays },
    in_browser: true,
  },
  {
    name: "thirty subtitles",
    make: () =>
      make(
        "b.mkv",
        `${moving(6)} ${tone(6)} -i s.srt -map 0 -map 1 ${"-map 2 ".repeat(30)} ${H264} -c:a libopus -c:s srt`,
        { "s.srt": SUBTITLES },
      ),
    filename: "a.mkv",
    media_type: "video/x-matroska",
    fate: { plays },
  },
  { name: "a file name that climbs", make: everydayTail, filename: "../../../../etc/passwd", fate: { plays } },
  {
    name: "a file name with markup and quotes",
    make: everydayTail,
    filename: `<img src=x onerror=alert(1)>".mp4`,
    fate: { plays },
  },
  {
    name: "attached fonts and programs",
    make: () =>
      make(
        "b.mkv",
        `${moving(6)} ${tone(6)} ${H264} -c:a libopus -attach run.sh -metadata:s:t mimetype=application/x-sh`,
        { "run.sh": "#!/bin/sh\nid\n" },
      ),
    filename: "a.mkv",
    media_type: "video/x-matroska",
    fate: { plays },
  },
];
