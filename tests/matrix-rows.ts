import type { Ask, Class, Fixture } from "./matrix.ts";

/**
 * Every route of the house: what it is, and how to call it. A route that is not here fails the matrix. Where a call cannot
 * succeed with what the fixture has, `past` names the problem codes that only somebody who was let in can get.
 */
export type Row = [kind: Class, ask: (f: Fixture) => Ask | Promise<Ask>, past?: string[]];

const none = (): Ask => ({});
const PASSWORD = "seven green kettles";
/** Well-formed answers of an authenticator that nobody asked anything. */
const CLIENT_DATA = btoa(
  JSON.stringify({ type: "webauthn.get", challenge: "bm9uZQ", origin: "http://localhost" }),
).replaceAll("=", "");
const REGISTRATION = {
  id: "YQ",
  rawId: "YQ",
  type: "public-key",
  response: { clientDataJSON: CLIENT_DATA, attestationObject: "YQ" },
};
const ASSERTION = {
  id: "YQ",
  rawId: "YQ",
  type: "public-key",
  response: { clientDataJSON: CLIENT_DATA, authenticatorData: "YQ", signature: "YQ" },
};
const id = async (make: () => Promise<string>): Promise<Ask> => ({ params: { id: await make() } });
/** Somebody who is only looked at, and somebody to whom things are done. */
const neighbour = (f: Fixture): Ask => ({ params: { handle: f.neighbour } });
const somebody = async (f: Fixture): Promise<Ask> => ({ params: { handle: (await f.person()).handle } });
const ofSpace = (f: Fixture): Ask => ({ params: { slug: f.space } });
const owned = (f: Fixture) => f.caller ?? f.owner;

const people: Record<string, Row> = {
  "GET /v1/house": ["open", none],
  "POST /v1/people": [
    "open",
    () => ({
      body: {
        handle: `n${crypto.randomUUID().replaceAll("-", "").slice(0, 20)}`,
        password: PASSWORD,
        display_name: "New",
      },
    }),
  ],
  "POST /v1/sessions": ["open", (f) => ({ body: { handle: f.neighbour, password: PASSWORD } })],
  "DELETE /v1/sessions/current": ["self", none],
  "GET /v1/sessions": ["self", none],
  "DELETE /v1/sessions/{id}": ["self", async (f) => ({ params: { id: await f.sessionOf(owned(f)) } })],
  "DELETE /v1/sessions": ["self", none],
  "GET /v1/people/me": ["self", none],
  "PATCH /v1/people/me": ["self", () => ({ body: { bio: "Hello" } })],
  "PUT /v1/people/me/password": ["self", () => ({ body: { current_password: PASSWORD, new_password: PASSWORD } })],
  "POST /v1/people/me/deletion": ["self", () => ({ body: { password: PASSWORD } })],
  "GET /v1/people/me/blocks": ["self", none],
  "GET /v1/people/me/mutes": ["self", none],
  "GET /v1/people/me/follow-requests": ["self", none],
  "PUT /v1/people/{handle}/follower": ["self", neighbour, ["people.not_asked"]],
  "DELETE /v1/people/{handle}/follower": ["self", neighbour],
  "GET /v1/people": ["self", () => ({ query: { q: "a" } })],
  "GET /v1/people/{handle}": ["open", neighbour],
  "GET /v1/people/{handle}/followers": ["open", neighbour],
  "GET /v1/people/{handle}/following": ["open", neighbour],
  "PUT /v1/people/{handle}/follow": ["self", neighbour],
  "DELETE /v1/people/{handle}/follow": ["self", neighbour],
  "PUT /v1/people/{handle}/block": ["self", neighbour],
  "DELETE /v1/people/{handle}/block": ["self", neighbour],
  "PUT /v1/people/{handle}/mute": ["self", neighbour],
  "DELETE /v1/people/{handle}/mute": ["self", neighbour],
  "POST /v1/tokens": ["self", () => ({ body: { name: "laptop", scopes: ["read"] } })],
  "GET /v1/tokens": ["self", none],
  "POST /v1/tokens/{id}/s3_credentials": [
    "self",
    async (f) => ({ params: { id: await f.tokenOf(owned(f)) } }),
    ["token.not_found"],
  ],
  "DELETE /v1/tokens/{id}": ["self", async (f) => ({ params: { id: await f.tokenOf(owned(f)) } }), ["token.not_found"]],
  "POST /v1/passkeys/registration": ["self", () => ({ body: { password: PASSWORD } })],
  "POST /v1/passkeys": [
    "self",
    () => ({ body: { name: "phone", response: REGISTRATION } }),
    ["people.passkey_invalid"],
  ],
  "GET /v1/passkeys": ["self", none],
  "DELETE /v1/passkeys/{id}": ["self", () => ({ params: { id: "1" } }), ["passkey.not_found"]],
  "POST /v1/sessions/passkey/challenge": ["open", none],
  "POST /v1/sessions/passkey": ["open", () => ({ body: { response: ASSERTION } }), ["people.passkey_invalid"]],
  "POST /v1/invitations": ["moderator", () => ({ body: {} })],
  "GET /v1/invitations": ["moderator", none],
  "DELETE /v1/invitations/{id}": ["moderator", async (f) => ({ params: { id: (await f.houseInvitation()).id } })],
  "POST /v1/invitations/lookup": ["open", async (f) => ({ body: { invitation: (await f.houseInvitation()).secret } })],
  "POST /v1/people/{handle}/reset-link": ["admin", neighbour],
  "POST /v1/password-resets": [
    "open",
    async (f) => ({ body: { secret: await f.resetLink(), new_password: "another green kettle" } }),
  ],
  "GET /v1/admin/people": ["moderator", none],
  "PUT /v1/people/{handle}/role": ["admin", (f) => ({ ...neighbour(f), body: { role: "member" } })],
  "PUT /v1/people/{handle}/suspension": [
    "moderator",
    async (f) => ({ ...(await somebody(f)), body: { reason: "noise" } }),
  ],
  "DELETE /v1/people/{handle}/suspension": ["moderator", neighbour],
  "GET /v1/admin/settings": ["admin", none],
  "PATCH /v1/admin/settings": ["admin", () => ({ body: { name: "A house" } })],
};

const spaces: Record<string, Row> = {
  "POST /v1/spaces": [
    "self",
    () => ({ body: { name: "New", slug: `s${crypto.randomUUID().replaceAll("-", "").slice(0, 16)}` } }),
  ],
  "GET /v1/spaces": ["open", none],
  "GET /v1/spaces/mine": ["self", none],
  "POST /v1/spaces/invitations/lookup": [
    "open",
    async (f) => ({ body: { invitation: (await f.spaceInvitation()).secret } }),
  ],
  "GET /v1/spaces/{slug}": ["members", ofSpace],
  "PATCH /v1/spaces/{slug}": ["owner", (f) => ({ ...ofSpace(f), body: { description: "For us" } })],
  "DELETE /v1/spaces/{slug}": ["owner", async (f) => ({ params: { slug: await f.freshSpace(f.owner) } })],
  "PUT /v1/spaces/{slug}/membership": ["members", (f) => ({ ...ofSpace(f), body: {} })],
  "DELETE /v1/spaces/{slug}/membership": [
    "self",
    (f) => ({ params: { slug: f.opened } }),
    ["spaces.not_a_member", "spaces.not_member"],
  ],
  "GET /v1/spaces/{slug}/members": ["members", ofSpace],
  "PUT /v1/spaces/{slug}/members/{handle}": [
    "owner",
    async (f) => ({ params: { slug: f.space, handle: await f.member() }, body: { role: "moderator" } }),
  ],
  "DELETE /v1/spaces/{slug}/members/{handle}": [
    "owner",
    async (f) => ({ params: { slug: f.space, handle: await f.member() } }),
  ],
  "GET /v1/spaces/{slug}/bans": ["owner", ofSpace],
  "PUT /v1/spaces/{slug}/bans/{handle}": [
    "owner",
    async (f) => ({ params: { slug: f.space, handle: await f.member() }, body: {} }),
  ],
  "DELETE /v1/spaces/{slug}/bans/{handle}": [
    "owner",
    async (f) => ({ params: { slug: f.space, handle: await f.member() } }),
  ],
  "POST /v1/spaces/{slug}/invitations": ["owner", (f) => ({ ...ofSpace(f), body: {} })],
  "GET /v1/spaces/{slug}/invitations": ["owner", ofSpace],
  "DELETE /v1/spaces/{slug}/invitations/{id}": [
    "owner",
    async (f) => ({ params: { slug: f.space, id: (await f.spaceInvitation()).id } }),
  ],
};

const ofCaptions = async (f: Fixture): Promise<Ask> => ({ params: { video_id: await f.video(), language: "sv" } });
const ofVideo = async (f: Fixture): Promise<Ask> => ({ params: { video_id: await f.video() } });
const ofSound = async (f: Fixture): Promise<Ask> => ({ params: { sound_id: await f.sound() } });
const ofImage = async (f: Fixture): Promise<Ask> => ({ params: { image_id: await f.image() } });
const ofUpload = async (f: Fixture): Promise<Ask> => ({ params: { upload_id: await f.upload(f.owner) } });

const ofCollection = async (f: Fixture): Promise<Ask> => ({ params: { collection_id: await f.collection() } });
const ofItem = async (f: Fixture): Promise<Ask> => ({
  params: { collection_id: await f.collection(), video_id: await f.video() },
});

const shelf: Record<string, Row> = {
  "POST /v1/collections": ["self", () => ({ body: { title: "Looms" } })],
  "GET /v1/collections": ["open", () => ({ query: { owner: "1" } })],
  "GET /v1/collections/{collection_id}": ["owner", ofCollection],
  "PATCH /v1/collections/{collection_id}": [
    "owner",
    async (f) => ({ ...(await ofCollection(f)), body: { title: "Sheds" } }),
  ],
  "DELETE /v1/collections/{collection_id}": ["owner", ofCollection],
  "GET /v1/collections/{collection_id}/items": ["owner", ofCollection],
  "GET /v1/collections/{collection_id}/order": ["owner", ofCollection],
  "PUT /v1/collections/{collection_id}/items/{video_id}": ["owner", async (f) => ({ ...(await ofItem(f)), body: {} })],
  "POST /v1/collections/{collection_id}/items/{video_id}/move": [
    "owner",
    async (f) => ({ ...(await ofItem(f)), body: { after: null } }),
  ],
  "DELETE /v1/collections/{collection_id}/items/{video_id}": ["owner", ofItem],
  "POST /v1/videos/{video_id}/trim": [
    "owner",
    async (f) => ({ ...(await ofVideo(f)), body: { start_ms: 0, end_ms: 2000, save_as: "new" } }),
    ["video.not_made"],
  ],
  "POST /v1/videos/{video_id}/replace": [
    "owner",
    async (f) => ({ ...(await ofVideo(f)), body: { upload_id: "1" } }),
    ["upload.not_found"],
  ],
  "GET /v1/videos/{video_id}/edits": ["owner", ofVideo],
  "DELETE /v1/videos/{video_id}/edits/{edit_id}": [
    "owner",
    async (f) => ({ params: { video_id: await f.video(), edit_id: "1" } }),
    ["edit.not_found"],
  ],
  "GET /v1/videos/{video_id}/key_frames": [
    "owner",
    async (f) => ({ ...(await ofVideo(f)), query: { around_ms: "0" } }),
    ["video.not_made", "video.no_source"],
  ],
  "GET /v1/videos/history": ["self", none],
  "DELETE /v1/videos/history": ["self", none],
  "DELETE /v1/videos/history/{video_id}": ["self", ofVideo],
  "GET /v1/videos/continue": ["self", none],
  "GET /v1/videos/history/settings": ["self", none],
  "PUT /v1/videos/history/settings": ["self", () => ({ body: { paused: false } })],
};

const media: Record<string, Row> = {
  "POST /v1/uploads": ["self", () => ({ body: { filename: "a.png", size_bytes: 10, media_type: "image/png" } })],
  "GET /v1/uploads": ["self", none],
  "POST /v1/uploads/import": ["self", () => ({ body: { url: "http://192.0.2.1/film.mp4" } })],
  "GET /v1/uploads/{upload_id}": ["owner", ofUpload],
  "POST /v1/uploads/{upload_id}/parts": [
    "owner",
    async (f) => ({ ...(await ofUpload(f)), body: { part_numbers: [1] } }),
  ],
  "POST /v1/uploads/{upload_id}/complete": [
    "owner",
    async (f) => {
      const { id: upload_id, parts } = await f.wholeUpload(f.owner, "image");
      return { params: { upload_id }, body: { parts } };
    },
  ],
  "DELETE /v1/uploads/{upload_id}": ["owner", ofUpload],
  "POST /v1/videos": [
    "owner",
    async (f) => ({
      body: { upload_id: (await f.wholeUpload(f.owner, "video")).id, title: "A film", audience: "private" },
    }),
  ],
  "GET /v1/videos": ["self", none],
  "GET /v1/videos/{video_id}": ["owner", ofVideo],
  "PATCH /v1/videos/{video_id}": ["owner", async (f) => ({ ...(await ofVideo(f)), body: { title: "Another" } })],
  "DELETE /v1/videos/{video_id}": ["owner", async (f) => ({ params: { video_id: await f.failedVideo() } })],
  "GET /v1/videos/{video_id}/captions": ["owner", ofVideo],
  "GET /v1/videos/{video_id}/captions/{language}": ["owner", ofCaptions, ["captions.not_found"]],
  "PUT /v1/videos/{video_id}/captions/{language}": [
    "owner",
    async (f) => ({ ...(await ofCaptions(f)), body: { cues: [{ start_ms: 0, end_ms: 1, text: "Hello" }] } }),
  ],
  "DELETE /v1/videos/{video_id}/captions/{language}": ["owner", ofCaptions, ["captions.not_found"]],
  "GET /v1/videos/{video_id}/chapters": ["owner", ofVideo],
  "GET /v1/videos/{video_id}/download": ["owner", ofVideo, ["video.no_downloads", "media.source_gone"]],
  "GET /v1/oembed": [
    "open",
    () => ({ query: { url: "http://localhost/watch/1" } }),
    ["oembed.address", "video.not_found"],
  ],
  "GET /v1/videos/{video_id}/thumbnails": ["owner", ofVideo],
  "PUT /v1/videos/{video_id}/thumbnail": [
    "owner",
    async (f) => ({ ...(await ofVideo(f)), body: { automatic: true } }),
    ["thumbnail.not_ready"],
  ],
  "PUT /v1/videos/{video_id}/chapters": ["owner", async (f) => ({ ...(await ofVideo(f)), body: { items: [] } })],
  "POST /v1/videos/{video_id}/retry": ["owner", ofVideo, ["video.cannot_retry"]],
  "GET /v1/videos/{video_id}/position": ["owner", ofVideo],
  "PUT /v1/videos/{video_id}/position": ["owner", async (f) => ({ ...(await ofVideo(f)), body: { position_ms: 1 } })],
  "POST /v1/videos/{video_id}/views": [
    "owner",
    async (f) => ({ ...(await ofVideo(f)), body: { session: "abcdefgh" } }),
  ],
  "POST /v1/videos/{video_id}/beacons": [
    "owner",
    async (f) => ({ ...(await ofVideo(f)), body: { session: "abcdefgh", seq: 0 } }),
  ],
  "GET /v1/videos/{video_id}/analytics": ["owner", ofVideo],
  "GET /v1/media/analytics": ["self", none],
  "GET /v1/media/quality": ["admin", none],
  "GET /v1/media/storage": ["admin", none],
  "GET /v1/media/storage/owners": ["admin", none],
  "GET /v1/media/storage/mine": ["self", none],
  "GET /v1/media/storage/spaces/{space_id}": ["owner", (f) => ({ params: { space_id: f.space_id } })],
  "POST /v1/images": ["owner", async (f) => ({ body: { upload_id: (await f.wholeUpload(f.owner, "image")).id } })],
  "GET /v1/images/{image_id}": ["owner", ofImage],
  "PATCH /v1/images/{image_id}": ["owner", async (f) => ({ ...(await ofImage(f)), body: { alt: "A square" } })],
  "DELETE /v1/images/{image_id}": ["owner", ofImage],
  "POST /v1/sounds": ["owner", async (f) => ({ body: { upload_id: (await f.wholeUpload(f.owner, "sound")).id } })],
  "GET /v1/sounds/{sound_id}": ["owner", ofSound],
  "DELETE /v1/sounds/{sound_id}": ["owner", ofSound],
  "GET /v1/media/limits": ["self", none],
};

const ofDraft = (f: Fixture) => id(f.draft);
const ofScheduled = (f: Fixture) => id(f.scheduled);
const ofPost = (f: Fixture) => id(f.post);
const ofComment = (f: Fixture) => id(f.comment);

const ofHome = (): Ask => ({ params: { timeline: "home" } });
/** Something of one's own that is not there: to others it looks the same as what is somebody else's. */
const ofNothing = (): Ask => ({ params: { id: "1" } });
const inNoList = (f: Fixture): Ask => ({ params: { id: "1", handle: f.neighbour } });

const feed: Record<string, Row> = {
  "POST /v1/posts": ["self", () => ({ body: { text: "Hello", audience: "public" } })],
  "GET /v1/posts/{id}": ["members", ofPost],
  "PATCH /v1/posts/{id}": ["owner", async (f) => ({ ...(await ofPost(f)), body: { text: "Changed" } })],
  "DELETE /v1/posts/{id}": ["owner", ofPost],
  "POST /v1/posts/{id}/restore": ["owner", (f) => id(f.deletedPost)],
  "GET /v1/posts/{id}/edits": ["members", ofPost],
  "GET /v1/posts/{id}/why": ["members", ofPost],
  "PUT /v1/posts/{id}/like": ["members", ofPost],
  "DELETE /v1/posts/{id}/like": ["members", ofPost],
  "PUT /v1/posts/{id}/repost": ["members", ofPost, ["post.may_not_repost"]],
  "DELETE /v1/posts/{id}/repost": ["members", ofPost],
  "PUT /v1/posts/{id}/bookmark": ["members", ofPost],
  "DELETE /v1/posts/{id}/bookmark": ["members", ofPost],
  "GET /v1/posts/{id}/likes": ["members", ofPost],
  "GET /v1/posts/{id}/reposts": ["members", ofPost],
  "GET /v1/posts/{id}/quotes": ["members", ofPost],
  "DELETE /v1/posts/{id}/quotes/{quote_id}": [
    "owner",
    async (f) => ({ params: { ...(await ofPost(f)).params, quote_id: "1" } }),
    ["post.not_found"],
  ],
  "PUT /v1/posts/{id}/link": ["owner", ofPost],
  "DELETE /v1/posts/{id}/link": ["owner", ofPost],
  "GET /v1/drafts": ["self", none],
  "POST /v1/drafts": ["self", () => ({ body: { text: "Half a th" } })],
  "GET /v1/drafts/{id}": ["owner", ofDraft],
  "PUT /v1/drafts/{id}": ["owner", async (f) => ({ ...(await ofDraft(f)), body: { text: "More" } })],
  "DELETE /v1/drafts/{id}": ["owner", ofDraft],
  "GET /v1/scheduled": ["self", none],
  "POST /v1/scheduled": [
    "self",
    () => ({
      body: { post: { text: "Later", audience: "public" }, publish_at: new Date(Date.now() + 3_600_000).toISOString() },
    }),
  ],
  "GET /v1/scheduled/{id}": ["owner", ofScheduled],
  "PATCH /v1/scheduled/{id}": [
    "owner",
    async (f) => ({ ...(await ofScheduled(f)), body: { post: { text: "Later", audience: "public" } } }),
  ],
  "DELETE /v1/scheduled/{id}": ["owner", ofScheduled],
  "POST /v1/scheduled/{id}/publish": ["owner", ofScheduled],
  "PUT /v1/posts/{id}/vote": [
    "members",
    async (f) => ({ ...(await ofPost(f)), body: { choices: [0] } }),
    ["poll.not_found"],
  ],
  "GET /v1/posts/{id}/comments": ["members", ofPost],
  "POST /v1/posts/{id}/comments": ["members", async (f) => ({ ...(await ofPost(f)), body: { text: "Indeed" } })],
  "GET /v1/comments/{id}": ["members", ofComment],
  "PATCH /v1/comments/{id}": ["owner", async (f) => ({ ...(await ofComment(f)), body: { text: "Changed" } })],
  "DELETE /v1/comments/{id}": ["owner", ofComment],
  "PUT /v1/comments/{id}/like": ["members", ofComment],
  "DELETE /v1/comments/{id}/like": ["members", ofComment],
  "GET /v1/admin/feed/timelines": ["admin", none],
  "PUT /v1/admin/feed/timelines": ["admin", () => ({ body: { strategy: "pull", push_followers_max: 10_000 } })],
  "DELETE /v1/admin/feed/timelines": ["admin", none],
  "GET /v1/feeds/home": ["self", none],
  "GET /v1/feeds/shorts": ["open", none],
  "GET /v1/feeds/discover": ["open", none],
  "GET /v1/people/{handle}/posts": ["open", neighbour],
  "GET /v1/spaces/{space}/posts": ["members", (f) => ({ params: { space: f.space } })],
  "GET /v1/hashtags/{tag}/posts": ["open", () => ({ params: { tag: "weaving" } })],
  "GET /v1/bookmarks": ["self", none],
  "GET /v1/feeds/{timeline}/position": ["self", ofHome],
  "PUT /v1/feeds/{timeline}/position": ["self", () => ({ ...ofHome(), body: { entry_id: "1" } })],
  "GET /v1/feeds/{timeline}/news": ["self", () => ({ ...ofHome(), query: { since: "1" } })],
  "GET /v1/lists": ["self", none],
  "POST /v1/lists": ["self", () => ({ body: { name: crypto.randomUUID() } })],
  "GET /v1/lists/{id}": ["self", ofNothing, ["list.not_found"]],
  "PATCH /v1/lists/{id}": ["self", () => ({ ...ofNothing(), body: { name: "Weavers" } }), ["list.not_found"]],
  "DELETE /v1/lists/{id}": ["self", ofNothing, ["list.not_found"]],
  "POST /v1/lists/{id}/restore": ["self", ofNothing, ["list.not_found"]],
  "GET /v1/lists/{id}/people": ["self", ofNothing, ["list.not_found"]],
  "PUT /v1/lists/{id}/people/{handle}": ["self", inNoList, ["list.not_found"]],
  "DELETE /v1/lists/{id}/people/{handle}": ["self", inNoList, ["list.not_found"]],
  "GET /v1/lists/{id}/posts": ["self", ofNothing, ["list.not_found"]],
  "GET /v1/bookmarks/folders": ["self", none],
  "POST /v1/bookmarks/folders": ["self", () => ({ body: { name: crypto.randomUUID() } })],
  "PATCH /v1/bookmarks/folders/{id}": [
    "self",
    () => ({ ...ofNothing(), body: { name: "Recipes" } }),
    ["folder.not_found"],
  ],
  "DELETE /v1/bookmarks/folders/{id}": ["self", ofNothing, ["folder.not_found"]],
  "POST /v1/bookmarks/folders/{id}/restore": ["self", ofNothing, ["folder.not_found"]],
  "PUT /v1/posts/{id}/bookmark/folder": ["members", async (f) => ({ ...(await ofPost(f)), body: { folder_id: null } })],
  "GET /v1/muted-words": ["self", none],
  "POST /v1/muted-words": ["self", () => ({ body: { phrase: "spoiler" } })],
  "DELETE /v1/muted-words/{id}": ["self", ofNothing, ["muted_word.not_found"]],
  "GET /v1/feeds/preferences": ["self", none],
  "PATCH /v1/feeds/preferences": ["self", () => ({ body: { sensitive_media: "warn" } })],
  "GET /v1/feeds/catch-up": ["self", none],
  "GET /v1/feeds/slow-lane": ["self", none],
  "POST /v1/posts/views": ["self", async (f) => ({ body: { items: [{ post_id: await f.post(), ms: 2_000 }] } })],
  "GET /v1/feeds/seen": ["self", none],
  "PUT /v1/feeds/seen": ["self", () => ({ body: { keeps: true } })],
  "DELETE /v1/feeds/seen": ["self", none],
  "GET /v1/feeds/for-you": ["self", none],
  "GET /v1/feeds/for-you/{id}/why": ["members", ofPost, ["for_you.not_listed"]],
  "GET /v1/feeds/for-you/settings": ["self", none],
  "PUT /v1/feeds/for-you/settings": ["self", () => ({ body: { on: true } })],
  "POST /v1/feeds/for-you/less": [
    "members",
    async (f) => ({ body: { post_id: await f.post(), kind: "post" } }),
    ["for_you.own_post"],
  ],
  "DELETE /v1/feeds/for-you/less/{kind}/{id}": ["self", () => ({ params: { kind: "author", id: "1" } })],
  "GET /v1/feeds/for-you/less": ["self", none],
  "GET /v1/feeds/for-you/model": ["self", none],
  "PUT /v1/admin/for-you": ["admin", () => ({ body: { on: true } })],
};

const notify: Record<string, Row> = {
  "GET /v1/notifications": ["self", none],
  "GET /v1/notifications/unread": ["self", none],
  "PUT /v1/notifications/read": ["self", () => ({ body: { up_to: "1" } })],
  "DELETE /v1/notifications/{id}": ["self", () => ({ params: { id: "1" } }), ["notification.not_found"]],
  "DELETE /v1/notifications": ["self", none],
  "GET /v1/notifications/settings": ["self", none],
  "PATCH /v1/notifications/settings": ["self", () => ({ body: { time_zone: "Europe/Stockholm", digest: "weekly" } })],
  "PUT /v1/notifications/email": [
    "self",
    () => ({ body: { address: "somebody@example.org" } }),
    ["notify.no_url", "notify.address_soon"],
  ],
  "DELETE /v1/notifications/email": ["self", none],
  "POST /v1/notifications/email/confirm": [
    "open",
    () => ({ body: { token: "nobody-was-sent-this-one" } }),
    ["notify.link_invalid"],
  ],
  "POST /v1/notifications/unsubscribe/{token}": [
    "open",
    () => ({ params: { token: "1.nobody-was-sent-this-one" } }),
    ["notify.link_invalid"],
  ],
  "PUT /v1/notifications/subscriptions": [
    "self",
    () => ({
      body: { endpoint: "https://push.example/one", keys: { p256dh: "AAAA", auth: "AAAA" }, label: "Browser" },
    }),
    ["push.keys", "push.session_needed"],
  ],
  "DELETE /v1/notifications/subscriptions/{id}": ["self", () => ({ params: { id: "1" } }), ["subscription.not_found"]],
};

/** What trends, and what comes from other houses or goes there. */
const outside: Record<string, Row> = {
  "GET /v1/trending/posts": ["members", (f) => ({ query: { space_id: f.space_id } })],
  "GET /v1/trending/videos": ["members", (f) => ({ query: { space_id: f.space_id } })],
  "GET /v1/trending/hashtags": ["open", none],
  "GET /v1/trending/links": ["open", none],
  "GET /v1/trending/bars": ["moderator", none],
  "POST /v1/trending/bars": [
    "moderator",
    () => ({ body: { kind: "hashtag", subject: "advertisement", why: "It is one." } }),
  ],
  "DELETE /v1/trending/bars/{id}": ["moderator", () => ({ params: { id: "1" } }), ["trending_bar.not_found"]],
  "POST /v1/me/exports": ["self", none, ["export.running"]],
  "GET /v1/me/exports": ["self", none],
  "DELETE /v1/me/exports/{id}": ["self", () => ({ params: { id: "1" } }), ["export.not_found"]],
  "POST /v1/me/imports": ["self", () => ({ body: { kind: "mutes", csv: "nobody" } }), ["import.running"]],
  "POST /v1/me/imports/{id}/begin": [
    "self",
    () => ({ params: { id: "1" }, body: { parts: [{ part_number: 1, etag: "x" }] } }),
    ["import.not_found"],
  ],
  "GET /v1/me/imports": ["self", none],
  "GET /v1/me/imports/{id}": ["self", () => ({ params: { id: "1" } }), ["import.not_found"]],
  "GET /v1/me/imports/{id}/lines": ["self", () => ({ params: { id: "1" } }), ["import.not_found"]],
  "POST /v1/me/imports/{id}/undo": ["self", () => ({ params: { id: "1" } }), ["import.not_found"]],
  "GET /v1/people/{handle}/posts.rss": ["open", neighbour],
  "GET /v1/people/{handle}/posts.atom": ["open", neighbour],
  "GET /v1/spaces/{space}/posts.rss": ["open", (f) => ({ params: { space: f.opened } })],
  "GET /v1/spaces/{space}/posts.atom": ["open", (f) => ({ params: { space: f.opened } })],
  "GET /v1/hashtags/{tag}/posts.rss": ["open", () => ({ params: { tag: "weaving" } })],
  "GET /v1/hashtags/{tag}/posts.atom": ["open", () => ({ params: { tag: "weaving" } })],
};

/** Of no program that there is: who gets so far was let in. */
const PROGRAM = { client_id: "fhc_none", redirect_uri: "https://app.test/back", response_type: "code", scope: "read" };
const mastodon: Record<string, Row> = {
  "GET /v1/apps/authorization": ["self", () => ({ query: PROGRAM }), ["app.not_found"]],
  "POST /v1/apps/authorization": ["self", () => ({ body: { ...PROGRAM, allow: true } }), ["app.not_found"]],
};

const ofCase = async (f: Fixture, body?: unknown): Promise<Ask> => ({ params: { id: await f.moderationCase() }, body });
const hide = { kind: "hide", rule_id: "1" };
const moderation: Record<string, Row> = {
  "GET /v1/house/rules": ["open", none],
  "GET /v1/house/moderation": ["open", none],
  "GET /v1/house/shields": ["open", none],
  "POST /v1/moderation/reports": [
    "self",
    async (f) => ({ body: { subject: { kind: "post", id: await f.strangersPost() }, rule_id: "1" } }),
  ],
  "GET /v1/moderation/reports": ["self", none],
  "GET /v1/moderation/acts/mine": ["self", none],
  "GET /v1/moderation/waiting": ["self", none],
  "PUT /v1/moderation/acts/{id}/acknowledgement": ["self", () => ({ params: { id: "5" } }), ["act.not_found"]],
  "POST /v1/moderation/acts/{id}/appeal": [
    "self",
    () => ({ params: { id: "5" }, body: { words: "No" } }),
    ["act.not_found"],
  ],
  // Of a space that nobody here moderates; who moderates one has a queue of that.
  "GET /v1/moderation/cases": ["moderator", () => ({ query: { space_id: "5" } })],
  "POST /v1/moderation/cases": [
    "moderator",
    async (f) => ({ body: { subject: { kind: "post", id: await f.strangersPost() } } }),
  ],
  "GET /v1/moderation/cases/{id}": ["moderator", (f) => ofCase(f)],
  "PUT /v1/moderation/cases/{id}/claim": ["moderator", (f) => ofCase(f)],
  "DELETE /v1/moderation/cases/{id}/claim": ["moderator", (f) => ofCase(f)],
  "POST /v1/moderation/cases/{id}/notes": ["moderator", (f) => ofCase(f, { words: "Hm" })],
  "POST /v1/moderation/cases/{id}/acts": ["moderator", (f) => ofCase(f, hide)],
  "POST /v1/moderation/cases/{id}/close": ["moderator", (f) => ofCase(f, {})],
  "POST /v1/moderation/acts/{id}/reversal": [
    "moderator",
    async (f) => ({ params: { id: await f.appealedAct() }, body: {} }),
  ],
  "GET /v1/moderation/appeals": ["moderator", () => ({ query: { space_id: "5" } })],
  "PUT /v1/moderation/acts/{id}/appeal/decision": [
    "moderator",
    async (f) => ({ params: { id: await f.appealedAct() }, body: { decision: "overturned" } }),
  ],
  "GET /v1/admin/audit": ["admin", none],
  "GET /v1/admin/audit/export": ["admin", none],
  "GET /v1/admin/audit/check": ["admin", none],
  "POST /v1/admin/house-rules": ["admin", () => ({ body: { title: "Be kind", text: "" } })],
  "PUT /v1/admin/house-rules/{id}": ["admin", () => ({ params: { id: "1" }, body: { title: "No spam", text: "" } })],
  "DELETE /v1/admin/house-rules/{id}": ["admin", () => ({ params: { id: "7" } })],
  "PUT /v1/admin/shields/{kind}": ["admin", () => ({ params: { kind: "uploading" }, body: { step: null } })],
};

/** In a public channel of the owner's private space, which the owner alone has joined. */
const inChannel =
  (body?: unknown, query?: Record<string, string>) =>
  async (f: Fixture): Promise<Ask> => ({
    params: { id: await f.channel() },
    ...(body === undefined ? {} : { body }),
    ...(query === undefined ? {} : { query }),
  });
const onMessage =
  (more: { body?: unknown; emoji?: string } = {}) =>
  async (f: Fixture): Promise<Ask> => ({
    params: { id: await f.message(await f.channel()), ...(more.emoji === undefined ? {} : { emoji: more.emoji }) },
    ...(more.body === undefined ? {} : { body: more.body }),
  });
const inGroup =
  (body?: unknown) =>
  async (f: Fixture): Promise<Ask> => {
    const { handle } = await f.person();
    return { params: { id: await f.group(handle), handle }, ...(body === undefined ? {} : { body }) };
  };
const TOMORROW = () => new Date(Date.now() + 86_400_000).toISOString();

const chat: Record<string, Row> = {
  "GET /v1/chat/channels": ["self", none],
  "GET /v1/chat/unread": ["self", none],
  "PUT /v1/chat/read": ["self", none],
  "PUT /v1/chat/direct/{handle}": ["self", neighbour],
  "POST /v1/chat/groups": ["self", (f) => ({ body: { handles: [f.neighbour] } })],
  "POST /v1/chat/spaces/{slug}/channels": [
    "owner",
    (f) => ({ ...ofSpace(f), body: { kind: "private", name: `made ${crypto.randomUUID()}` } }),
  ],
  "GET /v1/chat/spaces/{slug}/channels": ["members", ofSpace],
  "GET /v1/chat/channels/{id}": ["members", inChannel()],
  "PATCH /v1/chat/channels/{id}": ["owner", inChannel({ topic: "Apples" })],
  "PUT /v1/chat/channels/{id}/membership": ["members", inChannel()],
  "DELETE /v1/chat/channels/{id}/membership": ["members", inChannel()],
  "GET /v1/chat/channels/{id}/members": ["members", inChannel()],
  "POST /v1/chat/channels/{id}/members": [
    "owner",
    async (f) => ({ params: { id: await f.channel() }, body: { handles: [await f.member()] } }),
  ],
  "DELETE /v1/chat/channels/{id}/members/{handle}": ["owner", inGroup()],
  "PUT /v1/chat/channels/{id}/members/{handle}/role": ["owner", inGroup({ role: "moderator" })],
  "PATCH /v1/chat/channels/{id}/wishes": ["members", inChannel({ muted: true })],
  "GET /v1/chat/channels/{id}/messages": ["members", inChannel()],
  "POST /v1/chat/channels/{id}/messages": ["members", inChannel({ cid: "c", body: "Hello" })],
  "GET /v1/chat/messages/{id}": ["members", onMessage()],
  "GET /v1/chat/messages/{id}/thread": ["members", onMessage()],
  "PATCH /v1/chat/messages/{id}": ["owner", onMessage({ body: { body: "Changed" } })],
  "GET /v1/chat/messages/{id}/edits": ["members", onMessage()],
  "DELETE /v1/chat/messages/{id}": ["owner", onMessage()],
  "PUT /v1/chat/messages/{id}/reactions/{emoji}": ["members", onMessage({ emoji: "👍" })],
  "DELETE /v1/chat/messages/{id}/reactions/{emoji}": ["members", onMessage({ emoji: "👍" })],
  "PUT /v1/chat/messages/{id}/pin": ["members", onMessage()],
  "DELETE /v1/chat/messages/{id}/pin": ["members", onMessage()],
  // Of a message that asks nothing: who may read it is told that, who may not is told nothing.
  "PUT /v1/chat/messages/{id}/vote": ["members", onMessage({ body: { choices: [0] } }), ["poll.not_found"]],
  "POST /v1/chat/messages/{id}/poll/end": ["members", onMessage(), ["poll.not_found"]],
  "DELETE /v1/chat/messages/{id}/link": ["owner", onMessage()],
  "PUT /v1/chat/messages/{id}/link": ["owner", onMessage()],
  "GET /v1/chat/threads": ["self", none],
  "GET /v1/chat/messages/{id}/follow": ["members", onMessage()],
  "PUT /v1/chat/messages/{id}/follow": ["members", onMessage(), ["chat.join_first"]],
  "DELETE /v1/chat/messages/{id}/follow": ["members", onMessage()],
  "PUT /v1/chat/messages/{id}/thread/read": ["members", onMessage({ body: { seq: "1" } })],
  "GET /v1/chat/channels/{id}/pins": ["members", inChannel()],
  "GET /v1/chat/channels/{id}/export": ["members", inChannel()],
  "GET /v1/chat/channels/{id}/read": ["members", inChannel()],
  "PUT /v1/chat/channels/{id}/read": ["members", inChannel({ seq: "1" })],
  "PUT /v1/chat/channels/{id}/mark": ["members", inChannel({ seq: "1" })],
  "GET /v1/chat/channels/{id}/readers": ["members", inChannel(undefined, { seq: "1" })],
  "GET /v1/chat/channels/{id}/receipts": ["members", inChannel()],
  "GET /v1/chat/search": ["self", () => ({ query: { q: "oak" } })],
  "GET /v1/chat/drafts": ["self", none],
  "PUT /v1/chat/channels/{id}/draft": ["members", inChannel({ body: "Dear" })],
  "GET /v1/chat/scheduled": ["self", none],
  "POST /v1/chat/channels/{id}/scheduled": [
    "members",
    async (f) => ({ params: { id: await f.channel() }, body: { body: "Later", send_at: TOMORROW() } }),
  ],
  "PATCH /v1/chat/scheduled/{id}": [
    "owner",
    async (f) => ({ ...(await id(() => f.scheduledMessage())), body: { body: "Later still" } }),
  ],
  "DELETE /v1/chat/scheduled/{id}": ["owner", async (f) => id(() => f.scheduledMessage())],
  "GET /v1/chat/presence": ["self", () => ({ query: { ids: "1" } })],
  "GET /v1/chat/preferences": ["self", none],
  "PATCH /v1/chat/preferences": ["self", () => ({ body: { receipts: true } })],
};

const inSpace = (f: Fixture): Ask => ({ query: { space: f.space } });
const onHook = (kind: "incoming" | "outgoing" | "delivery", body?: unknown) => async (f: Fixture) => ({
  params: { id: await f.hook(kind) },
  ...(body === undefined ? {} : { body }),
});
const onBot = (body?: unknown) => async (f: Fixture) => ({
  params: { id: await f.bot() },
  ...(body === undefined ? {} : { body }),
});
const onCommand = (body?: unknown) => async (f: Fixture) => ({
  params: { id: await f.command() },
  ...(body === undefined ? {} : { body }),
});
const onBotToken = async (f: Fixture): Promise<Ask> => {
  const bot_id = await f.bot();
  return { params: { id: bot_id, token_id: await f.botToken(bot_id) } };
};
const botIn = async (f: Fixture): Promise<Ask> => ({ params: { id: await f.bot(), channel_id: await f.channel() } });

const hooks: Record<string, Row> = {
  "GET /v1/hooks/bots": ["owner", inSpace],
  "POST /v1/hooks/bots": [
    "owner",
    (f) => ({
      body: { space: f.space, handle: `b${crypto.randomUUID().replaceAll("-", "").slice(0, 20)}`, name: "Bot" },
    }),
  ],
  "PATCH /v1/hooks/bots/{id}": ["owner", onBot({ about: "Beeps" })],
  "DELETE /v1/hooks/bots/{id}": ["owner", onBot()],
  "POST /v1/hooks/bots/{id}/tokens": ["owner", onBot({ name: "ci", scopes: ["read"] })],
  "POST /v1/hooks/bots/{id}/tokens/{token_id}/rotation": ["owner", onBotToken],
  "DELETE /v1/hooks/bots/{id}/tokens/{token_id}": ["owner", onBotToken],
  "PUT /v1/hooks/bots/{id}/channels/{channel_id}": ["owner", botIn],
  "DELETE /v1/hooks/bots/{id}/channels/{channel_id}": ["owner", botIn, ["member.not_found"]],
  "GET /v1/hooks/incoming": ["owner", inSpace],
  "POST /v1/hooks/incoming": ["owner", async (f) => ({ body: { channel_id: await f.channel(), name: "Builds" } })],
  "PATCH /v1/hooks/incoming/{id}": ["owner", onHook("incoming", { name: "Deploys" })],
  "POST /v1/hooks/incoming/{id}/rotation": ["owner", onHook("incoming")],
  "DELETE /v1/hooks/incoming/{id}": ["owner", onHook("incoming")],
  "GET /v1/hooks/outgoing": ["owner", inSpace],
  "POST /v1/hooks/outgoing": [
    "owner",
    (f) => ({ body: { space: f.space, name: "Out", url: "https://hooks.example/x", events: ["member.joined"] } }),
  ],
  "PATCH /v1/hooks/outgoing/{id}": ["owner", onHook("outgoing", { name: "Elsewhere" })],
  "POST /v1/hooks/outgoing/{id}/rotation": ["owner", onHook("outgoing")],
  "DELETE /v1/hooks/outgoing/{id}": ["owner", onHook("outgoing")],
  "POST /v1/hooks/outgoing/{id}/ping": ["owner", onHook("outgoing")],
  "GET /v1/hooks/outgoing/{id}/deliveries": ["owner", onHook("outgoing")],
  "GET /v1/hooks/commands": ["owner", inSpace],
  "POST /v1/hooks/commands": [
    "owner",
    async (f) => ({
      body: {
        space: f.space,
        bot_id: await f.bot(),
        name: `do${crypto.randomUUID().slice(0, 8)}`,
        url: "https://hooks.example/x",
      },
    }),
  ],
  "PATCH /v1/hooks/commands/{id}": ["owner", onCommand({ hint: "words" })],
  "POST /v1/hooks/commands/{id}/rotation": ["owner", onCommand()],
  "DELETE /v1/hooks/commands/{id}": ["owner", onCommand()],
  "GET /v1/hooks/channels/{id}/commands": ["members", inChannel()],
  "POST /v1/hooks/channels/{id}/commands": ["members", inChannel({ cid: "c", text: "/mute" })],
  "POST /v1/hooks/deliveries/{id}/redelivery": ["owner", onHook("delivery")],
};

/** Nobody knows a job's number here, so who is let in learns that there is none. */
const noJob = (): Ask => ({ params: { id: "999999999" } });
const jobs: Record<string, Row> = {
  "GET /v1/admin/queues": ["admin", none],
  "GET /v1/admin/queues/flow": ["admin", none],
  "GET /v1/admin/queues/tenants": ["admin", none],
  "GET /v1/admin/schedules": ["admin", none],
  "POST /v1/admin/schedules/{kind}/run": [
    "admin",
    () => ({ params: { kind: "house.nothing" } }),
    ["schedule.not_found"],
  ],
  "GET /v1/admin/jobs": ["admin", () => ({ query: { state: "dead" } })],
  "GET /v1/admin/jobs/count": ["admin", () => ({ query: { state: "dead" } })],
  "POST /v1/admin/jobs/act": [
    "admin",
    () => ({ body: { act: "replay", of: { state: "dead", kind: "house.nothing" }, newest_id: "1" } }),
  ],
  "GET /v1/admin/jobs/{id}": ["admin", noJob, ["job.not_found"]],
  "GET /v1/admin/dead-jobs": ["admin", none],
  "POST /v1/admin/dead-jobs/replay": ["admin", () => ({ body: { kind: "house.nothing" } })],
  "POST /v1/admin/jobs/{id}/replay": ["admin", noJob, ["job.not_found"]],
  "POST /v1/admin/jobs/{id}/retry": ["admin", noJob, ["job.not_found"]],
  "POST /v1/admin/jobs/{id}/cancel": ["admin", noJob, ["job.not_found"]],
};

const limits: Record<string, Row> = {
  "GET /v1/admin/limits": ["admin", none],
  "GET /v1/admin/limits/versions": ["admin", none],
  "GET /v1/admin/limits/versions/{version}": ["admin", () => ({ params: { version: "0" } })],
  "POST /v1/admin/limits/versions": [
    "admin",
    () => ({ body: { set: { rules: [] }, note: "a try" } }),
    ["limits.too_many_drafts"],
  ],
  "PUT /v1/admin/limits/versions/{version}": [
    "admin",
    () => ({ params: { version: "999" }, body: { set: { rules: [] }, revision: 1 } }),
    ["limits.set_not_found"],
  ],
  "DELETE /v1/admin/limits/versions/{version}": [
    "admin",
    () => ({ params: { version: "999" } }),
    ["limits.set_not_found"],
  ],
  "POST /v1/admin/limits/versions/{version}/publish": [
    "admin",
    () => ({ params: { version: "0" }, body: { instead_of: "0" } }),
  ],
  "GET /v1/admin/limits/diff": ["admin", () => ({ query: { from: "0", to: "0" } })],
  "GET /v1/admin/limits/tiers": ["admin", none],
  "GET /v1/admin/limits/tiers/{kind}/{name}": ["admin", (f) => ({ params: { kind: "person", name: f.neighbour } })],
  "PUT /v1/admin/limits/tiers/{kind}/{name}": [
    "admin",
    (f) => ({ params: { kind: "person", name: f.neighbour }, body: { tier: "pro" } }),
  ],
  "GET /v1/admin/limits/decisions": ["admin", none],
  "POST /v1/limits/check": [
    "self",
    () => ({
      body: {
        items: [{ do: "take", claims: [{ key: "a", limit: { kind: "fixed", tokens: 5, window_ms: 1_000 } }] }],
      },
    }),
  ],
};

export const ROWS: Record<string, Row> = {
  ...people,
  ...spaces,
  ...limits,
  ...media,
  ...shelf,
  ...feed,
  ...chat,
  ...hooks,
  ...notify,
  ...mastodon,
  ...moderation,
  ...jobs,
  ...outside,
};

/** Calls after which their caller has no session, or no account. */
export const USES_UP: ReadonlySet<string> = new Set([
  "DELETE /v1/sessions/current",
  "DELETE /v1/sessions/{id}",
  "DELETE /v1/sessions",
  "PUT /v1/people/me/password",
  "POST /v1/people/me/deletion",
]);
