import type { Post } from "../posts/contract.ts";
import { escapeXml as x, htmlOf, titleOf } from "./words.ts";

/** A list of posts as readers of feeds want it. Everything in it is what anybody may read. */
export interface Channel {
  title: string;
  description: string;
  /** Absolute: the page that shows the same. */
  page_url: string;
  /** Absolute: this feed itself. */
  self_url: string;
  /** A face, absolute. */
  image_url: string | null;
  /** `https://house.example`, without a slash at the end. */
  origin: string;
  posts: readonly Post[];
}

interface File {
  url: string;
  type: string;
  medium: "image" | "video";
  alt: string;
  width: number | null;
  height: number | null;
  poster_url: string | null;
}

/** RSS wants a length; where nobody counted, 0 is what its readers expect. */
const LENGTH_UNKNOWN = 0;

export const RSS_TYPE = "application/rss+xml; charset=utf-8";
export const ATOM_TYPE = "application/atom+xml; charset=utf-8";

/** RSS 2.0 with Media RSS (all pictures), Dublin Core (names) and Atom's link to itself. */
export function rss(channel: Channel): string {
  const { posts, title, description, page_url, self_url, image_url } = channel;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:media="http://search.yahoo.com/mrss/">',
    "<channel>",
    `<title>${x(title)}</title>`,
    `<link>${x(page_url)}</link>`,
    `<description>${x(description)}</description>`,
    `<atom:link href="${x(self_url)}" rel="self" type="application/rss+xml"/>`,
    ...(posts.length === 0 ? [] : [`<lastBuildDate>${changedAt(posts).toUTCString()}</lastBuildDate>`]),
    ...(image_url === null
      ? []
      : [`<image><url>${x(image_url)}</url><title>${x(title)}</title><link>${x(page_url)}</link></image>`]),
    ...posts.map((post) => rssItem(post, channel.origin)),
    "</channel>",
    "</rss>",
    "",
  ].join("\n");
}

function rssItem(post: Post, origin: string): string {
  const files = filesOf(post, origin);
  const [first] = files;
  return [
    "<item>",
    `<title>${x(titleOf(post))}</title>`,
    `<link>${x(urlOf(post, origin))}</link>`,
    `<guid isPermaLink="true">${x(urlOf(post, origin))}</guid>`,
    `<pubDate>${new Date(post.created_at).toUTCString()}</pubDate>`,
    `<dc:creator>${x(`${post.author.display_name} (@${post.author.handle})`)}</dc:creator>`,
    ...post.hashtags.map((tag) => `<category>${x(tag)}</category>`),
    `<description>${x(bodyOf(post, origin))}</description>`,
    // One enclosure is what most readers take; Media RSS below has all.
    ...(first ? [`<enclosure url="${x(first.url)}" length="${LENGTH_UNKNOWN}" type="${first.type}"/>`] : []),
    ...files.map((file) => mediaContent(file, isCovered(post))),
    "</item>",
  ].join("\n");
}

function mediaContent(file: File, covered: boolean): string {
  const size = file.width !== null && file.height !== null ? ` width="${file.width}" height="${file.height}"` : "";
  return [
    `<media:content url="${x(file.url)}" type="${file.type}" medium="${file.medium}"${size}>`,
    `<media:rating scheme="urn:simple">${covered ? "adult" : "nonadult"}</media:rating>`,
    ...(file.alt === "" ? [] : [`<media:description type="plain">${x(file.alt)}</media:description>`]),
    ...(file.poster_url === null ? [] : [`<media:thumbnail url="${x(file.poster_url)}"/>`]),
    "</media:content>",
  ].join("");
}

/** Atom (RFC 4287). An entry's id is its address, which never changes. */
export function atom(channel: Channel): string {
  const { posts, title, description, page_url, self_url, image_url } = channel;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<feed xmlns="http://www.w3.org/2005/Atom">',
    `<id>${x(self_url)}</id>`,
    `<title>${x(title)}</title>`,
    `<subtitle>${x(description)}</subtitle>`,
    `<updated>${changedAt(posts).toISOString()}</updated>`,
    `<link rel="self" type="application/atom+xml" href="${x(self_url)}"/>`,
    `<link rel="alternate" type="text/html" href="${x(page_url)}"/>`,
    ...(image_url === null ? [] : [`<logo>${x(image_url)}</logo>`]),
    ...posts.map((post) => atomEntry(post, channel.origin)),
    "</feed>",
    "",
  ].join("\n");
}

function atomEntry(post: Post, origin: string): string {
  return [
    "<entry>",
    `<id>${x(urlOf(post, origin))}</id>`,
    `<title>${x(titleOf(post))}</title>`,
    `<published>${post.created_at}</published>`,
    `<updated>${post.edited_at ?? post.created_at}</updated>`,
    `<author><name>${x(post.author.display_name)}</name><uri>${x(`${origin}/@${post.author.handle}`)}</uri></author>`,
    `<link rel="alternate" type="text/html" href="${x(urlOf(post, origin))}"/>`,
    ...filesOf(post, origin).map(
      (file) =>
        `<link rel="enclosure" type="${file.type}" href="${x(file.url)}"${file.alt === "" ? "" : ` title="${x(file.alt)}"`}/>`,
    ),
    ...post.hashtags.map((tag) => `<category term="${x(tag)}"/>`),
    ...(post.content_warning === null ? [] : [`<summary>${x(post.content_warning)}</summary>`]),
    `<content type="html">${x(bodyOf(post, origin))}</content>`,
    "</entry>",
  ].join("\n");
}

const EPOCH = new Date(0);

/** The last change of any of these; of an empty list the beginning of time, so that it is the same each time. */
export const changedAt = (posts: readonly Post[]): Date =>
  posts.reduce((latest, { created_at, edited_at }) => {
    const at = new Date(edited_at ?? created_at);
    return at > latest ? at : latest;
  }, EPOCH);

const urlOf = (post: Pick<Post, "id">, origin: string) => `${origin}/posts/${post.id}`;
const isCovered = (post: Post) => post.sensitive || post.content_warning !== null;

function filesOf(post: Post, origin: string): File[] {
  const absolute = (url: string) => new URL(url, origin).href;
  const { video } = post;
  if (video?.hls_url) {
    return [
      {
        url: absolute(video.hls_url),
        type: "application/vnd.apple.mpegurl",
        medium: "video",
        alt: video.title,
        width: video.width,
        height: video.height,
        poster_url: video.poster_url === null ? null : absolute(video.poster_url),
      },
    ];
  }
  return post.images.flatMap(({ variants, alt }): File[] => {
    const largest = variants.at(-1);
    if (!largest) return [];
    const { url, width, height } = largest;
    return [{ url: absolute(url), type: "image/webp", medium: "image", alt, width, height, poster_url: null }];
  });
}

/** The words first behind their warning, then what they carry; what is covered in the house is not shown here either. */
function bodyOf(post: Post, origin: string): string {
  const handles = new Set(post.mentions.map(({ handle }) => handle));
  const words = htmlOf(post.text, handles, origin);
  const quoted = post.quote?.post;
  const poll = post.poll?.options.map(({ text }) => `<li>${x(text)}</li>`).join("");
  const files = isCovered(post)
    ? ""
    : filesOf(post, origin)
        .map((file) =>
          file.medium === "image"
            ? `<p><img src="${x(file.url)}" alt="${x(file.alt)}"></p>`
            : file.poster_url === null
              ? ""
              : `<p><a href="${x(urlOf(post, origin))}"><img src="${x(file.poster_url)}" alt="${x(file.alt)}"></a></p>`,
        )
        .join("");
  return [
    post.content_warning === null ? "" : `<p><strong>Content warning:</strong> ${x(post.content_warning)}</p><hr>`,
    words,
    poll === undefined ? "" : `<ul>${poll}</ul>`,
    files,
    quoted
      ? `<blockquote><p>${x(quoted.author.display_name)} (@${x(quoted.author.handle)}): ${x(titleOf(quoted, 280))}</p><p><a href="${x(urlOf(quoted, origin))}">${x(urlOf(quoted, origin))}</a></p></blockquote>`
      : "",
  ].join("");
}
