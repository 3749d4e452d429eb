/** The inbox's bounds; units last. */

/** Newest items kept of one person; older ones go with the daily trim. */
export const INBOX_ITEMS_MAX = 5_000;
export const ITEM_KEPT_MS = 180 * 24 * 3_600_000;
/** Names shown of a group; the rest are "and N others". */
export const GROUP_ACTORS_SHOWN_MAX = 3;
/** Newest items of a group that are looked at for somebody who may be shown. */
export const GROUP_ITEMS_LOOKED_MAX = 8;
/** Unread groups that are counted; beyond it the badge says "50+". */
export const UNREAD_COUNTED_MAX = 50;
/** Beginning of a post or comment in an inbox. */
export const EXCERPT_CHARS_MAX = 200;
/** Reads of one page before a thin one is handed out, whatever the rules drop. */
export const PAGE_READS_MAX = 4;
/** Told arrivals that one event of the log carries: about 50 bytes each. */
export const ARRIVALS_PER_EVENT_MAX = 200;
/** Rows that one transaction of a clearing job takes. */
export const CLEAR_ROWS_PER_PORTION_MAX = 500;
/** Longer than any request: what was under way when somebody left has ended. */
export const FORGET_DELAY_MS = 60_000;

/** Browsers of one person that take push; one more takes the place of the one that was made first. */
export const SUBSCRIPTIONS_MAX = 10;
/** From the arrival to the push: long enough to be read where it is seen live. */
export const PUSH_WAIT_MS = 8_000;
/** While a device of theirs is in use, it is looked again so often whether it was read. */
export const ACTIVE_LOOK_MS = 60_000;
/** What was not pushed within this is left to the inbox and the digest. */
export const PUSH_KEPT_MS = 12 * 3_600_000;
/** A group that was pushed is pushed again, when more comes to it, not sooner than this. */
export const PUSH_AGAIN_MS = 10 * 60_000;
/** How long a push service keeps what a device does not fetch. */
export const PUSH_TTL_S = 24 * 3_600;
export const PUSH_CLEAR_TTL_S = 12 * 3_600;
export const PUSH_MS_MAX = 15_000;
/** Groups of one person that are due at once are pushed one by one up to this; more are told of in one sentence. */
export const PUSHES_AT_ONCE_MAX = 4;
/** Words of a push: what lies on a locked screen is not the whole post. */
export const PUSH_BODY_CHARS_MAX = 160;
export const PUSH_TRIES_MAX = 6;
export const PUSH_BACKOFF = { base_ms: 15_000, delay_ms_max: 30 * 60_000 };
/** A service's own wish (`Retry-After`) is followed up to this. */
export const PUSH_REST_MS_MAX = 6 * 3_600_000;
/** Refusals in a row after which a subscription is given up. */
export const SUBSCRIPTION_FAILURES_MAX = 20;
/** People whose pushes one claim takes. */
export const PUSH_PEOPLE_PER_CLAIM_MAX = 50;
/** Endpoints that one process talks to at once. */
export const PUSH_LINES_MAX = 16;
/** Longer than all sending of one claim; then somebody else may take it. */
export const CLAIM_MS = 120_000;
/** How often the house looks by itself at what is due. */
export const LOOK_EVERY_MS = 15_000;
/** What was pushed is known for so long, to be taken away when it is read. */
export const PUSHED_KEPT_MS = 3 * 24 * 3_600_000;

/** Of the person's own clock: eight in the morning, on Mondays where it is once a week. */
export const DIGEST_AT_MIN = 8 * 60;
export const DIGEST_WEEKDAY = 1;
export const DIGESTS_PER_CLAIM_MAX = 20;
/** Jobs that send digests at once, on all nodes. */
export const DIGEST_HANDS_MAX = 4;
/** With the waits below, about a day: a mail server that is away over night loses nobody a letter. */
export const DIGEST_TRIES_MAX = 48;
export const DIGEST_BACKOFF = { base_ms: 30_000, delay_ms_max: 3_600_000 };
/** A letter that was not sent because the server answers nobody waits a tenth of its age without a try, for a day; then refusals count. */
export const DIGEST_PUT_OFF_SHARE = 0.1;
export const DIGEST_PUT_OFF_MS_MAX = 24 * 3_600_000;
/** Groups that a letter names; the rest is counted. */
export const DIGEST_GROUPS_MAX = 20;
/** How long it is known that a digest was sent. */
export const DIGEST_KEPT_MS = 60 * 24 * 3_600_000;
/** A letter that asks whether an address is right. */
export const CONFIRM_LINK_MS = 48 * 3_600_000;
export const CONFIRM_AGAIN_MS = 2 * 60_000;

/** What other systems say of a thing, in an inbox. */
export const THINGS_ASKED_MAX = 400;
