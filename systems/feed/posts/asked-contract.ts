import { z } from "zod";

import { zAudience, zId, zText } from "#kernel/wire.ts";

import { CONTENT_WARNING_CHARS_MAX, POST_IMAGES_MAX, POST_TEXT_CHARS_MAX } from "../bounds.ts";
import { zPollAsked } from "../polls/poll-contract.ts";

export const zContentWarning = zText(CONTENT_WARNING_CHARS_MAX, 1);

const asked = {
  text: zText(POST_TEXT_CHARS_MAX).default(""),
  video_id: zId<"video">().nullish(),
  image_ids: z.array(zId<"image">()).max(POST_IMAGES_MAX).nullish(),
  audience: zAudience,
  space_id: zId<"space">().nullish(),
  content_warning: zContentWarning.nullish(),
  sensitive: z.boolean().optional(),
  /** Another post that these words are about. */
  quote_id: zId<"post">().nullish(),
  poll: zPollAsked.nullish(),
};

/** What a post is made of, now or later. */
export const zPostAsked = z.strictObject(asked).meta({ id: "PostAsked" });
export type PostAsked = z.output<typeof zPostAsked>;

/** The same, from a draft: that one goes in the same moment, and what it held is the post's. */
export const zPostAskedNow = z.strictObject({ ...asked, draft_id: zId<"draft">().nullish() });
