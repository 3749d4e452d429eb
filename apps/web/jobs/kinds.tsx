import type { KindQueue } from "#systems/jobs/contract.ts";

import { cx } from "../parts/class.ts";
import { compact, plural } from "../parts/numbers.ts";
import { RUNNING, type Sought } from "./sought.ts";
import { CLASS_WORDS, countsOf, isQuiet, waitOf } from "./words.ts";

/** By their names, so that nothing changes places while it is read; kinds of which nothing is to be told are folded away. */
export function Kinds({ kinds, seek }: { kinds: readonly KindQueue[]; seek: (sought: Sought) => void }) {
  const [quiet, busy] = [kinds.filter(isQuiet), kinds.filter((one) => !isQuiet(one))];
  return (
    <>
      {busy.length === 0 ? (
        <p className="text-sm text-ink-2">No kind of work had anything to do in the last hour.</p>
      ) : (
        <ul className="-my-2 divide-y divide-line">
          {busy.map((one) => (
            <Row key={`${one.kind} ${one.class}`} of={one} seek={seek} />
          ))}
        </ul>
      )}
      {quiet.length > 0 && (
        <details className="mt-4 text-sm">
          <summary className="w-fit cursor-pointer rounded-lg py-1 text-xs font-semibold text-ink-3 hover:text-ink">
            {plural(quiet.length, "quiet kind")}
          </summary>
          <p className="mt-1 font-mono text-xs leading-5.5 text-ink-3">{quiet.map(({ kind }) => kind).join(", ")}</p>
        </details>
      )}
    </>
  );
}

function Row({ of: one, seek }: { of: KindQueue; seek: (sought: Sought) => void }) {
  const { kind, queued, running, done, failed, dead, oldest_s } = one;
  const state = running > 0 ? "running" : queued > 0 ? "queued" : dead > 0 ? "dead" : "done";
  return (
    <li>
      <button
        type="button"
        onClick={() => seek({ ...RUNNING, state, kind, class: one.class })}
        className="flex w-full items-start justify-between gap-4 rounded-lg py-2.5 text-left hover:bg-sunken/60"
      >
        <span className="min-w-0">
          <span className="block truncate font-mono text-sm font-semibold">{kind}</span>
          <span className="block text-xs text-ink-3">
            {CLASS_WORDS[one.class].label}
            {queued > 0 && oldest_s >= 1 && `, the oldest for ${waitOf(oldest_s)}`}
          </span>
        </span>
        <span className="shrink-0 text-right text-xs text-ink-3 tabular-nums">
          <span className="block text-sm text-ink-2">{countsOf(one)}</span>
          {done > 0 && <span>{compact(done)} done</span>}
          {failed > 0 && <Part after={done > 0} className="text-warn">{`${compact(failed)} failed`}</Part>}
          {dead > 0 && <Part after={done + failed > 0} className="text-bad">{`${compact(dead)} dead`}</Part>}
        </span>
      </button>
    </li>
  );
}

const Part = ({ after, className, children }: { after: boolean; className: string; children: string }) => (
  <span className={cx("font-semibold", className)}>
    {after && " · "}
    {children}
  </span>
);
