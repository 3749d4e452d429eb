import { z } from "zod";

import type { PersonId, SpaceId } from "./ids.ts";
import { zIdOut } from "./wire.ts";

/** Small shapes that the answers of several systems carry: who made this, where it stands, what a link in it leads to. */

export const zAvatar = z.object({ url_small: z.string(), url_large: z.string() });

export const zPersonCard = z
  .object({
    id: zIdOut<"person">(),
    handle: z.string(),
    display_name: z.string(),
    avatar: zAvatar.nullable(),
    suspended: z.boolean(),
    /** Shown to those who follow them or look for them, and chosen for nobody else. */
    limited: z.boolean(),
    /** Shows what they post to those whom they let follow them. */
    private: z.boolean(),
    /** There where it is a program that writes. */
    bot: z.literal(true).optional(),
  })
  .meta({ id: "PersonCard" });

export type Avatar = z.output<typeof zAvatar>;
export interface PersonCard {
  id: PersonId;
  handle: string;
  display_name: string;
  /** Square pictures of 96 and 384 px; null shows the initials. */
  avatar: Avatar | null;
  suspended: boolean;
  limited: boolean;
  private: boolean;
  bot?: true | undefined;
}

export const SPACE_VISIBILITIES = ["public", "private"] as const;

export const zSpaceCard = z
  .object({
    id: zIdOut<"space">(),
    slug: z.string(),
    name: z.string(),
    visibility: z.enum(SPACE_VISIBILITIES),
  })
  .meta({ id: "SpaceCard" });

export interface SpaceCard {
  id: SpaceId;
  slug: string;
  name: string;
  /** The posts of a private space, and its name, are for its members. */
  visibility: (typeof SPACE_VISIBILITIES)[number];
}

/** What is behind a link, as its own page says. The picture is a copy of ours. */
export const zLinkCard = z
  .object({
    url: z.string(),
    title: z.string(),
    description: z.string().nullable(),
    /** The name of the site, or its host. */
    site: z.string(),
    image: z.object({ url: z.string(), width: z.int(), height: z.int() }).nullable(),
  })
  .meta({ id: "LinkCard" });
export type LinkCard = z.output<typeof zLinkCard>;
