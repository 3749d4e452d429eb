/** Words that would speak for the house, or that are paths of ours. Nobody signs up with one. */
const RESERVED = new Set(
  `me you all everyone everybody here nobody noone null undefined none anonymous
  admin admins administrator administrators root superuser sysadmin system sudo daemon owner staff team crew official
  moderator moderators mod mods support help helpdesk contact security abuse legal privacy terms postmaster webmaster hostmaster
  mailer_daemon noreply no_reply notify notification notifications folkhus house
  api app apps assets blobs static files media login logout signin signup sign_in sign_up signout register setup settings
  account accounts profile home feed feeds shorts watch post posts people person space spaces search explore tag tags
  upload uploads video videos image images invitation invitations invite session sessions token tokens metrics healthz readyz docs
  openapi json www mail ftp smtp imap deleted removed suspended verified`.split(/\s+/),
);

/** Paths below `/v1/people/`: no one may ever have these, not even the first admin. */
const PATH_WORDS = new Set(["me"]);

/** Marks the rows of deleted people, whose real handle is retired. */
export const GONE_PREFIX = "gone_";

/** What a tired eye reads: digits as the letters that they resemble, underscores gone. */
const asRead = (handle: string) =>
  handle
    .replaceAll("_", "")
    .replaceAll("0", "o")
    .replaceAll(/[1i]/g, "l")
    .replaceAll("3", "e")
    .replaceAll("5", "s")
    .replaceAll("rn", "m")
    .replaceAll("vv", "w");

const RESERVED_AS_READ = new Set([...RESERVED].map(asRead));

export const isPathWord = (handle: string): boolean => PATH_WORDS.has(handle) || handle.startsWith(GONE_PREFIX);

/** True for the words above and for what only looks like one (`adm1n`, `supp0rt_`). */
export const isReserved = (handle: string): boolean => isPathWord(handle) || RESERVED_AS_READ.has(asRead(handle));
