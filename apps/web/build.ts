import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

import type { BunPlugin } from "bun";
import tailwind from "bun-plugin-tailwind";

import { contractsAsData } from "./contracts-as-data.ts";
import { contractsInPlace } from "./contracts-in-place.ts";
import { makeInert } from "./inert-zod.ts";

/** One file that the page loads. Names carry a hash of the content, so each may be cached for ever. */
export interface PageFile {
  /** Below `dir`; served at `/assets/{name}`. */
  name: string;
  media_type: string;
  bytes: number;
  gzip_bytes: number;
  /** True where `{name}.br` and `{name}.gz` lie beside it. */
  compressed: boolean;
}

/** What the server needs to write the HTML and serve the files. */
export interface PageBuild {
  /** Absolute folder that holds the files. */
  dir: string;
  /** Names below `dir`. */
  entry_js: string;
  entry_css: string;
  /** Scripts that the entry imports at once; the HTML preloads them so that they cost no second round trip. */
  preload_js: string[];
  /** The Latin half of the font; preloaded, so that text does not change its shape. */
  preload_fonts: string[];
  icon: string;
  /** The script of the player in a frame on another site; what it shares with the page is the same file. */
  embed_js: string;
  /** The script that stands beside the page: push, and what is shown without a line. Served at `/sw.js`, which never changes its name. */
  worker_js: string;
  /** Pictures of the house as a program, by what they are called in `icons/`: `icon-192`. */
  icons: Record<string, string>;
  files: PageFile[];
  /** gzip bytes of `entry_js` and `preload_js`: what a first visit costs in script. */
  first_load_gzip_bytes: number;
}

export interface BuildNeeds {
  /** Builds are kept below this folder, one per content hash. */
  outdir: string;
  minify?: boolean;
  /** React's development build and inline sourcemaps; never cached across sources, since the hash covers them. */
  dev?: boolean;
}

const here = import.meta.dirname;
const root = path.join(here, "..", "..");
const BUILDS_KEPT = 3;

/**
 * Bundles the page, or hands back the build that is already there for these sources: a second start costs a hash of
 * about a hundred files (some ms). Nothing half written is ever found: a build is made aside and renamed.
 * @throws AggregateError with the bundler's messages
 */
export async function buildPage({ outdir, minify = true, dev = false }: BuildNeeds): Promise<PageBuild> {
  const key = await sourceHash(`${Bun.version} ${minify} ${dev}`);
  const dir = path.resolve(outdir, key);
  const known = await readManifest(dir);
  if (known) return known;

  const aside = `${dir}.${process.pid}`;
  await rm(aside, { recursive: true, force: true });
  await mkdir(aside, { recursive: true });
  const build = await bundle(aside, minify, dev);
  await writeFile(path.join(aside, "manifest.json"), JSON.stringify(build, null, 1));
  await rename(aside, dir).catch(async (error: unknown) => {
    // Another node of the house finished the same build first.
    if (!existsSync(path.join(dir, "manifest.json"))) throw error;
    await rm(aside, { recursive: true, force: true });
  });
  await forgetOld(path.resolve(outdir), key);
  return { ...build, dir };
}

async function bundle(dir: string, minify: boolean, dev: boolean): Promise<PageBuild> {
  const simulator = await bundleSimulator(dir, minify);
  const made = await Bun.build({
    entrypoints: [path.join(here, "main.tsx"), path.join(here, "embed", "embed.ts")],
    outdir: dir,
    target: "browser",
    format: "esm",
    splitting: true,
    minify,
    sourcemap: dev ? "inline" : "linked",
    publicPath: "/assets/",
    naming: { entry: "[name]-[hash].[ext]", chunk: "[name]-[hash].[ext]", asset: "[name]-[hash].[ext]" },
    define: {
      "process.env.NODE_ENV": JSON.stringify(dev ? "development" : "production"),
      PAGE_SIMULATOR: JSON.stringify(`/assets/${simulator}`),
    },
    plugins: [contractsAsData, contractsInPlace, inertZod, hashedFonts(dir), tailwind],
  });
  const icon = await copyHashed(path.join(here, "icon.svg"), dir);
  const icons: Record<string, string> = {};
  for (const name of (await readdir(path.join(here, "icons"))).sort())
    icons[path.basename(name, ".png")] = await copyHashed(path.join(here, "icons", name), dir);

  const entryNamed = (name: string) =>
    made.outputs.find(
      (output) =>
        output.kind === "entry-point" &&
        output.path.endsWith(".js") &&
        path.basename(output.path).startsWith(`${name}-`),
    );
  const entryJs = entryNamed("main");
  const embedJs = entryNamed("embed");
  const entryCss = made.outputs.find((output) => output.path.endsWith(".css"));
  if (!entryJs || !entryCss || !embedJs) throw new Error("The page's build has no script or no style sheet.");
  const entry_js = path.basename(entryJs.path);
  const worker_js = await bundleWorker(dir, minify, icons, entry_js);
  const names = (await readdir(dir)).sort();
  const files = await Promise.all(names.map((name) => describe(dir, name)));
  const preload_js = await staticImports(dir, entry_js);
  const gzipOf = (name: string) => files.find((file) => file.name === name)?.gzip_bytes ?? 0;
  return {
    dir,
    entry_js,
    entry_css: path.basename(entryCss.path),
    preload_js,
    preload_fonts: names.filter((name) => /^figtree-latin-wght-normal.*\.woff2$/.test(name)),
    icon,
    icons,
    worker_js,
    embed_js: path.basename(embedJs.path),
    files,
    first_load_gzip_bytes: [entry_js, ...preload_js].reduce((sum, name) => sum + gzipOf(name), 0),
  };
}

/**
 * A system's own program for a worker of the browser (systems/limits/simulate): the page is a client of it as of the house, by
 * messages, and imports nothing of it. It has its schemas with it, because it checks what it is given as the house does.
 */
async function bundleSimulator(dir: string, minify: boolean): Promise<string> {
  const made = await Bun.build({
    entrypoints: [path.join(root, "systems", "limits", "simulate", "page-worker.ts")],
    outdir: dir,
    target: "browser",
    format: "iife",
    minify,
    naming: { entry: "simulator-[hash].[ext]" },
  });
  return path.basename(made.outputs[0]!.path);
}

/** A file of its own, not a module: browsers differ in whether a service worker may import. */
async function bundleWorker(
  dir: string,
  minify: boolean,
  icons: Record<string, string>,
  entry_js: string,
): Promise<string> {
  const made = await Bun.build({
    entrypoints: [path.join(here, "worker", "sw.ts")],
    outdir: dir,
    target: "browser",
    format: "iife",
    minify,
    naming: { entry: "[name]-[hash].[ext]" },
    define: {
      PAGE_ICON: JSON.stringify(`/assets/${icons["icon-192"]}`),
      PAGE_ENTRY: JSON.stringify(entry_js),
      PAGE_BADGE: JSON.stringify(`/assets/${icons["icon-badge-96"]}`),
    },
    plugins: [contractsAsData, inertZod],
  });
  return path.basename(made.outputs[0]!.path);
}

/** Contracts import zod for the server's sake; see inert-zod.ts. */
const inertZod: BunPlugin = {
  name: "inert-zod",
  setup(build) {
    build.onResolve({ filter: /^zod$/ }, () => ({ path: "zod", namespace: "inert" }));
    build.onLoad({ filter: /^zod$/, namespace: "inert" }, () => ({
      contents: `export const z = (${makeInert.toString()})();`,
      loader: "js",
    }));
  },
};

/** The bundler would write fonts into the style sheet as text; they are files of their own, fetched beside it. */
const hashedFonts = (dir: string): BunPlugin => ({
  name: "hashed-fonts",
  setup(build) {
    build.onResolve({ filter: /\.woff2$/ }, async ({ path: asked }) => {
      const name = await copyHashed(Bun.resolveSync(asked, here), dir);
      return { path: `/assets/${name}`, external: true };
    });
  },
});

/** Every chunk that the browser fetches before the entry can run, found by following static imports. */
async function staticImports(dir: string, entry: string): Promise<string[]> {
  const transpiler = new Bun.Transpiler({ loader: "js" });
  const found = new Set<string>();
  const queue = [entry];
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    const source = await readFile(path.join(dir, name), "utf8");
    for (const imported of transpiler.scanImports(source)) {
      const chunk = path.basename(imported.path);
      if (imported.kind !== "import-statement" || found.has(chunk) || chunk === entry) continue;
      found.add(chunk);
      queue.push(chunk);
    }
  }
  return [...found].sort();
}

const MEDIA_TYPES: Record<string, string> = {
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".map": "application/json",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".woff2": "font/woff2",
};

async function describe(dir: string, name: string): Promise<PageFile> {
  const file = path.join(dir, name);
  const content = await readFile(file);
  const extension = path.extname(name);
  const compressed = extension === ".js" || extension === ".css" || extension === ".svg";
  const gzip = compressed ? gzipSync(content, { level: 9 }) : content;
  if (compressed) {
    // Quality 9 is 10× quicker than 11 and about 2 % larger.
    const brotli = brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } });
    await Promise.all([writeFile(`${file}.gz`, gzip), writeFile(`${file}.br`, brotli)]);
  }
  return {
    name,
    media_type: MEDIA_TYPES[extension] ?? "application/octet-stream",
    bytes: content.byteLength,
    gzip_bytes: gzip.byteLength,
    compressed,
  };
}

async function copyHashed(from: string, dir: string): Promise<string> {
  const content = await readFile(from);
  const extension = path.extname(from);
  const name = `${path.basename(from, extension)}-${Bun.hash.wyhash(content).toString(36).slice(0, 8)}${extension}`;
  await writeFile(path.join(dir, name), content);
  return name;
}

/** Covers everything that can change the output: the page, what it imports of others, and the locked packages. */
async function sourceHash(salt: string): Promise<string> {
  const hash = new Bun.CryptoHasher("sha256").update(salt);
  const contracts = (await readdir(path.join(root, "systems"), { recursive: true }).catch(() => [] as string[])).filter(
    (name) =>
      name.endsWith(".ts") &&
      !name.endsWith(".test.ts") &&
      // A system's own files, and the contracts and bounds of the rooms inside.
      (name.split(path.sep).length === 2 || /^(?:contract|bounds)\.ts$/.test(path.basename(name))),
  );
  const files = [
    ...(await filesBelow(here)),
    ...(await filesBelow(path.join(root, "kernel"))),
    ...contracts.map((name) => path.join(root, "systems", name)),
    // What the simulator is made of, beside the contracts.
    ...(await filesBelow(path.join(root, "systems", "limits", "simulate"))),
    ...(await filesBelow(path.join(root, "ports", "limiter"))),
    path.join(root, "package-lock.json"),
  ].sort();
  for (const file of files) hash.update(path.relative(root, file)).update(await readFile(file));
  return hash.digest("hex").slice(0, 16);
}

async function filesBelow(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  return names
    .filter((entry) => entry.isFile() && !/\.test\.tsx?$|\.md$/.test(entry.name))
    .map((entry) => path.join(entry.parentPath, entry.name));
}

async function readManifest(dir: string): Promise<PageBuild | null> {
  try {
    const build = JSON.parse(await readFile(path.join(dir, "manifest.json"), "utf8")) as PageBuild;
    // The folder may have been moved with the house's data.
    return { ...build, dir };
  } catch {
    return null;
  }
}

/** Old builds stay for a little while, since open pages may still ask for their chunks. */
async function forgetOld(outdir: string, key: string): Promise<void> {
  const builds = (await readdir(outdir)).filter((name) => name !== key && /^[0-9a-f]{16}$/.test(name));
  const aged = await Promise.all(
    builds.map(async (name) => ({ name, at: (await stat(path.join(outdir, name))).mtimeMs })),
  );
  aged.sort((a, b) => b.at - a.at);
  for (const { name } of aged.slice(BUILDS_KEPT - 1))
    await rm(path.join(outdir, name), { recursive: true, force: true });
}
