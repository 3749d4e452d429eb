/** The numbers of a chart as a table: for ears, for copying, and for who likes numbers. */
export function AsTable({
  caption,
  head,
  rows,
}: {
  caption: string;
  head: readonly string[];
  rows: readonly (readonly (string | number)[])[];
}) {
  return (
    <details className="mt-3 text-sm">
      <summary className="w-fit cursor-pointer rounded-lg py-1 text-xs font-semibold text-ink-3 hover:text-ink">
        As a table
      </summary>
      {/* What scrolls has to be reached by keys. */}
      <div
        className="mt-2 max-h-72 overflow-auto rounded-xl border border-line"
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        tabIndex={0}
        role="region"
        aria-label={caption}
      >
        <table className="w-full text-left tabular-nums">
          <caption className="sr-only">{caption}</caption>
          <thead className="sticky top-0 bg-sunken text-xs">
            <tr>
              {head.map((name) => (
                <th key={name} scope="col" className="px-3 py-1.5 font-semibold">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody className="divide-y divide-line">
            {rows.map(([first, ...rest]) => (
              <tr key={first}>
                <th scope="row" className="px-3 py-1.5 font-normal">
                  {first}
                </th>
                {rest.map((cell, at) => (
                  <td key={head[at + 1]} className="px-3 py-1.5">
                    {cell}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}
