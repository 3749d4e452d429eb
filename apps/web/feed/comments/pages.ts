import { listComments } from "#systems/feed/contract.ts";

import { askPages } from "../../shell/house.ts";

/** What is said to a post, or to one of its comments. */
export const pagesOf = (post_id: string, parent_id?: string) =>
  askPages(listComments, {
    params: { id: post_id },
    query: { order: "oldest", ...(parent_id === undefined ? {} : { parent_id }) },
  });
