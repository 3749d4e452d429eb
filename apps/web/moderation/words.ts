import type { Act, ActKind, ModerationCase, SubjectKind } from "#systems/moderation/contract.ts";

/** Moderation in words, for moderators and for those whom it concerns. */

export const KIND_WORDS: Record<SubjectKind, string> = {
  post: "Post",
  comment: "Comment",
  person: "Person",
  video: "Film",
};

export const ACT_WORDS: Record<ActKind, { label: string; detail: string; done: string; told: string }> = {
  hide: {
    label: "Hide it",
    detail: "Out of sight for all but its author and moderators. It can come back.",
    done: "hid it",
    told: "was hidden",
  },
  sensitive: {
    label: "Mark as sensitive",
    detail: "Pictures are veiled, and your words stand before it.",
    done: "marked it as sensitive",
    told: "was marked as sensitive",
  },
  remove_from_space: {
    label: "Put it out of the space",
    detail: "What was public stays on their page; what was for the space becomes theirs alone.",
    done: "put it out of the space",
    told: "was put out of the space",
  },
  warn: {
    label: "Warn them",
    detail: "They read your words and say that they did. Nothing else happens.",
    done: "warned them",
    told: "led to a warning",
  },
  limit: {
    label: "Limit them",
    detail: "No longer chosen for anybody: discover, hashtags, trending. Followers still see them.",
    done: "limited them",
    told: "led to your being limited: only who follows you or looks for you sees your posts",
  },
  suspend: {
    label: "Suspend them",
    detail: "They read what is theirs, and nobody sees them.",
    done: "suspended them",
    told: "led to your suspension",
  },
};

/** Of a suspension; hours, null for no end. */
export const ENDS = [
  { hours: 24, label: "A day" },
  { hours: 72, label: "Three days" },
  { hours: 24 * 7, label: "A week" },
  { hours: 24 * 30, label: "A month" },
  { hours: null, label: "Without an end" },
] as const;

/** What happened, to the person whom it concerns: "Your post was hidden". */
export function toldOf(act: Pick<Act, "kind" | "subject">): string {
  const { kind } = act.subject;
  if (kind === "person") {
    if (act.kind === "warn") return "You were warned";
    return act.kind === "limit" ? "You are limited" : "You were suspended";
  }
  return `Your ${KIND_WORDS[kind].toLowerCase()} ${ACT_WORDS[act.kind].told}`;
}

/** "3 reports: No spam, No hatred" */
export function reportedAs(one: Pick<ModerationCase, "reports" | "rules">): string {
  if (one.reports === 0) return "Opened by a moderator";
  const count = one.reports === 1 ? "1 report" : `${one.reports} reports`;
  return one.rules.length === 0 ? count : `${count}: ${one.rules.map((rule) => rule.title).join(", ")}`;
}

/** A line of the log. What is not known here stands as it is. */
export function auditWords(what: string): string {
  const [area = "", deed = ""] = what.split(".");
  const known: Record<string, string> = {
    "case.no_breach": "closed a case: nothing to be done",
    "appeal.upheld": "let an act stand after an appeal",
    "appeal.overturned": "took an act back after an appeal",
    "people.role_changed": "gave an office",
    "people.office_offered": "made an invitation to an office",
    "people.reset_link_made": "made a link to a new password",
    "post.deleted": "deleted a post of somebody else",
    "comment.deleted": "deleted a comment of somebody else",
    "video.deleted": "deleted a film of somebody else",
    "house.changed": "changed the house's settings",
    "rules.added": "added a rule",
    "rules.changed": "changed a rule",
    "rules.retired": "retired a rule",
    "snapshots.erased": "took the words out of what was kept of old cases",
    "job.replayed": "put a job back into the queue",
    "job.replayed_all": "put the dead jobs of a kind back into the queue",
    "job.retried": "had a job begin at once",
    "job.cancelled": "cancelled a job",
    "job.replayed_many": "put many jobs back into the queue",
    "job.retried_many": "had many jobs begin at once",
    "job.cancelled_many": "cancelled many jobs",
    "job.run_now": "ran at once what runs by the clock",
    "shield.tightened": "tightened a shield",
    "shield.relaxed": "relaxed a shield",
    "shield.held": "holds a shield",
  };
  if (known[what]) return known[what];
  const act = ACT_WORDS[deed as ActKind];
  if (!act) return what;
  return area === "undo" ? `took back: ${act.done}` : act.done;
}

export const addressOf = (subject: { kind: SubjectKind; id: string }, handle: string | undefined): string | null => {
  switch (subject.kind) {
    case "post":
      return `/posts/${subject.id}`;
    case "video":
      return `/watch/${subject.id}`;
    case "person":
      return handle === undefined ? null : `/@${handle}`;
    default:
      return null;
  }
};
