export function runSide(side: { fill(): Promise<void>; empty(): Promise<void> }): Promise<void>;
