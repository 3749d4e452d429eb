/** How far something is, drawn and said. */
export function ProgressLine({ fraction, label }: { fraction: number; label: string }) {
  const percent = Math.round(Math.min(1, fraction) * 100);
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuenow={percent}
      aria-valuemin={0}
      aria-valuemax={100}
      className="mt-2 h-1.5 overflow-hidden rounded-full bg-sunken"
    >
      <div
        className="h-full rounded-full bg-accent transition-[width] duration-300"
        style={{ width: `${Math.max(3, percent)}%` }}
      />
    </div>
  );
}
