/**
 * Defines which module may import which. A module imports from its own room and from lower rooms only.
 * @type {import("dependency-cruiser").IConfiguration}
 */

/** The rooms from bottom to top. A room imports from itself and from the rooms before it. */
const rooms = [
  "platform",
  "traefik",
  "database",
  "audit",
  "access",
  "delivery",
  "identity",
  "operations",
  "features",
  "http",
  "main",
];

/** Matches `src/<room>/…`, and the same path in the planted violations. */
const inside = (...names) => `(^|/)src/(${names.join("|")})/`;

const upward = rooms.map((room, at) => ({
  name: `${room}-imports-no-higher-room`,
  severity: "error",
  from: { path: inside(room) },
  to: { path: inside(...rooms.slice(at + 1), "app", "console", "cli", "sdk") },
}));

/** The other parts that each part of delivery may not import. A part that runs in an agent imports nothing of the leader. */
const withinDelivery = Object.entries({
  protocol: ["applier", "prober", "agent", "planner", "leader"],
  applier: ["prober", "agent", "planner", "leader"],
  prober: ["applier", "agent", "planner", "leader"],
  agent: ["planner", "leader"],
  planner: ["applier", "prober", "agent"],
}).map(([part, others]) => ({
  name: `delivery-${part}-stands-apart`,
  severity: "error",
  from: { path: inside(`delivery/${part}`) },
  to: { path: inside(...others.map((other) => `delivery/${other}`)) },
}));

/** Node modules that give access to files, sockets, other processes or time. */
const systemModules =
  "^(node:)?(fs|net|http|https|http2|dns|tls|dgram|os|child_process|cluster|worker_threads|process|timers)(/|$)";

const contract = "(^|/)src/(features/[^/]+/contract|main/host/contract|platform/contract/[^/]+)\\.ts$";

const rules = [
  ...upward,
  {
    name: "contracts-import-contracts",
    comment: "Inputs and outputs are bundled for the browser.",
    severity: "error",
    from: { path: contract },
    to: { path: "(^|/)(src|drizzle)/", pathNot: contract },
  },
  {
    name: "delivery-does-not-know-who-asks",
    severity: "error",
    from: { path: inside("delivery") },
    to: { path: "(^|/)src/(identity/|access/(?!runtime\\.ts$))" },
  },
  {
    name: "the-side-at-the-gateway-reaches-no-database",
    comment:
      "Applier and prober also run where there is none: in an agent. Types count, and so does what is imported on the way.",
    severity: "error",
    from: { path: inside("delivery/applier", "delivery/prober", "delivery/protocol", "delivery/agent") },
    to: {
      path: [
        "(^|/)drizzle/",
        inside("database", "access", "audit"),
        "^node_modules/(drizzle-orm|postgres|@electric-sql)/",
      ],
      reachable: true,
    },
  },
  ...withinDelivery,
  {
    name: "http-does-not-deliver",
    comment: "Requests reach delivery through features and the outbox.",
    severity: "error",
    from: { path: inside("http") },
    to: { path: inside("delivery") },
  },
  {
    name: "decisions-are-pure",
    comment: "These modules use no file, socket, process or clock. They get what they need as values.",
    severity: "error",
    from: { path: inside("traefik", "access", "audit", "features", "platform/contract", "delivery/planner") },
    to: { path: systemModules },
  },
  {
    name: "addresses-are-read-without-a-socket",
    comment: "isIP of node:net only reads text.",
    severity: "error",
    from: { path: inside("platform/net") },
    to: { path: systemModules, pathNot: "^(node:)?net$" },
  },
  {
    name: "only-delivery-and-audit-act-as-sync",
    comment: "The database role `sync` reads every organization.",
    severity: "error",
    from: { path: "(^|/)src/", pathNot: inside("delivery", "audit") },
    to: { path: "(^|/)src/database/as-sync\\.ts$" },
  },
  {
    name: "tables-stay-behind-the-features",
    severity: "error",
    from: { path: inside("platform", "traefik", "http", "console", "app", "cli", "sdk") },
    to: { path: "^drizzle/" },
  },
  {
    name: "clients-see-contracts-permissions-reasons-and-the-type-of-the-router",
    severity: "error",
    from: { path: inside("sdk", "cli", "console") },
    to: {
      path: "(^|/)(src|drizzle)/",
      pathNot: [
        "(^|/)src/(sdk|cli|console)/",
        contract,
        "(^|/)src/access/permissions\\.ts$",
        "(^|/)src/platform/errors/reasons\\.ts$",
        "(^|/)src/http/trpc/router\\.ts$",
      ],
    },
  },
  {
    name: "app-holds-routing-only",
    severity: "error",
    from: { path: inside("app") },
    to: {
      path: "(^|/)(src|drizzle)/",
      pathNot: "(^|/)src/(app|console)/",
    },
  },
  {
    name: "the-environment-has-one-reader",
    severity: "error",
    from: { path: "(^|/)src/", pathNot: inside("main") },
    to: { path: "(^|/)src/main/settings/environment\\.ts$" },
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
