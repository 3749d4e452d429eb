import { z } from "zod";

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
