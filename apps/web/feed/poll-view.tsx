import { getPost, type Poll, type Post, votePoll } from "#systems/feed/contract.ts";

import { Refusal } from "../client.ts";
import { call, queries } from "../shell/house.ts";
import { useOverlaid } from "../shell/overlay.ts";
import { sorry } from "../shell/toasts.ts";
import { PollBox } from "./poll-box.tsx";
import { polls } from "./poll-votes.ts";

/** The poll of a post. */
export function PollView({ post, told }: { post: { id: string; viewer?: Post["viewer"] }; told: Poll }) {
  const done = useOverlaid<{ poll?: Poll }>(polls, post.id, {}).poll;
  // One's own vote is only in what answered it; what came later knows more voters.
  const isNewer = done?.edition === told.edition && (told.chosen === null || (told.voters ?? 0) <= (done.voters ?? 0));
  const poll = done && isNewer ? done : told;
  return (
    <PollBox
      poll={poll}
      may={post.viewer !== null && post.viewer?.own === false}
      cast={async (choices) => {
        try {
          const next = await call(votePoll, { params: { id: post.id }, body: { choices, edition: poll.edition } });
          polls.patch(post.id, { poll: next });
        } catch (error) {
          sorry(error);
          if (error instanceof Refusal)
            void queries.invalidateQueries({ queryKey: ["/v1/posts/{id}", { id: post.id }] });
        }
      }}
      again={(signal) => {
        call(getPost, { params: { id: post.id }, signal })
          .then(({ poll: last }) => last && polls.patch(post.id, { poll: last }))
          .catch(() => undefined);
      }}
    />
  );
}
