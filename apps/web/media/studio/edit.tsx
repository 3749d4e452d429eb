import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { ExternalLink, Eye, Play, Trash2 } from "lucide-react";
import { lazy, Suspense, useState } from "react";

import type { Video } from "#systems/media/contract.ts";

import { copyLink } from "../../feed/post-menu.tsx";
import { Button, buttonClass } from "../../parts/button.tsx";
import { cx } from "../../parts/class.ts";
import { Empty, Failed } from "../../parts/empty.tsx";
import { plural } from "../../parts/numbers.ts";
import { Loading, Skeleton } from "../../parts/skeleton.tsx";
import { TabLinks } from "../../parts/tab-links.tsx";
import { clockOf, dayOf } from "../../parts/time.tsx";
import { useShortcuts } from "../../shell/keyboard.ts";
import { NeedMe } from "../../shell/need-me.tsx";
import { PageHeader } from "../../shell/page-header.tsx";
import { sorry } from "../../shell/toasts.ts";
import { useFilm } from "../film.ts";
import { AudienceMark } from "../library/audience.tsx";
import { seekBy, togglePlay } from "../player/acts.ts";
import { removeFilms } from "./bulk.ts";
import { DetailsTab } from "./details.tsx";
import { Progress } from "./progress.tsx";
import { STATE_WORDS, stateOf } from "./state.ts";
import { StudioPlayer } from "./studio-player.tsx";
import { useStudioUploads } from "./uploads.ts";

const PictureTab = lazy(() => import("./picture.tsx"));
const CaptionsTab = lazy(() => import("./captions.tsx"));
const CutTab = lazy(() => import("./cut.tsx"));
const FilmNumbers = lazy(() => import("./film-numbers.tsx"));
const Confirm = lazy(async () => ({ default: (await import("../../parts/dialog.tsx")).Confirm }));

const TABS = [
  { id: "details", label: "Details" },
  { id: "picture", label: "Picture" },
  { id: "captions", label: "Captions" },
  { id: "cut", label: "Cut" },
  { id: "numbers", label: "Numbers" },
] as const;

export interface TabProps {
  film: Video;
  video: HTMLVideoElement | null;
  refetch: () => void;
  /** Captions that are being written, over the film. */
  say: (words: readonly string[]) => void;
}

export function EditScreen() {
  const { id } = useParams({ from: "/studio/$id" });
  return <NeedMe>{() => <Asked key={id} id={id} />}</NeedMe>;
}

function Asked({ id }: { id: string }) {
  const film = useFilm(id);
  if (film.isPending) {
    return (
      <>
        <PageHeader title="Edit" back />
        <Loading what="the film" />
        <div className="gap-6 pt-4 lg:grid lg:grid-cols-[minmax(0,1fr)_24rem]">
          <Skeleton className="mx-4 h-80 sm:mx-0" />
          <Skeleton className="aspect-video max-lg:hidden" />
        </div>
      </>
    );
  }
  if (film.isError) {
    return (
      <>
        <PageHeader title="Edit" back />
        <Failed error={film.error} retry={() => void film.refetch()} title="This film is not here" />
      </>
    );
  }
  if (!film.data.may_edit) {
    return (
      <>
        <PageHeader title="Edit" back />
        <Empty title="This film is somebody else's">Only who made it changes it.</Empty>
      </>
    );
  }
  return <Edit film={film.data} refetch={() => void film.refetch()} />;
}

function Edit({ film, refetch }: { film: Video; refetch: () => void }) {
  const { tab: asked } = useSearch({ from: "/studio/$id" });
  const tab = TABS.find(({ id }) => id === asked)?.id ?? "details";
  const [video, setVideo] = useState<HTMLVideoElement | null>(null);
  const [words, setWords] = useState<readonly string[]>([]);
  useShortcuts([
    { keys: " ", label: "Play or pause", group: "Studio", run: () => video && togglePlay(video) },
    { keys: "ArrowLeft", label: "Five seconds back", group: "Studio", run: () => video && seekBy(video, -5) },
    { keys: "ArrowRight", label: "Five seconds on", group: "Studio", run: () => video && seekBy(video, 5) },
  ]);
  const props: TabProps = { film, video, refetch, say: setWords };
  // While something is done to the film itself it stays in sight on a phone, too.
  const stays = tab === "captions" || tab === "cut" || tab === "picture";
  return (
    <div className="pb-24">
      <PageHeader
        title={film.title}
        documentTitle={`Edit: ${film.title}`}
        detail={<Link to="/studio">Studio</Link>}
        back
      >
        <Link to="/watch/$id" params={{ id: film.id }} className={buttonClass("quiet", "sm", "-mr-2 px-3")}>
          <ExternalLink className="size-4.5" aria-hidden="true" /> <span className="max-sm:sr-only">Watch</span>
        </Link>
      </PageHeader>
      <TabLinks
        label="Parts of the film"
        tabs={TABS.map(({ id, label }) => ({
          to: "/studio/$id",
          params: { id: film.id },
          ...(id === "details" ? {} : { search: { tab: id } }),
          label,
          on: id === tab,
        }))}
      />
      <div className={cx("gap-6 lg:grid", tab === "numbers" ? "" : "lg:grid-cols-[minmax(0,1fr)_23rem]")}>
        {tab !== "numbers" && (
          <div className={cx("min-w-0 max-lg:mb-4 lg:order-2", stays ? "max-lg:sticky max-lg:top-14 max-lg:z-10" : "")}>
            <div className="lg:sticky lg:top-18">
              <Shown film={film} video={video} setVideo={setVideo} words={words} refetch={refetch} />
              <div className={stays ? "max-lg:hidden" : ""}>
                <About film={film} />
              </div>
            </div>
          </div>
        )}
        <div className="min-w-0 px-4 sm:px-0">
          <Suspense fallback={<Skeleton className="h-80" />}>
            {tab === "details" && <DetailsTab {...props} />}
            {tab === "picture" && <PictureTab {...props} />}
            {tab === "captions" && <CaptionsTab {...props} />}
            {tab === "cut" && <CutTab {...props} />}
            {tab === "numbers" && <FilmNumbers film={film} />}
          </Suspense>
        </div>
      </div>
    </div>
  );
}

function Shown({
  film,
  video,
  setVideo,
  words,
  refetch,
}: {
  film: Video;
  video: HTMLVideoElement | null;
  setVideo: (video: HTMLVideoElement | null) => void;
  words: readonly string[];
  refetch: () => void;
}) {
  if (film.hls_url !== null)
    return <StudioPlayer film={film} video={video} setVideo={setVideo} words={words} lost={refetch} />;
  return (
    <div className="grid aspect-video place-items-center bg-sunken p-6 text-center sm:rounded-2xl">
      <p className="text-sm text-ink-2">
        {film.status === "failed"
          ? (film.failure?.detail ?? "This film could not be made.")
          : "It shows here as soon as the house has looked at it."}
      </p>
    </div>
  );
}

/** What stands of the film, and who sees it and why. */
function About({ film }: { film: Video }) {
  const state = stateOf(film);
  const { label, className } = STATE_WORDS[state];
  const file = useStudioUploads().find((one) => one.video_id === film.id);
  const sent = file && state === "uploading" ? file.upload.sent_bytes / Math.max(1, file.size_bytes) : null;
  const [removing, setRemoving] = useState(false);
  const navigate = useNavigate();
  return (
    <div className="px-4 pt-3 sm:px-1">
      {state !== "ready" && state !== "failed" && (
        <div className="mb-3" role="status">
          <p className="flex items-center gap-2 text-xs">
            <span className={cx("rounded-full px-2 py-0.5 font-semibold", className)}>{label}</span>
            {Math.round((sent ?? film.progress) * 100)} %
          </p>
          <Progress share={sent ?? film.progress} label={label} className="mt-1.5" />
        </div>
      )}
      <p className="flex flex-wrap items-center gap-x-3 gap-y-1 text-sm text-ink-2">
        <span className="inline-flex items-center gap-1.5">
          <Eye className="size-4 text-ink-3" aria-hidden="true" /> {plural(film.view_count, "view")}
        </span>
        {film.duration_ms !== null && (
          <span className="inline-flex items-center gap-1.5">
            <Play className="size-4 text-ink-3" aria-hidden="true" /> {clockOf(film.duration_ms)}
          </span>
        )}
        <span>{dayOf(film.created_at)}</span>
      </p>
      <p className="mt-2 text-sm font-semibold">
        <AudienceMark audience={film.audience} words />
      </p>
      <p className="text-sm text-ink-2">{whyOf(film)}</p>
      <div className="mt-3 flex flex-wrap gap-2">
        <Button look="outline" size="sm" onClick={() => void copyLink(`/watch/${film.id}`).catch(sorry)}>
          Copy link
        </Button>
        <Button look="danger" size="sm" onClick={() => setRemoving(true)}>
          <Trash2 className="size-4" aria-hidden="true" /> Delete
        </Button>
      </div>
      <Suspense fallback={null}>
        {removing && (
          <Confirm
            open
            onOpenChange={setRemoving}
            title={`Delete “${film.title}”?`}
            action="Delete"
            onConfirm={() => {
              setRemoving(false);
              void removeFilms([film]).then(() => navigate({ to: "/studio" }));
            }}
          >
            The file, all that was made of it, its captions and its numbers go. This cannot be undone.
          </Confirm>
        )}
      </Suspense>
    </div>
  );
}

function whyOf({ audience, embedding }: Video): string {
  if (audience === "private") return "It is yours, and you show it to nobody.";
  if (audience === "followers") return "Those who follow you see it, and nobody whom you block.";
  if (audience === "space") return "The members of its space see it, as long as they are in it.";
  return embedding === "anywhere"
    ? "You show it to all, also to who is not signed in, and on other sites."
    : "You show it to all, also to who is not signed in, on the pages of this house only.";
}
