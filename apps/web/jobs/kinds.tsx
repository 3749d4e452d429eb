import type { KindQueue } from "#systems/jobs/contract.ts";

import { cx } from "../parts/class.ts";
import { compact, plural } from "../parts/numbers.ts";
import { CLASS_WORDS, countsOf, isQuiet } from "./words.ts";

/** By their names, so that nothing changes places while it is read; kinds of which nothing is to be told are folded away. */
export function Kinds({ kinds }: { kinds: readonly KindQueue[] }) {
  const [quiet, busy] = [kinds.filter(isQuiet), kinds.filter((one) => !isQuiet(one))];
  return (
    <>
      {busy.length === 0 ? (
        <p className="text-sm text-ink-2">No kind of work had anything to do in the last hour.</p>
      ) : (
        <ul className="-my-2 divide-y divide-line">
          {busy.map((one) => (
            <Row key={`${one.kind} ${one.class}`} of={one} />
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

function Row({ of: one }: { of: KindQueue }) {
  const { kind, done, failed, dead } = one;
  return (
    <li className="flex items-start justify-between gap-4 py-2.5">
      <p className="min-w-0">
        <span className="block truncate font-mono text-sm font-semibold">{kind}</span>
        <span className="block text-xs text-ink-3">{CLASS_WORDS[one.class].label}</span>
      </p>
      <p className="shrink-0 text-right text-xs text-ink-3 tabular-nums">
        <span className="block text-sm text-ink-2">{countsOf(one)}</span>
        {done > 0 && <span>{compact(done)} done</span>}
        {failed > 0 && <Part after={done > 0} className="text-warn">{`${compact(failed)} failed`}</Part>}
        {dead > 0 && <Part after={done + failed > 0} className="text-bad">{`${compact(dead)} dead`}</Part>}
      </p>
    </li>
  );
}

const Part = ({ after, className, children }: { after: boolean; className: string; children: string }) => (
  <span className={cx("font-semibold", className)}>
    {after && " · "}
    {children}
  </span>
);
