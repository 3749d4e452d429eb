import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { CloudDownload, FileVideo, Pause, Play, RotateCcw, X } from "lucide-react";
import { type ReactNode, useEffect, useRef } from "react";

import { abortUpload, listUploads, VIDEO_TYPES } from "#systems/media/contract.ts";

import { Button, buttonClass, IconButton } from "../../parts/button.tsx";
import { bytesOf, leftOf } from "../../parts/numbers.ts";
import { ask, call, queries } from "../../shell/house.ts";
import { sorry } from "../../shell/toasts.ts";
import { Progress } from "./progress.tsx";
import {
  filmsChanged,
  giveUpFile,
  pauseFile,
  repickFile,
  restoreUploads,
  resumeFile,
  type StudioUpload,
  useStudioUploads,
} from "./uploads.ts";

const IMPORTS_EVERY_MS = 1_200;
export const openUploads = ask(listUploads, { query: { limit: 50 } });

/** What is on its way: files of this browser, and what the house fetches from addresses. */
export function UploadRows() {
  const files = useStudioUploads();
  useEffect(() => void restoreUploads(), []);
  const imports = useImports();
  if (files.length + imports.length === 0) return null;
  return (
    <section aria-label="On their way" className="mb-3 overflow-hidden rounded-2xl border border-line bg-surface">
      <ul className="divide-y divide-line">
        {files.map((file) => (
          <FileRow key={file.key} file={file} />
        ))}
        {imports.map((upload) => (
          <Row
            key={upload.id}
            icon={<CloudDownload className="size-5" />}
            name={upload.filename}
            share={upload.size_bytes > 0 ? upload.received_bytes / upload.size_bytes : 0}
            running={upload.status === "importing"}
            note={
              upload.failure?.detail ??
              `Fetched from ${hostOf(upload.source_url)}: ${bytesOf(upload.received_bytes)}${
                upload.size_bytes > 0 ? ` of ${bytesOf(upload.size_bytes)}` : ""
              }`
            }
            bad={upload.failure !== undefined}
          >
            <IconButton
              label={`Give up ${upload.filename}`}
              onClick={() =>
                void call(abortUpload, { params: { upload_id: upload.id } })
                  .then(filmsOrImports)
                  .catch(sorry)
              }
            >
              <X className="size-5" />
            </IconButton>
          </Row>
        ))}
      </ul>
    </section>
  );
}

const filmsOrImports = async () => {
  await importsChanged();
  await filmsChanged();
};

/** Read every second while something is fetched; when one has become a film, the films are read anew. */
function useImports() {
  const asked = useQuery({
    ...openUploads,
    staleTime: 2_000,
    refetchInterval: (query) =>
      query.state.data?.items.some((upload) => upload.status === "importing") ? IMPORTS_EVERY_MS : false,
  });
  const items = asked.data?.items.filter((upload) => upload.door === "import") ?? [];
  const running = items.filter((upload) => upload.status === "importing").length;
  const before = useRef(running);
  useEffect(() => {
    if (running < before.current) void filmsChanged();
    before.current = running;
  }, [running]);
  return items;
}

const hostOf = (url: string | null) => (url !== null && URL.canParse(url) ? new URL(url).hostname : "an address");

export const importsChanged = () => queries.invalidateQueries({ queryKey: openUploads.queryKey });

/** One file of this browser, wherever it is shown: in the list, or beside the film that it replaces. */
export function FileRow({ file }: { file: StudioUpload }) {
  const { upload, stage } = file;
  const paused = upload.state === "paused";
  const pick = useRef<HTMLInputElement>(null);
  return (
    <Row
      icon={<FileVideo className="size-5" />}
      name={file.name}
      share={upload.sent_bytes / Math.max(1, file.size_bytes)}
      running={stage === "uploading" || stage === "making"}
      bad={stage === "failed"}
      note={noteOf(file)}
    >
      {file.video_id !== null && (
        <Link to="/studio/$id" params={{ id: file.video_id }} className={buttonClass("outline", "sm")}>
          Edit it
        </Link>
      )}
      {stage === "uploading" && (
        <IconButton
          label={paused ? `Go on with ${file.name}` : `Pause ${file.name}`}
          onClick={() => (paused ? resumeFile(file.key) : pauseFile(file.key))}
        >
          {paused ? <Play className="size-5" /> : <Pause className="size-5" />}
        </IconButton>
      )}
      {stage === "failed" && (
        <Button look="outline" size="sm" onClick={() => resumeFile(file.key)}>
          <RotateCcw className="size-4" /> Try again
        </Button>
      )}
      {stage === "needs_file" && (
        <>
          <Button look="outline" size="sm" onClick={() => pick.current?.click()}>
            Pick it again
          </Button>
          <input
            ref={pick}
            type="file"
            hidden
            accept={VIDEO_TYPES.join(",")}
            onChange={({ currentTarget: { files } }) => {
              const [again] = Array.from(files ?? []);
              if (again)
                void repickFile(file.key, again).then(
                  (same) => !same && sorry(`That is another file than ${file.name}.`),
                  sorry,
                );
            }}
          />
        </>
      )}
      <IconButton label={`Give up ${file.name}`} onClick={() => giveUpFile(file.key)}>
        <X className="size-5" />
      </IconButton>
    </Row>
  );
}

export function noteOf({ stage, problem, upload, size_bytes }: StudioUpload): string {
  if (stage === "queued") return `${bytesOf(size_bytes)} · waits for the others`;
  if (stage === "making") return "All there. The house takes it over…";
  if (stage === "failed") return problem ?? "This did not work.";
  if (stage === "needs_file") return "The browser let go of the file at the reload. What was sent is kept.";
  const sent = `${bytesOf(upload.sent_bytes)} of ${bytesOf(size_bytes)}`;
  if (upload.state === "paused") return `${sent} · paused`;
  return upload.left_ms === null ? sent : `${sent} · ${leftOf(upload.left_ms)}`;
}

function Row({
  icon,
  name,
  share,
  running,
  note,
  bad,
  children,
}: {
  icon: ReactNode;
  name: string;
  share: number;
  running: boolean;
  note: string;
  bad: boolean;
  children: ReactNode;
}) {
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-1 px-4 py-3">
      <span className="grid size-10 shrink-0 place-items-center rounded-xl bg-sunken text-ink-2">{icon}</span>
      <div className="min-w-0 flex-1">
        <p className="truncate text-sm font-semibold">{name}</p>
        {running && <Progress share={share} label={`${name} on its way`} className="my-1.5" />}
        <p role={bad ? "alert" : undefined} className={bad ? "text-xs font-medium text-bad" : "text-xs text-ink-3"}>
          {note}
        </p>
      </div>
      <div className="flex items-center gap-1">{children}</div>
    </li>
  );
}
