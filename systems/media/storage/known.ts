import type { PersonId, SpaceId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";

import { namesOf } from "../encode/playlist.ts";
import { knownSounds } from "../sounds/store.ts";
import { posterFile } from "../videos/present.ts";
import type { StoredKind } from "./contract.ts";
import type { Named } from "./files.ts";
import * as store from "./store.ts";

export interface Whose {
  owner_id: PersonId | "0";
  space_id: SpaceId | "0";
  kind: StoredKind;
  /** Of a rung. */
  name: string;
}

/** What rows say of a page of blobs, read at once. */
export interface Known {
  of(name: Named): Whose;
}

const NOBODY = { owner_id: "0", space_id: "0", name: "" } as const;

/** Rows are read after the names were listed: what got its row in between is known, what lost it is an orphan. */
export async function createKnown(q: Query, names: Named[]): Promise<Known> {
  const idsOf = (of: Named["of"]) => [
    ...new Set(names.flatMap((name) => (name.of === of && name.of !== "nothing" ? [name.id] : []))),
  ];
  const segments = names.flatMap((name) =>
    name.of === "video" && name.file.kind === "segment"
      ? [{ video_id: name.id, rung: name.file.track, k: name.file.k }]
      : [],
  );
  const [uploads, images, sounds, videos, stored] = await Promise.all([
    store.knownUploads(q, idsOf("upload")),
    store.knownImages(q, idsOf("image")),
    knownSounds(q, idsOf("sound")),
    store.knownVideos(q, idsOf("video")),
    store.knownSegments(q, segments),
  ]);
  const folders = new Map([...videos].map(([id, video]) => [id, foldersOf(video)]));

  return {
    of(name) {
      switch (name.of) {
        case "nothing":
          return { ...NOBODY, kind: "other" };
        case "upload": {
          const row = uploads.get(name.id);
          return row ? whose(row, row.used ? "source" : "upload") : { ...NOBODY, kind: "orphan" };
        }
        case "image": {
          const row = images.get(name.id);
          if (!row) return { ...NOBODY, kind: "orphan" };
          return whose(row, row.place === name.place ? "picture" : "moved");
        }
        case "sound": {
          const row = sounds.get(name.id);
          if (!row) return { ...NOBODY, kind: "orphan" };
          return whose(row, row.place === name.place ? "sound" : "moved");
        }
        case "video": {
          const row = videos.get(name.id);
          if (!row) return { ...NOBODY, kind: "orphan" };
          if (row.place !== name.place) return whose(row, "moved");
          return ofVideo(row, name, folders.get(name.id) ?? new Map<string, string>(), stored);
        }
      }
    },
  };
}

const whose = (
  { owner_id, space_id }: { owner_id: PersonId; space_id: SpaceId | null },
  kind: StoredKind,
  name = "",
): Whose => ({
  owner_id,
  space_id: space_id ?? "0",
  kind,
  name,
});

/** The folders that the plan names now, with the tracks that lie there. */
export function foldersOf({ ladder }: Pick<store.KnownVideo, "ladder">): Map<string, string> {
  if (!ladder) return new Map();
  const names = namesOf(ladder);
  const tracks = [...ladder.sounds, ...ladder.rungs, ...(ladder.trick ? [ladder.trick] : [])];
  return new Map(tracks.map(({ name }) => [names.folder(name), name]));
}

function ofVideo(
  row: store.KnownVideo,
  { id, file }: Named & { of: "video" },
  folders: ReadonlyMap<string, string>,
  stored: ReadonlySet<string>,
): Whose {
  switch (file.kind) {
    case "segment": {
      const named =
        folders.has(file.folder) && stored.has(store.segmentKey({ video_id: id, rung: file.track, k: file.k }));
      if (!named) return whose(row, "orphan");
      const sound = row.ladder?.sounds.some(({ name }) => name === file.track) === true;
      return sound ? whose(row, "sound") : whose(row, "rung", file.track);
    }
    case "init":
      return whose(row, folders.has(file.folder) ? "index" : "orphan");
    case "list":
      return whose(row, "index");
    case "poster":
      return whose(row, row.poster_bytes !== null && file.file === posterFile(row) ? "poster" : "orphan");
    case "captions":
      return whose(row, row.texts.includes(file.file) ? "captions" : "orphan");
    case "storyboard": {
      if (row.storyboard === null || !file.file.startsWith(row.storyboard)) return whose(row, "orphan");
      return whose(row, file.file.endsWith(".vtt") ? "index" : "storyboard");
    }
    case "other":
      return whose(row, "other");
  }
}
