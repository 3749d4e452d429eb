/** The house in one stroke; takes the colour of its text. */
export const HouseMark = ({ className }: { className?: string }) => (
  <svg viewBox="0 0 24 24" className={className} aria-hidden="true">
    <path
      fill="currentColor"
      fillRule="evenodd"
      d="M12 2.6 1.9 11.2l1.3 1.5.9-.7V21h15.8v-9l.9.7 1.300-1.500zM6.200 10.200 12 5.300l5.800 4.900v8.700h-3.600V13H9.800v5.900H6.200z"
    />
  </svg>
);

/** Mark and name, as on the lintel. */
export const HouseSign = ({ name }: { name: string }) => (
  <span className="flex items-center gap-2.5">
    <span className="grid size-9 shrink-0 place-items-center rounded-[0.7rem] bg-accent text-on-accent">
      <HouseMark className="size-5.5" />
    </span>
    <span className="truncate text-lg font-extrabold tracking-tight">{name}</span>
  </span>
);
