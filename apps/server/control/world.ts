import { readlinkSync } from "node:fs";

/**
 * Where a process number and an address of this machine mean something: the same number is another process in a container, and
 * 127.0.0.1 is another machine. Two processes with the same word for it can speak of both; null where there are no containers.
 */
export function worldOfProcess(): string | null {
  try {
    return ["pid", "net"].map((space) => readlinkSync(`/proc/self/ns/${space}`)).join(" ");
  } catch {
    return null;
  }
}
