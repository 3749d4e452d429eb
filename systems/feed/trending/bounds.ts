/** Trending's bounds; units last. */

/** Subjects that a list of the whole house watches. An estimate is never off by more than all weight / this. */
export const OVERALL_SUBJECTS_MAX = 1_024;
/** The same for one space. */
export const SPACE_SUBJECTS_MAX = 64;
/** Spaces with lists of their own; the one that was silent longest is forgotten first. */
export const SPACES_WATCHED_MAX = 200;
/** Registers of a subject's people: one byte each, and a deviation of 0.87 / √256 = 5.4 % where there are many. Up to a quarter of that is exact. */
export const OVERALL_REGISTERS = 256;
/** 7.7 %; exact up to 32 people. */
export const SPACE_REGISTERS = 128;
export const BUCKETS = 24;
/** The newest posts, each by somebody else, by which a hashtag or a link is shown or not. */
export const WITNESSES_MAX = 5;
/** Posts of one subject of which it is known what each gave it: the heaviest. */
export const PARTS_MAX = 8;
/** Acts of one person that count in one hour; the rest is noise of one. */
export const ACTS_PER_PERSON_MAX = 60;
export const ACTORS_REMEMBERED_MAX = 50_000;
/** Fewer are no trend. */
export const PEOPLE_MIN = 2;
/** Below this weight, of people as of now, nothing trends any more. */
export const SCORE_MIN = 0.01;
/** A person counts fully after this; who came today counts a tenth. */
export const FULL_WEIGHT_AGE_MS = 7 * 86_400_000;
export const NEW_WEIGHT = 0.1;
export const POSTS_PER_AUTHOR_MAX = 2;
export const LINKS_PER_POST_MAX = 5;
export const LINK_SUBJECT_CHARS_MAX = 512;
/** Facts of posts that were just acted on: about 300 bytes each. */
export const FACTS_CACHED_MAX = 20_000;
export const ITEMS_DEFAULT = 10;
export const ITEMS_MAX = 50;
/** Subjects looked at for one answer: what the rules drop is made up for from these. */
export const CANDIDATES_MAX = 150;
/** A state older than this has decayed to nothing. */
export const REMEMBERED_MS_MAX = 4 * 86_400_000;
/** How often one node writes its state down; what came after is read from the log again. */
export const KEEP_EVERY_MS = 5 * 60_000;
export const STATE_BYTES_MAX = 16 * 1024 * 1024;
export const WHY_CHARS_MAX = 500;

/** Acts of so long are counted together: what trends may be this much older, and each look costs two queries. */
export const PACE_MS = 250;
