import type { VideoId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";

import type { TextLines } from "../encode/playlist.ts";
import { listOf } from "./names.ts";
import { captionsOf, type CaptionsRow } from "./store.ts";

const GROUP = "texts";
const DESCRIBES = "public.accessibility.transcribes-spoken-dialog,public.accessibility.describes-music-and-sound";

export async function subtitleLinesOf(q: Query, video_id: VideoId): Promise<TextLines> {
  return subtitleLines((await captionsOf(q, [video_id])).get(video_id) ?? []);
}

/** Pure. Names are told apart where two languages have the same. */
export function subtitleLines(rows: readonly CaptionsRow[]): TextLines {
  const names = new Set<string>();
  const media = rows.flatMap((row) => {
    if (row.published_file === null) return [];
    const said = row.label.replaceAll(/["\u0000-\u001f\u007f]/g, "'");
    const name = names.has(said) ? `${said} (${row.language})` : said;
    names.add(name);
    const attributes = [
      `TYPE=SUBTITLES,GROUP-ID="${GROUP}",NAME="${name}",LANGUAGE="${row.language}"`,
      `DEFAULT=${row.is_default ? "YES" : "NO"},AUTOSELECT=YES,FORCED=NO`,
      ...(row.kind === "captions" ? [`CHARACTERISTICS="${DESCRIBES}"`] : []),
      `URI="${listOf(row.published_file)}"`,
    ];
    return [`#EXT-X-MEDIA:${attributes.join(",")}`];
  });
  const tracks = rows.flatMap(({ language, label, kind, is_default, published_file: file }) =>
    file === null ? [] : [{ language, label, kind, is_default, file }],
  );
  return { media, attribute: media.length === 0 ? "" : `SUBTITLES="${GROUP}"`, tracks };
}
