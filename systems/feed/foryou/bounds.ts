import { DAY_MS, MINUTE_MS } from "#kernel/time.ts";

/** Bounds of For you; units last. */

/** Places of a list made ahead. Two hundred are ten pages: who has read them all gets a new list. */
export const QUEUE_POSTS_MAX = 200;
/** Lists kept of one person, so that who is paging finds the one that they began. */
export const QUEUES_PER_PERSON_MAX = 8;
/** A list older than this is made anew on arrival. */
export const QUEUE_FRESH_MS = 30 * MINUTE_MS;
/** A list older than this is not shown at all. */
export const QUEUE_AGE_MS_MAX = DAY_MS;
/** With fewer unseen places left than this, the next list is made in the background. */
export const QUEUE_LOW_POSTS = 40;
/** Time to make a list while somebody waits; then they get an older one, or the latest. */
export const COMPUTE_MS_MAX = 400;
/** Lists being made at once for who waits, on one node. */
export const COMPUTES_MAX = 8;
/** Who looked within this has a list ready on arrival. */
export const ACTIVE_MS = 7 * DAY_MS;
/** Who looked within this has it renewed also when they do nothing. */
export const RENEWED_MS = DAY_MS;
/** What somebody does is in their next list after this; so eight lists are at least eight minutes of paging. */
export const REFRESH_DELAY_MS = 60_000;
/** A list that runs low is not made anew before this. */
export const RENEW_MS_MIN = 5 * MINUTE_MS;
export const KEEP_EVERY_MS = 15 * MINUTE_MS;
export const KEEP_PEOPLE_MAX = 500;
/** That somebody looked is written down at most this often. */
export const ASKED_EVERY_MS = 5 * MINUTE_MS;

/** Candidates by source. */
export const NETWORK_ENTRIES_MAX = 300;
export const FRIENDS_ASKED_MAX = 300;
export const LIKES_PER_FRIEND_MAX = 10;
export const FRIENDS_LIKED_POSTS_MAX = 150;
export const ALIKE_POSTS_MAX = 150;
export const SPACES_ASKED_MAX = 50;
export const POSTS_PER_SPACE_MAX = 40;
export const TRENDING_POSTS_MAX = 100;
export const BOARD_POSTS_PER_SPACE_MAX = 10;
export const NEWEST_POSTS_LOOKED_AT_MAX = 500;
export const NEW_VOICE_POSTS_MAX = 60;
export const LATEST_POSTS_MAX = 100;
/** Older posts are no candidates, whatever their source. */
export const CANDIDATE_AGE_MS_MAX = 14 * DAY_MS;
/** What the followed did longer ago says nothing here. */
export const FRIENDS_AGE_MS_MAX = 7 * DAY_MS;
/** An author with no more posts than this is a new voice. */
export const NEW_VOICE_AUTHOR_POSTS_MAX = 5;
/** The newest of home that are not brought again before all else. */
export const HOME_TOP_POSTS = 20;

/** What somebody did that speaks for their taste: the latest of each kind. */
export const ACTS_PER_KIND_MAX = 200;
/** The latest of these are looked up for what others liked with them. */
export const ACTS_LOOKED_UP_MAX = 50;
export const ACT_HALF_LIFE_MS = 30 * DAY_MS;

/** Co-visitation: a like is paired with so many latest of the same person. */
export const PAIRED_ACTS_MAX = 20;
/** Likes and reposts taken back that are remembered of one person, for as long as pairs count. */
export const TAKEN_BACK_PER_PERSON_MAX = 1_000;
export const NEIGHBOURS_PER_POST_MAX = 50;
export const PAIR_HALF_LIFE_MS = 14 * DAY_MS;
export const PAIR_AGE_MS_MAX = 90 * DAY_MS;
export const BATCH_EVENTS_MAX = 1_000;
/** Acts of one batch of the log that are learned from; under a storm the rest is left out, because a sample says the same. */
export const LEARNED_PER_BATCH_MAX = 100;
/** A film counts as watched from this part on. */
export const WATCHED_SHARE_MIN = 0.5;
export const WATCHED_FILMS_MAX = 50;

/** Wishes kept per person; the oldest go first. */
export const LESS_PER_PERSON_MAX = 1_000;

/** One place in ten is for what the scores would not have found. */
export const EXPLORE_EVERY_PLACES = 10;
/** Each further post of one author counts so much less. */
export const AUTHOR_TURN = 0.6;
export const POSTS_PER_AUTHOR_MAX = 10;

/** Training. */
export const TRAIN_DAYS_DEFAULT = 90;
export const TRAIN_POSTS_MAX = 200_000;
export const TRAIN_ACTS_MAX = 300_000;
export const TRAIN_PEOPLE_MAX = 10_000;
export const TRAIN_EXAMPLES_MAX = 200_000;
export const NEGATIVES_PER_ACT = 4;
/** An event with fewer of them than this keeps the weights that it has. */
export const TRAIN_POSITIVES_MIN = 30;
export const CHECK_POSITIVES_MIN = 10;
export const MODELS_KEPT_MAX = 20;
