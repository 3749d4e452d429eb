import { CircleAlert, CircleCheck, FileVideo, Pause, Play, RotateCcw, X } from "lucide-react";
import { type ReactNode, useId, useRef, useState } from "react";

import { ALT_CHARS_MAX } from "#systems/media/contract.ts";

import { cx } from "../parts/class.ts";
import { bytesOf, leftOf } from "../parts/numbers.ts";
import { sorry } from "../shell/toasts.ts";
import { type Attachment, goOn, pauseUpload, removeAttachment, reopen, repick, setAlt } from "./attachments.ts";

/** The files of a draft: their picture, how far they are, and what one can do about it. */
export function AttachmentCards({ files }: { files: readonly Attachment[] }) {
  if (files.length === 0) return null;
  return (
    <ul className="mt-3 grid gap-2.5">
      {files.map((file) => (
        <Card key={file.key} file={file} />
      ))}
    </ul>
  );
}

function Card({ file }: { file: Attachment }) {
  const { upload, stage } = file;
  const percent = file.size_bytes === 0 ? 0 : Math.floor((upload.sent_bytes / file.size_bytes) * 100);
  const paused = upload.state === "paused" && stage === "uploading";
  return (
    <li className="rise flex gap-3 rounded-2xl border border-line bg-raised p-2.5">
      <Preview file={file} />
      <div className="min-w-0 flex-1">
        <div className="flex items-start gap-1">
          <div className="min-w-0 flex-1 pt-0.5">
            <p className="truncate text-sm font-semibold">{file.name}</p>
            <p
              role="status"
              className={cx("text-xs", stage === "failed" || stage === "needs_file" ? "text-bad" : "text-ink-3")}
            >
              {wordsFor(file, percent)}
            </p>
          </div>
          {stage === "uploading" &&
            (paused ? (
              <Act label={`Go on with ${file.name}`} onClick={() => goOn(file.key)} icon={<Play />} />
            ) : (
              <Act label={`Pause ${file.name}`} onClick={() => pauseUpload(file.key)} icon={<Pause />} />
            ))}
          {stage === "failed" && (
            <Act label={`Try ${file.name} again`} onClick={() => goOn(file.key)} icon={<RotateCcw />} />
          )}
          <Act label={`Take ${file.name} out`} onClick={() => removeAttachment(file.key)} icon={<X />} />
        </div>
        {(stage === "uploading" || stage === "making") && (
          <div
            role="progressbar"
            aria-label={`Upload of ${file.name}`}
            aria-valuemin={0}
            aria-valuemax={100}
            aria-valuenow={percent}
            className="mt-2 h-1.5 overflow-hidden rounded-full bg-sunken"
          >
            <div
              className={cx(
                "h-full rounded-full transition-[width] duration-200",
                paused ? "bg-line-strong" : "bg-accent-ink",
              )}
              style={{ width: `${percent}%` }}
            />
          </div>
        )}
        {stage === "needs_file" && <PickAgain file={file} />}
        {file.kind === "image" && stage !== "failed" && <AltField file={file} />}
      </div>
    </li>
  );
}

function wordsFor(file: Attachment, percent: number): ReactNode {
  const { upload, stage } = file;
  switch (stage) {
    case "ready":
      return (
        <span className="inline-flex items-center gap-1 text-good">
          <CircleCheck className="size-3.5" aria-hidden="true" /> There
          {file.size_bytes > 0 && `, ${bytesOf(file.size_bytes)}`}
        </span>
      );
    case "making":
      return "There; the house looks at it";
    case "failed":
      return file.problem ?? "This did not work.";
    case "needs_file":
      return `${percent > 0 ? "Partly sent. " : ""}The browser let go of the file at the reload.`;
    case "uploading":
      if (upload.state === "paused") return `Paused at ${percent} % of ${bytesOf(file.size_bytes)}`;
      if (upload.state === "waiting") return "Waiting";
      return `${percent} % of ${bytesOf(file.size_bytes)}${upload.left_ms === null || upload.left_ms < 2000 ? "" : `, ${leftOf(upload.left_ms)} left`}`;
  }
}

function Preview({ file }: { file: Attachment }) {
  return (
    <span className="relative grid size-18 shrink-0 place-items-center overflow-hidden rounded-xl bg-sunken text-ink-3">
      {file.preview_url === null ? (
        <FileVideo className="size-7" aria-hidden="true" />
      ) : file.kind === "image" || file.size_bytes === 0 ? (
        <img src={file.preview_url} alt="" className="size-full object-cover" />
      ) : (
        // A still of one's own file, not something to watch.
        <video
          src={`${file.preview_url}#t=0.1`}
          muted
          playsInline
          preload="metadata"
          aria-hidden="true"
          tabIndex={-1}
          className="size-full object-cover"
        />
      )}
    </span>
  );
}

const Act = ({ label, onClick, icon }: { label: string; onClick: () => void; icon: ReactNode }) => (
  <button
    type="button"
    aria-label={label}
    title={label}
    onClick={onClick}
    className="grid size-9 shrink-0 place-items-center rounded-full text-ink-3 hover:bg-sunken hover:text-ink [&_svg]:size-4.5"
  >
    {icon}
  </button>
);

function AltField({ file }: { file: Attachment }) {
  const id = useId();
  return (
    <>
      <label htmlFor={id} className="sr-only">
        What is on {file.name}, for those who do not see it
      </label>
      <input
        id={id}
        value={file.alt}
        maxLength={ALT_CHARS_MAX}
        onChange={(event) => setAlt(file.key, event.target.value)}
        placeholder="Describe the picture"
        aria-describedby={file.alt === "" ? `${id}-nudge` : undefined}
        className="mt-2 h-9 w-full rounded-lg bg-sunken px-3 text-sm outline-offset-0"
      />
      {file.alt === "" && (
        <p id={`${id}-nudge`} className="mt-1 text-xs text-ink-3">
          A few words let everybody take part, also those who do not see it.
        </p>
      )}
    </>
  );
}

/** The same file once more: asked of the browser, or picked by hand. */
function PickAgain({ file }: { file: Attachment }) {
  const input = useRef<HTMLInputElement>(null);
  const [other, setOther] = useState(false);
  return (
    <div className="mt-2 flex flex-wrap items-center gap-2">
      <button
        type="button"
        onClick={() => void reopen(file.key).then((again) => (again ? undefined : input.current?.click()), sorry)}
        className="inline-flex h-9 items-center gap-1.5 rounded-full bg-accent px-4 text-sm font-semibold text-on-accent"
      >
        Pick it again and go on
      </button>
      <input
        ref={input}
        type="file"
        tabIndex={-1}
        aria-hidden="true"
        className="hidden"
        onChange={({ target }) => {
          const picked = target.files?.[0];
          target.value = "";
          if (picked) void repick(file.key, picked).then((same) => setOther(!same));
        }}
      />
      {other && (
        <p role="alert" className="flex items-center gap-1 text-xs font-medium text-bad">
          <CircleAlert className="size-4" aria-hidden="true" /> That is another file. Pick {file.name}.
        </p>
      )}
    </div>
  );
}
