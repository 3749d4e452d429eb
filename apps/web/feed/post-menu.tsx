import {
  Ban,
  CircleHelp,
  Ellipsis,
  Flag,
  FolderOpen,
  History,
  Link2,
  Link2Off,
  ListPlus,
  PencilLine,
  Scale,
  ScanText,
  TextQuote,
  Trash2,
  Unlink,
  VolumeX,
} from "lucide-react";
import { type ComponentType, lazy, Suspense, use, useState } from "react";

import type { Post } from "#systems/feed/contract.ts";
import type { Me } from "#systems/people/contract.ts";

import { useModerate } from "../moderation/use-moderate.ts";
import { IconButton } from "../parts/button.tsx";
import { LazyMenu } from "../parts/lazy-menu.tsx";
import type { MenuEntry } from "../parts/menu-entry.ts";
import { setBond } from "../people/follow.tsx";
import { queries } from "../shell/house.ts";
import { mayModerate } from "../shell/nav.tsx";
import { meQuery, useMe } from "../shell/session.ts";
import { say, sorry } from "../shell/toasts.ts";
import { MenuExtrasContext } from "./menu-extras.ts";
import { detach, hideLink } from "./post-deeds.ts";
import { mayQuote } from "./quoting.ts";
import { removePost } from "./reactions.ts";

const sheets = () => import("./post-sheets.ts");
const AltSheet = lazy(async () => ({ default: (await sheets()).AltSheet }));
const EditDialog = lazy(async () => ({ default: (await sheets()).EditDialog }));
const FolderSheet = lazy(() => import("./folders/folder-sheet.tsx"));
const HistoryDialog = lazy(async () => ({ default: (await sheets()).HistoryDialog }));
const QuotesSheet = lazy(async () => ({ default: (await sheets()).QuotesSheet }));
const SaveSheet = lazy(async () => ({ default: (await sheets()).SaveSheet }));
const ReportDialog = lazy(() => import("../moderation/report-dialog.tsx"));
const WhyDialog = lazy(async () => ({ default: (await sheets()).WhyDialog }));

export async function copyLink(path: string) {
  await navigator.clipboard.writeText(new URL(path, location.origin).href);
  say("Link copied.");
}

const isMine = (person_id: string | undefined) =>
  person_id !== undefined && queries.getQueryData<Me | null>(meQuery.queryKey)?.id === person_id;

export function PostMenu({ post, Card }: { post: Post; Card: ComponentType<{ post: Post }> }) {
  const [open, setOpen] = useState<"edit" | "history" | "why" | "save" | "alt" | "quotes" | "folder" | "report" | null>(
    null,
  );
  const close = () => setOpen(null);
  const me = useMe();
  const moderate = useModerate();
  const extras = use(MenuExtrasContext);
  const { author } = post;
  const entries = (): MenuEntry[] => [
    { label: "Copy link", icon: <Link2 />, run: () => void copyLink(`/posts/${post.id}`).catch(sorry) },
    ...(post.video && post.viewer ? [{ label: "Save the video", icon: <ListPlus />, run: () => setOpen("save") }] : []),
    ...(post.viewer ? [{ label: "Keep in a folder", icon: <FolderOpen />, run: () => setOpen("folder") }] : []),
    extras
      ? { label: "Why am I seeing this?", icon: <CircleHelp />, run: () => extras.why(post) }
      : { label: "Why can I see this?", icon: <CircleHelp />, run: () => setOpen("why") },
    ...(extras?.entries(post) ?? []),
    ...(mayQuote(post) ? [{ label: "Quotes of it", icon: <TextQuote />, run: () => setOpen("quotes") }] : []),
    ...(isMine(post.quote?.post?.author.id)
      ? [{ label: "Take my post out of it", icon: <Unlink />, run: () => void detach(post).catch(sorry) }]
      : []),
    ...(post.edited_at ? [{ label: "Earlier versions", icon: <History />, run: () => setOpen("history") }] : []),
    ...(post.viewer?.own
      ? ([
          { label: "Edit", icon: <PencilLine />, run: () => setOpen("edit") },
          ...(post.images.length > 0
            ? [{ label: "Describe the pictures", icon: <ScanText />, run: () => setOpen("alt") }]
            : []),
          ...(post.link
            ? [{ label: "Take the link’s card away", icon: <Link2Off />, run: () => void hideLink(post).catch(sorry) }]
            : []),
          "line",
          { label: "Delete", icon: <Trash2 />, danger: true, run: () => void removePost(post).catch(sorry) },
        ] as MenuEntry[])
      : post.viewer
        ? ([
            "line",
            {
              label: `Mute @${author.handle}`,
              icon: <VolumeX />,
              run: () => setBond("you_mute", author.handle, author.display_name, true),
            },
            {
              label: `Block @${author.handle}`,
              icon: <Ban />,
              danger: true,
              run: () => setBond("you_block", author.handle, author.display_name, true),
            },
            { label: "Report", icon: <Flag />, danger: true, run: () => setOpen("report") },
            ...(mayModerate(me)
              ? [{ label: "Moderate", icon: <Scale />, run: () => moderate({ kind: "post", id: post.id }) }]
              : []),
          ] as MenuEntry[])
        : []),
  ];
  return (
    <>
      <LazyMenu
        entries={entries}
        trigger={
          <IconButton label="More" className="-mt-1 -mr-2.5 text-ink-3">
            <Ellipsis className="size-5" />
          </IconButton>
        }
      />
      <Suspense fallback={null}>
        {open === "alt" && <AltSheet post={post} close={close} />}
        {open === "quotes" && <QuotesSheet post={post} Card={Card} close={close} />}
        {open === "edit" && <EditDialog post={post} close={close} />}
        {open === "history" && <HistoryDialog post={post} close={close} />}
        {open === "save" && post.video && <SaveSheet video_id={post.video.id} close={close} />}
        {open === "folder" && <FolderSheet post={post} close={close} />}
        {open === "report" && <ReportDialog subject={{ kind: "post", id: post.id }} of={author.handle} close={close} />}
        {open === "why" && <WhyDialog post={post} close={close} />}
      </Suspense>
    </>
  );
}
