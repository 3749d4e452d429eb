export const SUBJECT_CHARS_MAX = 200;
/** Messages waiting for their handlers; above it the oldest is dropped, as a bus may. */
export const WAITING_MESSAGES_MAX = 10_000;

const SUBJECT = /^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*$/;

/** @throws RangeError for anything that is no subject; with `pattern`, one last segment may be `*` */
export function checkSubject(subject: string, pattern = false): string {
  const plain = pattern && subject.endsWith(".*") ? subject.slice(0, -2) : subject;
  if (subject.length > SUBJECT_CHARS_MAX || !SUBJECT.test(plain)) {
    throw new RangeError(`not a subject of the bus: ${JSON.stringify(subject.slice(0, 100))}`);
  }
  return subject;
}
