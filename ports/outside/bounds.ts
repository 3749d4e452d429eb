export const URL_CHARS_MAX = 2_048;
export const REDIRECTS_MAX = 5;
/** From the first byte sent to the answer's head, for each hop. */
export const HEAD_MS_MAX = 15_000;
/** A body from which nothing comes for so long is cut. */
export const STALL_MS_MAX = 30_000;
/** Addresses of one name that are tried. */
export const ADDRESSES_TRIED_MAX = 4;
/** Requests to one host, from the first byte sent to the answer's head, and those that wait for a place. */
export const HOST_AT_ONCE_MAX = 16;
export const HOST_WAITING_MAX = 256;
/** The same over all hosts, so that many slow ones take no more than this. */
export const OUTSIDE_AT_ONCE_MAX = 96;
export const OUTSIDE_WAITING_MAX = 512;
/** Hosts of which it is known whether they answer. */
export const HOSTS_KNOWN_MAX = 1_000;
/** How long a host that does not answer is left alone, twice as long each time. */
export const HOST_AWAY_MS_MIN = 2_000;
export const HOST_AWAY_MS_MAX = 60_000;
/** A name that is looked up, and how many at once: the system holds a thread for each, however long its name servers are silent. */
export const NAME_MS_MAX = 5_000;
export const NAMES_AT_ONCE_MAX = 8;
