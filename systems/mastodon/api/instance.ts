import {
  feedRoutes,
  POLL_OPEN_S_MAX,
  POLL_OPEN_S_MIN,
  POLL_OPTION_CHARS_MAX,
  POLL_OPTIONS_MAX,
  POST_IMAGES_MAX,
  POST_TEXT_CHARS_MAX,
} from "#systems/feed/index.ts";
import { DEFAULT_MEDIA_LIMITS, IMAGE_TYPES, VIDEO_TYPES } from "#systems/media/index.ts";
import { moderationRoutes } from "#systems/moderation/index.ts";
import { peopleRoutes } from "#systems/people/index.ts";

import { SCOPES_SUPPORTED } from "../policy.ts";
import { anyone, type Asked, type Desk, person, type Serve } from "./endpoint.ts";

/** What clients read out of the version: which calls they may make. Ours stands behind it. */
const SPEAKS = "4.3.0";
const API_VERSION = 2;
/** As ours counts them: every character, addresses too; clients must name a number. */
const URL_CHARS = 23;
const IMAGE_PX_MAX = 100_000_000;
const VIDEO_PX_MAX = 7680 * 4320;

export function serveInstance(serve: Serve, desk: Desk): void {
  const { version } = desk.ground;
  const facts = async (asked: Asked) => {
    const house = await asked.call(peopleRoutes.house);
    const { host } = new URL(asked.origin);
    return { house, host, streaming: `${asked.origin.replace(/^http/, "ws")}` };
  };
  const speaks = `${SPEAKS} (compatible; Folkhus ${version})`;
  const configuration = {
    accounts: {
      max_featured_tags: 0,
      max_pinned_statuses: 0,
      max_profile_fields: 5,
      profile_field_name_limit: 40,
      profile_field_value_limit: 200,
      max_display_name_length: 60,
      max_note_length: 500,
      max_avatar_description_length: 0,
      max_header_description_length: 0,
    },
    statuses: {
      max_characters: POST_TEXT_CHARS_MAX,
      max_media_attachments: POST_IMAGES_MAX,
      characters_reserved_per_url: URL_CHARS,
      supported_mime_types: ["text/plain"],
    },
    media_attachments: {
      supported_mime_types: [...IMAGE_TYPES, ...VIDEO_TYPES],
      description_limit: 1_000,
      image_size_limit: DEFAULT_MEDIA_LIMITS.image_bytes_max,
      image_matrix_limit: IMAGE_PX_MAX,
      video_size_limit: DEFAULT_MEDIA_LIMITS.video_bytes_max,
      video_frame_rate_limit: 120,
      video_matrix_limit: VIDEO_PX_MAX,
    },
    polls: {
      max_options: POLL_OPTIONS_MAX,
      max_characters_per_option: POLL_OPTION_CHARS_MAX,
      min_expiration: POLL_OPEN_S_MIN,
      max_expiration: POLL_OPEN_S_MAX,
    },
  };
  const rules = async (asked: Asked) =>
    (await asked.call(moderationRoutes.listRules)).items
      .filter(({ retired }) => !retired)
      .map(({ id, title, text }) => ({ id, text: title, hint: text, translations: {} }));
  const picture = (asked: Asked) => `${asked.origin}/api/pictures/header.png`;

  serve("GET", "/api/v2/instance", anyone, async (asked) => {
    const { house, host, streaming } = await facts(asked);
    return {
      body: {
        domain: host,
        title: house.name,
        version: speaks,
        source_url: "",
        description: `${house.name}: a house that its community owns.`,
        usage: { users: { active_month: 0 } },
        thumbnail: {
          url: picture(asked),
          blurhash: null,
          versions: { "@1x": picture(asked), "@2x": picture(asked) },
          description: "",
        },
        icon: [],
        languages: ["en"],
        configuration: {
          urls: { streaming, status: null, about: asked.origin, privacy_policy: null, terms_of_service: null },
          vapid: { public_key: "" },
          ...configuration,
          translation: { enabled: false },
          limited_federation: true,
        },
        registrations: {
          enabled: house.sign_up === "open",
          approval_required: house.sign_up === "invitation",
          reason_required: false,
          message: null,
          min_age: null,
          url: `${asked.origin}/sign-up`,
        },
        api_versions: { mastodon: API_VERSION },
        contact: { email: "", account: null },
        rules: await rules(asked),
      },
    };
  });

  serve("GET", "/api/v1/instance", anyone, async (asked) => {
    const { house, host, streaming } = await facts(asked);
    return {
      body: {
        uri: host,
        title: house.name,
        short_description: `${house.name}: a house that its community owns.`,
        description: `${house.name}: a house that its community owns.`,
        email: "",
        version: speaks,
        urls: { streaming_api: streaming },
        stats: { user_count: 0, status_count: 0, domain_count: 1 },
        thumbnail: picture(asked),
        languages: ["en"],
        registrations: house.sign_up === "open",
        approval_required: house.sign_up === "invitation",
        invites_enabled: house.sign_up !== "closed",
        configuration,
        contact_account: null,
        rules: await rules(asked),
      },
    };
  });

  serve("GET", "/api/v1/instance/extended_description", anyone, async (asked) => ({
    body: { updated_at: null, content: `<p>${(await facts(asked)).host}</p>` },
  }));
  serve("GET", "/api/v1/preferences", person("read:accounts"), async (asked) => {
    const { sensitive_media } = await asked.call(feedRoutes.getReadingPreferences);
    return {
      body: {
        "posting:default:visibility": "public",
        "posting:default:sensitive": false,
        "posting:default:language": null,
        "posting:default:quote_policy": "public",
        "reading:expand:media": { show: "show_all", warn: "default", hide: "hide_all" }[sensitive_media],
        "reading:expand:spoilers": false,
        "reading:autoplay:gifs": false,
      },
    };
  });

  serve("GET", "/.well-known/oauth-authorization-server", anyone, async ({ origin }) => ({
    body: {
      issuer: `${origin}/`,
      service_documentation: "https://docs.joinmastodon.org/",
      authorization_endpoint: `${origin}/oauth/authorize`,
      token_endpoint: `${origin}/oauth/token`,
      revocation_endpoint: `${origin}/oauth/revoke`,
      app_registration_endpoint: `${origin}/api/v1/apps`,
      scopes_supported: SCOPES_SUPPORTED,
      response_types_supported: ["code"],
      response_modes_supported: ["query"],
      grant_types_supported: ["authorization_code", "client_credentials"],
      token_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post"],
      code_challenge_methods_supported: ["S256"],
    },
  }));

  serve("GET", "/.well-known/nodeinfo", anyone, async ({ origin }) => ({
    body: { links: [{ rel: "http://nodeinfo.diaspora.software/ns/schema/2.0", href: `${origin}/nodeinfo/2.0` }] },
  }));
  serve("GET", "/nodeinfo/2.0", anyone, async (asked) => ({
    body: {
      version: "2.0",
      software: { name: "folkhus", version },
      protocols: [],
      services: { outbound: [], inbound: [] },
      usage: { users: {} },
      openRegistrations: (await asked.call(peopleRoutes.house)).sign_up === "open",
      metadata: {
        nodeName: (await asked.call(peopleRoutes.house)).name,
        upstream: { name: "mastodon", version: SPEAKS },
      },
    },
  }));
}
