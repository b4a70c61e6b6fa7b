/**
 * Which module may import which, as the layers lie on each other: everything looks down, nothing looks up.
 * @type {import("dependency-cruiser").IConfiguration}
 */

/** From the bottom to the top. */
const layers = ["contracts", "core", "persistence", "identity", "services", "sync", "api", "server"];

/** `src/<layer>/…`, also where it is planted for the checker's own test. */
const inside = (...names) => `(^|/)src/(${names.join("|")})/`;

const upward = layers.slice(0, -1).map((layer, at) => ({
  name: `${layer}-looks-down-only`,
  severity: "error",
  from: { path: inside(layer) },
  to: { path: inside(...layers.slice(at + 1), "app", "ui", "cli", "sdk") },
}));

const rules = [
  ...upward,
  {
    name: "contracts-know-nothing-else",
    severity: "error",
    from: { path: inside("contracts") },
    to: { path: inside("core") },
  },
  {
    name: "identity-and-persistence-do-not-need-each-other",
    comment: "Persistence is below, and identity asks it; the other way round is a circle.",
    severity: "error",
    from: { path: inside("persistence") },
    to: { path: inside("identity") },
  },
  {
    name: "api-does-not-deliver",
    comment: "What the sync has to hear goes through services and the outbox.",
    severity: "error",
    from: { path: inside("api") },
    to: { path: inside("sync") },
  },
  {
    name: "the-sync-does-not-ask-who-is-asking",
    severity: "error",
    from: { path: inside("sync") },
    to: { path: inside("identity", "api") },
  },
  {
    name: "core-is-pure",
    comment: "No file, socket, process or clock: what the core needs of them comes in as a value.",
    severity: "error",
    from: { path: inside("core") },
    to: {
      path: "^(node:)?(fs|net|http|https|http2|dns|tls|dgram|os|child_process|cluster|worker_threads|process|timers)(/|$)",
      pathNot: "^(node:)?net$",
    },
  },
  {
    name: "core-takes-only-pure-node-modules",
    comment: "isIP is a function of text alone.",
    severity: "error",
    from: { path: inside("core"), pathNot: "(^|/)src/core/(addresses|host-names)\\.ts$" },
    to: { path: "^(node:)?net$" },
  },
  {
    name: "only-the-sync-acts-as-sync",
    severity: "error",
    from: {
      path: "(^|/)src/",
      pathNot: ["(^|/)src/sync/", "(^|/)src/persistence/sync/", "(^|/)src/persistence/as-sync\\.ts$"],
    },
    to: { path: "(^|/)src/persistence/as-sync\\.ts$" },
  },
  {
    name: "tables-stay-behind-the-services",
    comment: "The tables of persons, sessions and factors are identity's.",
    severity: "error",
    from: { path: "(^|/)src/", pathNot: inside("persistence", "identity", "services", "sync") },
    to: { path: "^drizzle/" },
  },
  {
    name: "clients-see-contracts-permissions-and-the-type-of-the-router",
    severity: "error",
    from: { path: inside("sdk", "cli", "ui") },
    to: {
      path: "(^|/)(src|drizzle)/",
      pathNot: [
        "(^|/)src/(contracts|sdk|cli|ui)/",
        "(^|/)src/core/permissions\\.ts$",
        "(^|/)src/api/trpc/router\\.ts$",
      ],
    },
  },
  {
    name: "app-holds-routing-only",
    severity: "error",
    from: { path: inside("app") },
    to: {
      path: "(^|/)(src|drizzle)/",
      pathNot: ["(^|/)src/(app|ui)/", "(^|/)src/contracts/api-handler\\.ts$"],
    },
  },
  {
    name: "the-environment-has-one-reader",
    severity: "error",
    from: { path: "(^|/)src/", pathNot: "(^|/)src/server/" },
    to: { path: "(^|/)src/env\\.ts$" },
  },
  {
    name: "no-circles",
    severity: "error",
    from: {},
    to: { circular: true },
  },
  {
    name: "nothing-unresolved",
    severity: "error",
    from: {},
    to: { couldNotResolve: true, pathNot: "\\.css$" },
  },
];

export default {
  forbidden: rules,
  options: {
    parser: "swc",
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      extensions: [".ts", ".tsx", ".mjs", ".js", ".json"],
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default", "types"],
    },
  },
};
