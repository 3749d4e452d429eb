import { type Draft, getPost } from "#systems/feed/contract.ts";
import { getImage, getVideo } from "#systems/media/contract.ts";
import { spacesRoutes } from "#systems/spaces/contract.ts";

import { adopt } from "../media/attachments.ts";
import { bestVariant } from "../media/variants.ts";
import { ask, call, queries } from "../shell/house.ts";
import { takeUpDraft } from "./draft.ts";

const PREVIEW_PX = 160;

/** Takes up a draft that the house kept, wherever it was begun, with the files that it shows. What has gone is left out. */
export async function openDraft({ id, version, content }: Draft): Promise<void> {
  const { text, content_warning, sensitive, poll, audience } = content;
  const [space, quote, video, images] = await Promise.all([
    content.space_id === null ? null : spaceOf(content.space_id),
    content.quote_id === null ? null : call(getPost, { params: { id: content.quote_id } }).catch(() => null),
    content.video_id === null ? null : call(getVideo, { params: { video_id: content.video_id } }).catch(() => null),
    Promise.all(content.image_ids.map((image_id) => call(getImage, { params: { image_id } }).catch(() => null))),
  ]);
  await takeUpDraft({
    text,
    // A draft for a space that has gone is for nobody else until its author says so.
    audience: audience === "space" ? "private" : audience,
    space,
    content_warning,
    sensitive,
    quote: quote && { id: quote.id, author: quote.author, text: quote.content_warning ?? quote.text },
    poll,
    kept: { id, version },
  });
  if (video) adopt({ id: video.id, kind: "video", name: video.title, alt: "", preview_url: video.poster_url });
  let nth = 0;
  for (const image of images) {
    nth += 1;
    if (!image) continue;
    const preview_url = bestVariant(image.variants, PREVIEW_PX)?.url ?? image.placeholder;
    adopt({ id: image.id, kind: "image", name: `Picture ${nth}`, alt: image.alt, preview_url });
  }
}

async function spaceOf(id: string) {
  const mine = await queries.ensureQueryData(ask(spacesRoutes.mySpaces, { query: { limit: 100 } })).catch(() => null);
  const found = mine?.items.find((space) => space.id === id);
  return found ? { id: found.id, slug: found.slug, name: found.name } : null;
}
