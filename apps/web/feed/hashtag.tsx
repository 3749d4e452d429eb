import { useParams } from "@tanstack/react-router";
import { EyeOff, Hash, Rss } from "lucide-react";

import { hashtagPosts } from "#systems/feed/contract.ts";

import { Button, IconButton } from "../parts/button.tsx";
import { Empty } from "../parts/empty.tsx";
import { openCompose } from "../shell/compose.ts";
import { PageHeader } from "../shell/page-header.tsx";
import { useMe } from "../shell/session.ts";
import { sorry } from "../shell/toasts.ts";
import { PostList } from "./post-list.tsx";
import { copyLink } from "./post-menu.tsx";
import { muteHashtag } from "./wishes/quick-mute.ts";

export function HashtagScreen() {
  const { tag } = useParams({ from: "/tags/$tag" });
  const me = useMe();
  return (
    <>
      <PageHeader title={`#${tag}`} detail="Newest first" back>
        {me && (
          <IconButton label={`Mute #${tag}`} onClick={() => void muteHashtag(tag)}>
            <EyeOff className="size-5" />
          </IconButton>
        )}
        <IconButton
          label="Copy RSS address"
          onClick={() => void copyLink(`/v1/hashtags/${encodeURIComponent(tag)}/posts.rss`).catch(sorry)}
        >
          <Rss className="size-5" />
        </IconButton>
      </PageHeader>
      <div className="pt-2 sm:pt-3">
        <PostList
          route={hashtagPosts}
          asked={{ params: { tag } }}
          empty={
            <Empty
              icon={<Hash />}
              title="Nobody used this yet"
              action={me && <Button onClick={() => openCompose({ text: `#${tag} ` })}>Begin with it</Button>}
            >
              Posts with #{tag} will stand here.
            </Empty>
          }
        />
      </div>
    </>
  );
}
