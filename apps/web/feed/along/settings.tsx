import { useQuery } from "@tanstack/react-query";
import { Download, PackageOpen, Trash2 } from "lucide-react";
import { useState } from "react";

import { type Export, movingRoutes as r } from "#systems/feed/contract.ts";

import { Button, buttonClass, IconButton } from "../../parts/button.tsx";
import { Failed } from "../../parts/empty.tsx";
import { bytesOf, plural } from "../../parts/numbers.ts";
import { RowSkeleton } from "../../parts/skeleton.tsx";
import { dayOf, wholeTime } from "../../parts/time.tsx";
import { Panel } from "../../people/sections.tsx";
import { ask, call, queries } from "../../shell/house.ts";
import { say, sorry } from "../../shell/toasts.ts";
import { ImportPanel } from "./import-panel.tsx";
import { ProgressLine } from "./progress-line.tsx";

const LOOK_MS = 1_500;
const exportsQuery = ask(r.listExports);
const refresh = () => queries.invalidateQueries({ queryKey: exportsQuery.queryKey });

export function AlongSettings() {
  return (
    <>
      <ExportPanel />
      <ImportPanel />
    </>
  );
}

function ExportPanel() {
  const exports = useQuery({
    ...exportsQuery,
    refetchInterval: ({ state }) => (state.data?.items.some((one) => one.state === "working") ? LOOK_MS : false),
  });
  const [busy, setBusy] = useState(false);
  const shown = exports.data?.items.filter((one) => one.state !== "gone").slice(0, 3) ?? [];
  const working = shown.some((one) => one.state === "working");
  const start = () => {
    setBusy(true);
    call(r.startExport)
      .then(refresh)
      .catch(sorry)
      .finally(() => setBusy(false));
  };
  return (
    <Panel
      title="Take your things along"
      intro="A zip of all that you wrote, with pictures and films, and of what you keep: likes, bookmarks, whom you follow, mute and block. Other houses like this one read it, and Mastodon reads its lists. You can fetch it for a day."
    >
      {exports.isPending ? (
        <RowSkeleton />
      ) : exports.isError ? (
        <Failed error={exports.error} retry={() => void exports.refetch()} />
      ) : (
        <>
          {shown.length > 0 && (
            <ul className="mb-5 divide-y divide-line border-y border-line">
              {shown.map((one) => (
                <ExportLine key={one.id} one={one} />
              ))}
            </ul>
          )}
          <Button busy={busy} disabled={working} look={shown.length > 0 ? "outline" : "primary"} onClick={start}>
            <PackageOpen className="size-4.5" aria-hidden="true" />
            {shown.some((one) => one.state === "ready") ? "Make a new archive" : "Make an archive"}
          </Button>
        </>
      )}
    </Panel>
  );
}

function ExportLine({ one }: { one: Export }) {
  const remove = () =>
    void call(r.deleteExport, { params: { id: one.id } })
      .then(async () => {
        await refresh();
        say(one.state === "working" ? "Stopped." : "The archive is deleted.");
      })
      .catch(sorry);
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-2 py-3.5">
      <div className="min-w-56 flex-1">
        <p className="text-sm leading-5 font-semibold">
          {one.state === "working" ? "Your archive is being made" : `Archive of ${dayOf(one.created_at)}`}
        </p>
        {one.state === "working" && <ProgressLine fraction={one.progress} label="How far the archive is" />}
        {one.state === "ready" && (
          <p className="text-xs text-ink-3">
            {plural(one.posts, "post")}, {plural(one.files, "file")}, {bytesOf(one.size_bytes ?? 0)}
            {one.left_out > 0 && `, ${plural(one.left_out, "thing")} left out`}
            {one.expires_at && ` · until ${wholeTime(one.expires_at)}`}
          </p>
        )}
        {one.state === "failed" && <p className="text-xs text-bad">It could not be made: {one.reason}</p>}
      </div>
      {one.url && (
        <a href={one.url} download className={buttonClass("primary", "sm")}>
          <Download className="size-4" aria-hidden="true" /> Download
        </a>
      )}
      {one.state !== "failed" && (
        <IconButton label={one.state === "working" ? "Stop making it" : "Delete this archive"} onClick={remove}>
          <Trash2 className="size-4.5" />
        </IconButton>
      )}
    </li>
  );
}
