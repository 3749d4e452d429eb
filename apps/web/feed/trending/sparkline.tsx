/** When people came, as a small line; what it says is in words beside it. */
export function Sparkline({ values, className = "h-8 w-24" }: { values: readonly number[]; className?: string }) {
  const points = pointsOf(values);
  return (
    <svg viewBox="0 0 100 32" preserveAspectRatio="none" aria-hidden="true" className={`text-accent-ink ${className}`}>
      <polygon points={`0,32 ${points} 100,32`} className="fill-accent-tint" />
      <polyline
        points={points}
        fill="none"
        stroke="currentColor"
        strokeWidth="2"
        strokeLinejoin="round"
        strokeLinecap="round"
        vectorEffect="non-scaling-stroke"
      />
    </svg>
  );
}

/** In a box of 100 × 32, the highest 2 below the top; flat on the ground where nobody came. */
export function pointsOf(values: readonly number[]): string {
  const most = Math.max(1, ...values);
  const step = 100 / Math.max(1, values.length - 1);
  return values.map((value, at) => `${round(at * step)},${round(30 - (value / most) * 28)}`).join(" ");
}

const round = (value: number) => Math.round(value * 10) / 10;
