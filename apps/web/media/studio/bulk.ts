import type { Audience } from "#kernel/wire.ts";
import { deleteVideo, patchVideo, type Video } from "#systems/media/contract.ts";

import { sentenceOf } from "../../client.ts";
import { plural } from "../../parts/numbers.ts";
import { call, queries } from "../../shell/house.ts";
import { say, sorry } from "../../shell/toasts.ts";
import { audienceWords } from "../library/audience.tsx";
import { forEach } from "./each.ts";
import { filmsChanged } from "./uploads.ts";

type Films = readonly Pick<Video, "id" | "audience" | "space_id">[];

/** Who may see them, all at once; Undo gives each what it had. */
export async function showTo(films: Films, audience: Exclude<Audience, "space">): Promise<void> {
  const { done, refusal } = await forEach(
    films.filter((film) => film.audience !== audience),
    ({ id }) => call(patchVideo, { params: { video_id: id }, body: { audience } }),
  );
  await filmsChanged();
  if (done.length > 0) {
    say(`${plural(done.length, "film")}: ${audienceWords(audience).label}.`, async () => {
      await forEach(done, ({ id, audience: before, space_id }) =>
        call(patchVideo, {
          params: { video_id: id },
          body: { audience: before, ...(before === "space" && space_id !== null ? { space_id } : {}) },
        }),
      );
      await filmsChanged();
    });
  }
  complain(refusal, films.length - done.length);
}

export async function removeFilms(films: Films): Promise<void> {
  const { done, refusal } = await forEach(films, ({ id }) => call(deleteVideo, { params: { video_id: id } }));
  for (const { id } of done) queries.removeQueries({ queryKey: ["/v1/videos/{video_id}", { video_id: id }] });
  await filmsChanged();
  if (done.length > 0) say(`${plural(done.length, "film")} deleted.`);
  complain(refusal, films.length - done.length);
}

function complain(refusal: unknown, count: number) {
  if (refusal !== null)
    sorry(count === 1 ? sentenceOf(refusal) : `${count} were left as they are. ${sentenceOf(refusal)}`);
}
