import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";

import ts from "typescript";

/**
 * The package as others install it: plain ESM that Node and Bun run without this tree, and its types.
 *
 *   bun packages/limiter/build.ts [folder]     then `npm pack` or `npm publish` there; ./dist/package where nothing is said
 */
const HERE = import.meta.dirname;
const ROOT = join(HERE, "../..");
const ENTRIES = ["index", "hono", "express", "fastify"];

export async function buildPackage(to: string): Promise<void> {
  await rm(to, { recursive: true, force: true });
  await mkdir(join(to, "dist"), { recursive: true });
  const built = await Bun.build({
    entrypoints: ENTRIES.map((name) => join(HERE, `${name}.ts`)),
    outdir: join(to, "dist"),
    target: "node",
    format: "esm",
    splitting: true,
  });
  if (!built.success) throw new AggregateError(built.logs, "The package was not built.");
  await writeTypes(join(to, "dist/types"));
  for (const name of ["package.json", "README.md"]) await cp(join(HERE, name), join(to, name));
  await cp(join(ROOT, "LICENSE"), join(to, "LICENSE"));
}

/** Declarations of the entries and of what they name, under the same folders as here. */
async function writeTypes(to: string): Promise<void> {
  const program = ts.createProgram(
    ENTRIES.map((name) => join(HERE, `${name}.ts`)),
    {
      declaration: true,
      emitDeclarationOnly: true,
      outDir: to,
      rootDir: ROOT,
      target: ts.ScriptTarget.ESNext,
      module: ts.ModuleKind.Preserve,
      moduleResolution: ts.ModuleResolutionKind.Bundler,
      allowImportingTsExtensions: true,
      verbatimModuleSyntax: true,
      strict: true,
      skipLibCheck: true,
      // Types are checked with the tree; here they are only written down.
      noCheck: true,
      types: [],
    },
  );
  const made = new Map<string, string>();
  program.emit(undefined, (file, text) => made.set(relative(to, file), text));
  const wanted = ENTRIES.map((name) => `packages/limiter/${name}.d.ts`);
  for (const file of wanted) {
    const text = made.get(file);
    if (text === undefined) throw new Error(`There is no declaration ${file}.`);
    const rewritten = text.replaceAll(/(from\s+|import\()"([#.][^"]*)\.ts"/g, (_, before: string, path: string) => {
      const target = path.startsWith("#") ? path.slice(1) : join(dirname(file), path);
      if (!wanted.includes(`${target}.d.ts`)) wanted.push(`${target}.d.ts`);
      const from = relative(dirname(file), target);
      return `${before}"${from.startsWith(".") ? from : `./${from}`}.js"`;
    });
    await mkdir(dirname(join(to, file)), { recursive: true });
    await writeFile(join(to, file), rewritten);
  }
}

if (import.meta.main) {
  const to = process.argv[2] ?? join(HERE, "dist/package");
  await buildPackage(to);
  const { version } = JSON.parse(await readFile(join(to, "package.json"), "utf8")) as { version: string };
  console.log(`@folkhus/limiter ${version} is in ${to}`);
}
