import { DAY_MS, MINUTE_MS } from "#kernel/time.ts";

/** Every bound of the system, unit last. What happens at each is a rule in SPEC.md with a test. */

/** Programs register themselves, so who registers is nobody that we know: names are short, and an unused one goes. */
export const APP_NAME_CHARS_MAX = 60;
export const APP_WEBSITE_CHARS_MAX = 2_000;
export const REDIRECT_URIS_MAX = 10;
export const REDIRECT_URI_CHARS_MAX = 2_000;
/** When there are so many, those that nobody let in make room, the oldest first; when all are in use, further ones are told to come back. */
export const APPS_MAX = 20_000;
/** So long one stays all the same: its person is reading what it asks for. */
export const APP_UNUSED_MS_MIN = 10 * MINUTE_MS;
/** Room that is made at once. */
export const APPS_ROOM = 1_000;
/** One that nobody ever let in. Phones register and sign in within minutes. */
export const APP_UNUSED_MS_MAX = DAY_MS;
/** One whose people all left. */
export const APP_IDLE_MS_MAX = 180 * DAY_MS;
/** By address: ten at once, then one in two minutes. */
export const REGISTER_LIMIT = { name: "register-app", burst_tokens: 10, tokens_per_s: 1 / 120 };

export const CODE_MS_MAX = 10 * MINUTE_MS;
export const STATE_CHARS_MAX = 1_000;
export const VERIFIER_CHARS_MAX = 128;
/** Of one program and person; the one that was given first gives way. */
export const TOKENS_PER_APP_MAX = 5;
/** A program's own, without a person. */
export const APP_TOKENS_MAX = 3;
export const APP_TOKEN_MS_MAX = 90 * DAY_MS;
export const GRANTS_CACHED_MAX = 20_000;
export const GRANT_CACHED_MS = 30_000;

/** A call with its text; files stream past it. */
export const BODY_BYTES_MAX = 256 * 1024;
export const FIELDS_MAX = 200;
export const PARTS_MAX = 40;
export const CALL_MS_MAX = 10_000;
/** A file that comes through a form: as long as its bytes keep coming, and no longer than this. */
export const UPLOAD_MS_MAX = 60 * MINUTE_MS;

export const PAGE_STATUSES_DEFAULT = 20;
export const PAGE_STATUSES_MAX = 40;
export const PAGE_ACCOUNTS_DEFAULT = 40;
export const PAGE_ACCOUNTS_MAX = 80;
export const RELATIONSHIPS_MAX = 80;
export const CONTEXT_STATUSES_MAX = 500;
export const SEARCH_CHARS_MAX = 500;
export const SEARCH_RESULTS_MAX = 40;

export const FILTERS_MAX = 100;
export const FILTER_WORDS_MAX = 20;
export const FILTER_TITLE_CHARS_MAX = 200;

/** What accounts say beside their card: counts lag by moments anyway. */
export const PROFILE_CACHED_MS = 20_000;
export const PROFILES_CACHED_MAX = 20_000;

/** Streams of one person, of one address, and of this process. */
export const STREAMS_PER_PERSON_MAX = 20;
export const STREAMS_PER_ADDRESS_MAX = 100;
export const STREAMS_MAX = 10_000;
/** Of one connection. */
export const SUBSCRIPTIONS_MAX = 20;
export const SAID_PER_S_MAX = 10;
export const HEARTBEAT_MS = 15_000;
/** Waiting for a reader of server-sent events who does not read; then it is dropped. */
export const SSE_BUFFERED_BYTES_MAX = 1024 * 1024;
/** Viewers for whom one event is judged before others get a turn. */
export const JUDGED_AT_ONCE_MAX = 50;
/** Events that wait to be told; beyond, the oldest are dropped: who streams also reads, and finds them there. */
export const EVENTS_WAITING_MAX = 5_000;
