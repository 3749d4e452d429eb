/** `kind:key`. The kind says whose rules hold. */
export type StreamName = string;

const STREAM = /^([a-z]{1,32}):([A-Za-z0-9_-]{1,64})$/;

/** @returns null for anything that is no name of a stream */
export function partsOf(stream: string): { kind: string; key: string } | null {
  const found = STREAM.exec(stream);
  return found ? { kind: found[1]!, key: found[2]! } : null;
}

/** The subject of a stream on the bus. */
export const subjectOf = (stream: StreamName): string => `realtime.${stream.replace(":", ".")}`;
