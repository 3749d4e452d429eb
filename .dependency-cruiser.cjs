/**
 * Who may import whom. The rooms are those of ARCHITECTURE.md; `tests/imports.test.ts` runs this on the tree and on a
 * planted violation of each rule, so that a rule that has stopped to fire is seen.
 */
const TEST = "[.](test|suite)[.]tsx?$|/testing[^/]*[.]tsx?$|^tests/";
const SYSTEM_DOOR = "index[.]ts$";
const SYSTEM_CONTRACT = "contract[.]ts$";

/** @type {import("dependency-cruiser").IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: "kernel-is-pure",
      comment: "The kernel is pure and tiny: itself and zod.",
      severity: "error",
      from: { path: "^kernel/", pathNot: TEST },
      to: { pathNot: "^kernel/|^node_modules/zod/" },
    },
    {
      name: "ports-stand-on-kernel",
      comment: "A port knows the kernel and other ports, never who uses or replaces it.",
      severity: "error",
      from: { path: "^ports/" },
      to: { path: "^(engines|systems|apps|tests|bench)/" },
    },
    {
      name: "engines-stand-on-ports",
      comment: "An engine knows the port that it implements, the kernel, and a vendor's client.",
      severity: "error",
      from: { path: "^engines/([^/]+)/" },
      to: { path: "^(engines|systems|apps|tests|bench)/", pathNot: "^engines/$1/" },
    },
    {
      name: "packages-stand-alone",
      comment: "What others install is made of ports, engines and the kernel, and nothing here is made of it.",
      severity: "error",
      from: { path: "^packages/([^/]+)/" },
      to: { path: "^(packages|systems|apps|tests|bench)/", pathNot: "^packages/$1/" },
    },
    {
      name: "packages-are-for-others",
      comment: "The house has the same without the package.",
      severity: "error",
      from: { path: "^(kernel|ports|engines|systems|apps|tests|deploy)/" },
      to: { path: "^packages/" },
    },
    {
      name: "systems-know-no-engine",
      comment: "Only apps/server/compose.ts chooses engines; systems get ports.",
      severity: "error",
      from: { path: "^systems/" },
      to: { path: "^(engines|apps|tests|bench)/" },
    },
    {
      name: "systems-by-the-door",
      comment: "Another system is reached through its index.ts only; a test may also use its testing.ts.",
      severity: "error",
      from: { path: "^systems/([^/]+)/", pathNot: TEST },
      to: { path: "^systems/", pathNot: `^systems/$1/|^systems/[^/]+/${SYSTEM_DOOR}` },
    },
    {
      name: "tests-by-the-door",
      comment: "Tests of a system see other systems as it does, and their testing.ts and contract.ts.",
      severity: "error",
      from: { path: `^systems/([^/]+)/.*(${TEST})` },
      to: { path: "^systems/", pathNot: `^systems/$1/|^systems/[^/]+/(index|testing|contract)[.]ts$` },
    },
    {
      name: "contracts-are-light",
      comment: "The page loads contracts: zod, the kernel, and the system's own contract files, nothing else.",
      severity: "error",
      from: { path: `^systems/([^/]+)/.*\\b${SYSTEM_CONTRACT}` },
      to: { pathNot: `^kernel/|^node_modules/zod/|^systems/$1/.*\\b(contract|tokens|bounds)[.]ts$` },
    },
    {
      name: "contracts-reach-little",
      comment: "What a contract imports of its own system must be as light as the contract itself.",
      severity: "error",
      from: { path: `^systems/[^/]+/.*\\b${SYSTEM_CONTRACT}` },
      to: { path: "^(ports|engines|apps)/|^systems/.*(store|index|routes)[.]ts$", reachable: true },
    },
    {
      name: "systems-without-circles",
      comment: "A circle between systems becomes an event.",
      severity: "error",
      scope: "folder",
      from: { path: "^systems/[^/]+$" },
      to: { circular: true },
    },
    {
      name: "no-circles",
      comment: "No circle of modules, except of types inside one room.",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    {
      name: "page-by-the-contract",
      comment: "The page is a client: contracts and the kernel.",
      severity: "error",
      from: { path: "^apps/web/", pathNot: TEST },
      to: {
        path: "^(ports|engines|systems|apps|tests|bench)/",
        pathNot: `^apps/web/|^systems/[^/]+/${SYSTEM_CONTRACT}`,
      },
    },
    {
      name: "apps-by-the-door",
      comment: "The server and the command line see of a system what other systems see.",
      severity: "error",
      from: { path: "^apps/(server|cli)/", pathNot: TEST },
      to: { path: "^systems/", pathNot: `^systems/[^/]+/(${SYSTEM_DOOR}|${SYSTEM_CONTRACT})` },
    },
    {
      name: "apps-stand-alone",
      comment: "The command line may use the server's composition, the server builds the page; nothing else crosses.",
      severity: "error",
      from: { path: "^apps/([^/]+)/", pathNot: TEST },
      to: { path: "^apps/", pathNot: "^apps/$1/|^apps/server/|^apps/web/(build|page-html|embed/embed-html)[.]ts$" },
    },
    {
      name: "package-imports",
      comment:
        "Rooms name each other by package import (#kernel/ids.ts), never by ../.. A package cannot: its own package.json is the nearest.",
      severity: "error",
      from: { path: "^(kernel|tests|[^/]+/[^/]+)/", pathNot: "^packages/" },
      to: {
        path: "^(kernel|ports|engines|systems)/",
        pathNot: "^$1/",
        dependencyTypesNot: ["aliased-subpath-import"],
      },
    },
    {
      name: "no-bag-folders",
      comment: "There is no folder for what has no owner: the narrowest owner has it.",
      severity: "error",
      from: {},
      to: { path: "(^|/)(util|utils|lib|common|helper|helpers|shared)/", pathNot: "^node_modules/" },
    },
    {
      name: "tests-stay-out",
      comment: "What runs in a house imports no test, no suite, and nothing made for them.",
      severity: "error",
      from: { path: "^(kernel|ports|engines|systems|apps)/", pathNot: TEST },
      to: { path: TEST, pathNot: "^node_modules/" },
    },
    {
      name: "no-development-packages",
      comment: "What runs in a house stands on dependencies, which `npm start` installs, and not on devDependencies.",
      severity: "error",
      from: { path: "^(kernel|ports|engines|systems|apps)/", pathNot: TEST },
      to: {
        dependencyTypes: ["npm-dev"],
        dependencyTypesNot: ["type-only", "npm"],
        pathNot: "^node_modules/(bun-types|@types)/",
      },
    },
    {
      name: "nothing-missing",
      comment: "Every import is there and is a dependency of ours, not of a dependency.",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: "declared-packages",
      comment: "A package that is only there because another needs it may go any day.",
      severity: "error",
      from: {},
      // An optional peer is said to be in no package.json too, for what stands of it in `peerDependenciesMeta`.
      to: { dependencyTypes: ["npm-no-pkg", "npm-unknown", "unknown"], dependencyTypesNot: ["npm-peer"] },
    },
    {
      name: "no-dead-modules",
      comment:
        "A module that nothing imports and that imports nothing is dead; entries and what is loaded by its path are not.",
      severity: "error",
      from: {
        orphan: true,
        pathNot: `${TEST}|[.]d[.]ts$|^apps/[^/]+/main[.]|-child[.]ts$|/inert-[^/]*[.]ts$|[.](cjs|mjs)$`,
      },
      to: {},
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    // What a package's tests run beside it, installed, finds what it imports only there.
    exclude: { path: "^(data|[.]cache|dist)/|/node_modules/.*/node_modules/|^packages/[^/]+/trial/" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    combinedDependencies: false,
    builtInModules: { add: ["bun", "bun:test", "bun:sqlite", "bun:ffi", "bun:jsc"] },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["bun", "import", "require", "node", "default", "types"],
      extensions: [".ts", ".tsx", ".mjs", ".cjs", ".js", ".json"],
    },
  },
};
