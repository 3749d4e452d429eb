import { Pills } from "../../../parts/pills.tsx";

const TIMES = [
  ["7", "7 days"],
  ["28", "28 days"],
  ["90", "90 days"],
  ["365", "A year"],
] as const;
type Days = (typeof TIMES)[number][0];

/** Over which time numbers are shown. */
export const DaysChoice = ({ days, choose }: { days: number; choose: (days: number) => void }) => (
  <Pills
    label="Time"
    className="mb-3"
    options={TIMES}
    value={String(days) as Days}
    choose={(chosen) => choose(Number(chosen))}
  />
);
